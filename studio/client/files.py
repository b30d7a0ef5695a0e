"""Brings a run's files to disk under names that say what they are."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from studio.client.api import Api

SUFFIXES: Final = {
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/mp4": ".m4a",
    "model/gltf-binary": ".glb",
    "text/plain": ".txt",
}
NAME_MAX: Final = 48
AT_ONCE: Final = 4
"""Files that are fetched side by side."""
Wanted = tuple[str, str]
"""A file's name, and which file it is."""


class Fetching:
    """The files of a run: `1-product-image.png`, … Each is fetched as soon as its step tells of it.

    An async context manager: what is not fetched by its end is given up.
    """

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._places = asyncio.Semaphore(AT_ONCE)
        self._begun: dict[Wanted, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)

    def begin(self, steps: list[dict[str, Any]]) -> None:
        """Those that nobody has begun yet; a run has as many as its steps have outputs."""
        for name, _, output in named(steps):
            key = (name, output["asset_id"])
            if key not in self._begun:
                self._begun[key] = asyncio.create_task(self._fetch(name, output))

    async def all(self, steps: list[dict[str, Any]]) -> list[dict[str, str]]:
        """The files of all steps, in their order."""
        self.begin(steps)
        found = list(named(steps))
        for name, _, output in found:
            await self._begun[name, output["asset_id"]]
        return [
            {"path": str(self._folder / name), "media_type": output["media_type"], "step_id": step["step_id"]}
            for name, step, output in found
        ]

    async def _fetch(self, name: str, output: dict[str, Any]) -> None:
        path = self._folder / name
        draft = path.with_name(f".{name}.part")
        async with self._places:
            make_folder(self._folder)
            await self._api.download(output["url"], draft)
        draft.replace(path)


def make_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)


def named(steps: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for number, step in enumerate(steps, start=1):
        for index, output in enumerate(step.get("outputs", []), start=1):
            again = f"-{index}" if index > 1 else ""
            title = slug(step.get("title") or step["step_id"].rsplit(".", 1)[-1])
            yield f"{number}-{title}{again}{suffix(output['media_type'])}", step, output


def wanted(steps: list[dict[str, Any]]) -> list[Wanted]:
    """Names of files, and which file each is."""
    return [(name, output["asset_id"]) for name, _, output in named(steps)]


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:NAME_MAX].rstrip("-") or "file"


def suffix(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip()
    return SUFFIXES.get(plain) or mimetypes.guess_extension(plain) or ".bin"
