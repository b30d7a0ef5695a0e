"""What a produced file really is: its streams, length and loudness, by decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np


@dataclass(frozen=True)
class Media:
    """Width and height are 0 without pictures; `loudness` is the RMS of the sound, 0 to 1."""

    width: int
    height: int
    duration_s: float
    frames: int
    loudness: float


def probe_media(path: Path) -> Media:
    """Decodes the whole file; raises av's errors where it is broken."""
    width = height = frames = samples = 0
    seconds, squares = 0.0, 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0) if container.streams.video else ():
            width, height, frames = frame.width, frame.height, frames + 1
        if frames:
            rate = container.streams.video[0].average_rate
            seconds = frames / float(rate or 1)
    with av.open(str(path)) as container:
        for sound in container.decode(audio=0) if container.streams.audio else ():
            values = sound.to_ndarray().astype(np.float64)
            if sound.format.name.startswith("s16"):
                values /= 32768
            squares += float((values**2).sum())
            samples += values.size
            seconds = max(seconds, float(sound.time or 0.0) + sound.samples / sound.sample_rate)
    return Media(width, height, seconds, frames, (squares / samples) ** 0.5 if samples else 0.0)
