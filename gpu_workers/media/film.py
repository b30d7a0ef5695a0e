"""Films: H.264 with AAC into MP4, frame by frame or kept as they are, and films as input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import skia
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from gpu_workers.engines.base import InputRefused
from gpu_workers.engines.labels import label
from gpu_workers.media.sound import RATE, Samples, stereo

FPS = 24
AAC_FRAME = 1024
BT709 = 1
MAX_SECONDS = 120
Pixels = NDArray[np.uint8]  # (height, width, 4), BGRA with premultiplied alpha


def surface_on(pixels: Pixels) -> skia.Surface:
    """A canvas on this memory, in the layout that skia paints fastest and the encoder takes."""
    return skia.Surface(pixels, skia.kBGRA_8888_ColorType, skia.kPremul_AlphaType)


def image_of(pixels: Pixels) -> skia.Image:
    return skia.Image.fromarray(pixels, skia.kBGRA_8888_ColorType, skia.kPremul_AlphaType)


class FilmWriter:
    """Writes frames; sound, when there is some, is written at once at the end."""

    def __init__(
        self, path: Path, width: int, height: int, engine: str, *, sound: bool = False, fps: int = FPS
    ) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._container.metadata["comment"] = label(engine)
        self._video = self._container.add_stream("libx264", rate=fps)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        context = self._video.codec_context
        context.options = {"preset": "superfast", "crf": "19", "threads": "2"}
        context.colorspace, context.color_primaries, context.color_trc = BT709, BT709, BT709
        self._audio = self._container.add_stream("aac", rate=RATE, layout="stereo") if sound else None
        self._fps, self.frames = fps, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def seconds(self) -> float:
        return self.frames / self._fps

    def frame(self, pixels: Pixels) -> None:
        self.encode(av.VideoFrame.from_ndarray(pixels, format="bgra"))

    def encode(self, picture: av.VideoFrame) -> None:
        shaped = picture.reformat(
            width=self._video.width,
            height=self._video.height,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
        )
        shaped.pts, shaped.time_base = self.frames, Fraction(1, self._fps)
        self.frames += 1
        self._container.mux(self._video.encode(shaped))

    def finish(self, samples: Samples | None = None) -> None:
        self._container.mux(self._video.encode(None))
        if self._audio is not None and samples is not None:
            for packet in aac_packets(self._audio, samples):
                self._container.mux(packet)


def aac_packets(stream: av.AudioStream, samples: Samples) -> Iterator[av.Packet[av.AudioStream]]:
    both = stereo(samples)
    for at in range(0, len(both), AAC_FRAME):
        piece = np.ascontiguousarray(both[at : at + AAC_FRAME].T, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield from stream.encode(frame)
    yield from stream.encode(None)


@dataclass(frozen=True)
class Film:
    """What a film is, by its content."""

    path: Path
    width: int
    height: int
    fps: float
    seconds: float
    sound: bool
    h264: bool


def open_film(path: Path) -> InputContainer:
    try:
        container = av.open(str(path))
    except FFmpegError as error:
        raise InputRefused("the video input cannot be read") from error
    if not container.streams.video:
        container.close()
        raise InputRefused("the video input has no picture track")
    return container


def probe(path: Path) -> Film:
    with open_film(path) as container:
        video = container.streams.video[0]
        fps = float(video.average_rate or FPS)
        seconds = float(video.duration * video.time_base) if video.duration and video.time_base else 0.0
        if not seconds and container.duration:
            seconds = container.duration / av.time_base
        if seconds > MAX_SECONDS:
            raise InputRefused(f"the video is longer than {MAX_SECONDS} s")
        return Film(
            path,
            video.width,
            video.height,
            fps,
            seconds,
            bool(container.streams.audio),
            video.codec_context.name in ("h264", "libx264"),
        )


def frames(path: Path) -> Iterator[av.VideoFrame]:
    with open_film(path) as container:
        container.streams.video[0].thread_type = "AUTO"
        try:
            yield from container.decode(container.streams.video[0])
        except FFmpegError as error:
            raise InputRefused("the video input is damaged") from error


def with_sound(film: Film, samples: Samples, path: Path, engine: str, on_share: Callable[[float], None]) -> None:
    """The film with this sound for its track. Its picture is kept bit by bit where MP4 can hold it."""
    if film.h264 and len(samples) <= round((film.seconds + 0.05) * RATE):
        _copied(film, samples, path, engine)
        return
    held_until = max(film.seconds, len(samples) / RATE)
    size = film.width - film.width % 2, film.height - film.height % 2
    with FilmWriter(path, *size, engine, sound=True, fps=max(round(film.fps), 1)) as writer:
        last = None
        for last in frames(film.path):
            writer.encode(last)
            on_share(writer.seconds / held_until)
        while last is not None and writer.seconds < held_until - 1e-3:
            writer.encode(last)
        writer.finish(samples)


def _copied(film: Film, samples: Samples, path: Path, engine: str) -> None:
    with open_film(film.path) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as target:
        target.metadata["comment"] = label(engine)
        video = source.streams.video[0]
        kept = target.add_stream_from_template(video)
        audio = target.add_stream("aac", rate=RATE, layout="stereo")
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = kept
                target.mux(packet)
        for coded in aac_packets(audio, samples):
            target.mux(coded)
