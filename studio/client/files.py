"""Brings a run's files to disk under names that say what they are."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

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


async def download_all(api: Api, steps: list[dict[str, Any]], folder: Path) -> list[dict[str, str]]:
    """The files of all steps in their order: `1-product-image.png`, …"""
    files = []
    for name, step, output in named(steps):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        with draft.open("wb") as file:
            async for chunk in api.download(output["url"]):
                file.write(chunk)
        draft.replace(path)
        files.append({"path": str(path), "media_type": output["media_type"], "step_id": step["step_id"]})
    return files


def named(steps: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for number, step in enumerate(steps, start=1):
        for index, output in enumerate(step.get("outputs", []), start=1):
            again = f"-{index}" if index > 1 else ""
            title = slug(step.get("title") or step["step_id"].rsplit(".", 1)[-1])
            yield f"{number}-{title}{again}{suffix(output['media_type'])}", step, output


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:NAME_MAX].rstrip("-") or "file"


def suffix(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip()
    return SUFFIXES.get(plain) or mimetypes.guess_extension(plain) or ".bin"
