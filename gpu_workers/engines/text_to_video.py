"""`local/text-to-video`: a prompt becomes a picture, and the picture a film."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.engines.motion import film_of, painter
from gpu_workers.engines.picture import png_of

NAME = "local-cpu/text-to-video"


class TextToVideo:
    """Text to video."""

    spec = EngineSpec(
        model="local/text-to-video",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "What is to be seen, and how it moves."),
            duration_s=fields.duration(5, 30),
            width=fields.WIDTH,
            height=fields.HEIGHT,
            aspect=fields.ASPECT,
            seed=fields.SEED,
        ),
        media_out=("video",),
        max_runtime_s=180,
    )

    def load(self) -> None:
        """Nothing to bring in."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        size = fields.size_of(inputs)
        progress(0.01, "composing")
        picture = Image.open(io.BytesIO(png_of(inputs["prompt"], seed, *size)))
        picture.load()
        stop_if(cancelled)
        paint = painter(picture, inputs["prompt"], size, seed)
        path = workdir / "film.mp4"
        seconds = film_of(
            paint, path, size, float(inputs.get("duration_s", 5)), NAME, progress=progress, cancelled=cancelled
        )
        progress(1.0, "filmed")
        return [OutputFile(path, "video/mp4", *size, seconds)]
