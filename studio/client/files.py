"""Brings a run's files to disk under names that say what they are."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

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

T = TypeVar("T")


async def download_all(api: Api, steps: list[dict[str, Any]], folder: Path) -> list[dict[str, str]]:
    """The files of all steps in their order: `1-product-image.png`, …"""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, step: dict[str, Any], output: dict[str, Any]) -> dict[str, str]:
        path = folder / name
        draft = path.with_name(f".{path.name}.part")
        async with places:
            with begun(draft) as file:
                async for chunk in api.download(output["url"]):
                    file.write(chunk)
        draft.replace(path)
        return {"path": str(path), "media_type": output["media_type"], "step_id": step["step_id"]}

    return await all_of(one(*wanted) for wanted in named(steps))


def begun(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


async def all_of(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Their results in order. The first failure ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def named(steps: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for number, step in enumerate(steps, start=1):
        for index, output in enumerate(step.get("outputs", []), start=1):
            again = f"-{index}" if index > 1 else ""
            title = slug(step.get("title") or step["step_id"].rsplit(".", 1)[-1])
            yield f"{number}-{title}{again}{suffix(output['media_type'])}", step, output


def wanted(steps: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Names of files, and which file each is."""
    return [(name, output["asset_id"]) for name, _, output in named(steps)]


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:NAME_MAX].rstrip("-") or "file"


def suffix(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip()
    return SUFFIXES.get(plain) or mimetypes.guess_extension(plain) or ".bin"
