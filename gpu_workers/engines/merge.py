"""`local/merge`: a video gets a sound track; the picture is kept as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, OutputFile, Progress, stop_if
from gpu_workers.media.film import probe, with_sound
from gpu_workers.media.sound import RATE, Samples, faded, read_audio

NAME = "local-cpu/merge"
FADE_S = 0.5


def fitted(samples: Samples, film_seconds: float, length: str) -> Samples:
    """The sound as long as the film: cut with a fade, or silence after it; or, asked for, all of it."""
    count = round(film_seconds * RATE)
    if len(samples) > count:
        return samples if length == "longest" else faded(samples[:count], RATE, 0.0, FADE_S)
    return np.pad(samples, ((0, count - len(samples)), (0, 0)))


class Merge:
    """Video and audio to video."""

    spec = EngineSpec(
        model="local/merge",
        name=NAME,
        input_schema=fields.schema(
            ["video", "audio"],
            video=fields.media("video", "The film."),
            audio=fields.media("audio", "Its new sound track."),
            length={
                "type": "string", "enum": ["video", "longest"], "default": "video",
                "description": "As long as the video, or as the longer of the two: the last frame is held.",
            },
        ),
        media_out=("video",),
        max_runtime_s=180,
    )  # fmt: skip

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
        film, samples = probe(Path(inputs["video"])), read_audio(Path(inputs["audio"]))
        progress(0.2, "merging")
        stop_if(cancelled)
        path = workdir / "merged.mp4"

        def on_share(share: float) -> None:
            stop_if(cancelled)
            progress(0.2 + 0.75 * min(share, 1.0), "")

        with_sound(film, fitted(samples, film.seconds, inputs.get("length", "video")), path, NAME, on_share)
        made = probe(path)
        progress(1.0, "merged")
        return [OutputFile(path, "video/mp4", made.width, made.height, made.seconds)]
