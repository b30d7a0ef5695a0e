"""`local/thumbnail`: a small JPEG of an image, or of a moment of a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import label
from gpu_workers.engines.motion import opened
from gpu_workers.media.film import frames, probe

NAME = "local-cpu/thumbnail"


def moment(path: Path, at_s: float) -> Image.Image:
    """The frame that is shown at this time; beyond the end, the last one."""
    shown = None
    probe(path)
    for frame in frames(path):
        if shown is not None and (frame.time or 0.0) > at_s:
            break
        shown = frame
    if shown is None:
        raise InputRefused("the video input has no frame")
    return Image.fromarray(shown.to_ndarray(format="rgb24"))


class Thumbnail:
    """Image or video to a small image."""

    spec = EngineSpec(
        model="local/thumbnail",
        name=NAME,
        input_schema={
            **fields.schema(
                [],
                image=fields.media("image", "The picture."),
                video=fields.media("video", "Or the film."),
                at_s={"type": "number", "minimum": 0, "default": 0, "description": "The moment of the film."},
                width={"type": "integer", "minimum": 16, "maximum": 1024, "default": 320},
                height={"type": "integer", "minimum": 16, "maximum": 1024, "default": 320},
            ),
            "anyOf": [{"required": ["image"]}, {"required": ["video"]}],
        },
        media_out=("image",),
        max_runtime_s=60,
    )

    def load(self) -> None:
        """Nothing to bring in."""

    def run(
        self,
        inputs: dict[str, Any],
        *,
        progress: Progress,
        cancelled: Cancelled,
        workdir: Path,
        seed: int,  # noqa: ARG002
    ) -> list[OutputFile]:
        progress(0.1, "looking")
        source = (
            opened(Path(inputs["image"]))
            if inputs.get("image")
            else moment(Path(inputs["video"]), float(inputs.get("at_s", 0)))
        )
        stop_if(cancelled)
        small = Image.new("RGB", source.size, "white")
        rgba = source.convert("RGBA")
        small.paste(rgba, mask=rgba.getchannel("A"))
        small.thumbnail((int(inputs.get("width", 320)), int(inputs.get("height", 320))), Image.Resampling.LANCZOS)
        path = workdir / "thumbnail.jpg"
        small.save(path, "JPEG", quality=85, optimize=True, comment=label(NAME).encode())
        progress(1.0, "made")
        return [OutputFile(path, "image/jpeg", *small.size)]
