"""`local/upscale`: an image enlarged by Lanczos resampling. It adds pixels, no detail, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import label
from gpu_workers.engines.motion import opened

NAME = "local-cpu/upscale"
SIDE_MAX_PX = 4096


class Upscale:
    """Image to a larger image."""

    spec = EngineSpec(
        model="local/upscale",
        name=NAME,
        input_schema=fields.schema(
            ["image"],
            image=fields.media("image", "The picture."),
            factor={"type": "integer", "minimum": 2, "maximum": 4, "default": 2},
        ),
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
        source, factor = opened(Path(inputs["image"])), int(inputs.get("factor", 2))
        width, height = source.width * factor, source.height * factor
        if max(width, height) > SIDE_MAX_PX:
            raise InputRefused(f"enlarged {factor} times, the image would be wider or higher than {SIDE_MAX_PX} pixels")
        progress(0.2, "resampling")
        stop_if(cancelled)
        large = source.convert("RGBA" if "A" in source.getbands() or "transparency" in source.info else "RGB")
        note = PngInfo()
        note.add_itxt("engine", NAME)
        note.add_itxt("Comment", f"{label(NAME)}; enlarged {factor} times by Lanczos resampling, no detail was added")
        path = workdir / "upscaled.png"
        large.resize((width, height), Image.Resampling.LANCZOS).save(path, "PNG", compress_level=4, pnginfo=note)
        progress(1.0, "enlarged")
        return [OutputFile(path, "image/png", width, height)]
