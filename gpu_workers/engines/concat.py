"""`local/concat`: several videos, one after the other, at the size of the first; their sound is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageOps

from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.media.film import FPS, MAX_SECONDS, Film, FilmWriter, frames, probe
from gpu_workers.media.sound import RATE, Samples, read_audio

NAME = "local-cpu/concat"


def paced(film: Film, size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    """The film's frames at our rate and size, with bars where its shape is another."""
    wanted = max(round(film.seconds * FPS), 1)
    sent = 0
    shown: av.VideoFrame | None = None
    for frame in frames(film.path):
        while shown is not None and sent < wanted and sent / FPS < (frame.time or 0.0) - 1e-4:
            yield shown
            sent += 1
        shown = frame if (frame.width, frame.height) == size else boxed(frame, size)
    while shown is not None and sent < wanted:
        yield shown
        sent += 1


def boxed(frame: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
    picture = ImageOps.pad(Image.fromarray(frame.to_ndarray(format="rgb24")), size, Image.Resampling.BICUBIC)
    return av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")


def sound_of(films: list[Film]) -> Samples | None:
    if not any(film.sound for film in films):
        return None
    parts = []
    for film in films:
        count = round(max(round(film.seconds * FPS), 1) / FPS * RATE)
        samples = read_audio(film.path)[:count] if film.sound else np.zeros((0, 2), np.float32)
        parts.append(np.pad(samples, ((0, count - len(samples)), (0, 0))))
    return np.concatenate(parts)


class Concat:
    """Videos to video."""

    spec = EngineSpec(
        model="local/concat",
        name=NAME,
        input_schema=fields.schema(
            ["videos"], videos=fields.media_list("video", "In the order in which they are shown.", most=12, least=2)
        ),
        media_out=("video",),
        max_runtime_s=300,
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
        films = [probe(Path(path)) for path in inputs["videos"]]
        total = sum(film.seconds for film in films)
        if total > MAX_SECONDS:
            raise InputRefused(f"the videos together are longer than {MAX_SECONDS} s")
        size = films[0].width - films[0].width % 2, films[0].height - films[0].height % 2
        samples, path = sound_of(films), workdir / "joined.mp4"
        with FilmWriter(path, *size, NAME, sound=samples is not None) as writer:
            for film in films:
                for frame in paced(film, size):
                    stop_if(cancelled)
                    writer.encode(frame)
                    if writer.frames % 8 == 0:
                        progress(min(writer.seconds / total, 1.0) * 0.97, "")
            writer.finish(samples)
            seconds = writer.seconds
        progress(1.0, "joined")
        return [OutputFile(path, "video/mp4", *size, seconds)]
