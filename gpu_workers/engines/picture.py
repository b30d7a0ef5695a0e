"""`local/picture`: a composed picture from a prompt, drawn on the CPU; products, scenes, figures, or type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import skia

from gpu_workers.drawing import studio
from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.engines.labels import png_with

NAME = "local-cpu/picture"
RECIPE = "studio-recipe"


def png_of(prompt: str, seed: int, width: int, height: int) -> bytes:
    """The picture with its label and its recipe, from which a film can redraw it in layers."""
    surface = skia.Surface(width, height)
    composition = studio.compose(prompt, seed, width, height)
    with surface as canvas:
        composition.paint(canvas)
    encoded = bytes(surface.makeImageSnapshot().encodeToData(skia.kPNG, 100))
    recipe = json.dumps({"prompt": prompt, "seed": seed, "width": width, "height": height})
    return png_with(encoded, engine=NAME, Software=f"engine={NAME}", Title=composition.title, **{RECIPE: recipe})


class Picture:
    """Text to image."""

    spec = EngineSpec(
        model="local/picture",
        name=NAME,
        input_schema=fields.schema(
            ["prompt"],
            prompt=fields.described(fields.PROMPT, "What is to be seen: subject, colours, mood."),
            width=fields.WIDTH,
            height=fields.HEIGHT,
            aspect=fields.ASPECT,
            seed=fields.SEED,
        ),
        media_out=("image",),
        max_runtime_s=60,
    )

    def load(self) -> None:
        """Nothing to bring in: what is drawn is code."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        progress(0.05, "composing")
        stop_if(cancelled)
        width, height = fields.size_of(inputs)
        path = workdir / "picture.png"
        path.write_bytes(png_of(inputs["prompt"], seed, width, height))
        progress(1.0, "painted")
        return [OutputFile(path, "image/png", width, height)]
