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
    width = height = frames = 0
    seconds = 0.0
    squares, samples = 0.0, 0
    with av.open(str(path)) as container:
        for stream in container.streams:
            if stream.type not in ("video", "audio"):
                continue
            container.seek(0)
            ends = []
            for frame in container.decode(stream):
                if stream.type == "video":
                    width, height, frames = frame.width, frame.height, frames + 1
                    ends.append(float((frame.pts + 1 / (stream.average_rate * stream.time_base)) * stream.time_base))
                else:
                    values = frame.to_ndarray().astype(np.float64)
                    if frame.format.name.startswith("s16"):
                        values /= 32768
                    squares += float((values**2).sum())
                    samples += values.size
                    ends.append(float(frame.pts * frame.time_base) + frame.samples / frame.sample_rate)
            seconds = max(seconds, max(ends, default=0.0))
    return Media(width, height, seconds, frames, (squares / samples) ** 0.5 if samples else 0.0)
