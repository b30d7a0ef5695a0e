"""What a file is and measures: type, medium, size of the picture, length in seconds, within limits of decoding."""

from __future__ import annotations

import asyncio
import io
import warnings
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final

import av
from PIL import Image, UnidentifiedImageError

from adapters.media.sniff import HEAD_BYTES, media_type, medium
from commands.ports import Probe

PIXELS_MAX: Final = 64_000_000
SIDE_MAX_PX: Final = 20_000
DURATION_MAX_S: Final = 24 * 3600.0
PROBES_AT_ONCE: Final = 4
WAV_HEAD_BYTES: Final = 65_536
"""In how much of a file its sound must begin: whoever fills it with empty chunks keeps nobody busy."""

_DEMUXERS: Final = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "audio/mp4": "mov",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
}
"""The demuxer is named from the magic bytes, never guessed: a playlist cannot make FFmpeg open another file."""
_OPTIONS: Final = {"wav": {"probesize": "65536"}}
"""A WAV's header says all. FFmpeg would read and decode its first five megabytes, which takes as long as a job's
whole way through the log."""
_PILLOW: Final = {
    "image/png", "image/jpeg", "image/gif", "image/bmp", "image/tiff", "image/webp", "image/avif",
}  # fmt: skip
Image.preinit()  # Pillow's formats are loaded with the process, and not while the first result waits to be measured
_threads: Final = ThreadPoolExecutor(PROBES_AT_ONCE, thread_name_prefix="probe")


class BadMedia(ValueError):
    """Damaged, or larger when decoded than anything that may enter."""


async def probe(source: bytes | Path) -> Probe:
    """Probes in a thread, a few at a time. Raises BadMedia."""
    return await asyncio.get_running_loop().run_in_executor(_threads, probe_now, source)


def probe_now(source: bytes | Path) -> Probe:
    """Probes here and now. Raises BadMedia."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        kind = media_type(file.read(HEAD_BYTES))
        file.seek(0)
        if kind in _PILLOW:
            return _picture(file, kind)
        if kind == "audio/wav" and (sound := _plain_wav(file)) is not None:
            return sound
        if kind in _DEMUXERS:
            return _recording(file, kind)
        return Probe(kind, medium(kind))


def _picture(file: BinaryIO, kind: str) -> Probe:
    """Dimensions come from the header, so that nothing large is decoded to learn that it is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                width, height = picture.size
                _check_size(width, height)
                picture.verify()
    except BadMedia:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise BadMedia(f"no readable {kind}") from error
    return Probe(kind, "image", width, height)


def _plain_wav(file: BinaryIO) -> Probe | None:
    """By its header alone, an eightieth of the time that a demuxer takes. None where it is no PCM, or where the file
    does not hold what the header says: then the demuxer decides."""
    head = io.BytesIO(file.read(WAV_HEAD_BYTES))
    try:
        with wave.open(head, "rb") as sound:
            frames, rate = sound.getnframes(), sound.getframerate()
            begins, frame_bytes = head.tell(), sound.getnchannels() * sound.getsampwidth()
        if rate > 0 and frames > 0 and begins + frames * frame_bytes <= file.seek(0, io.SEEK_END):
            return Probe("audio/wav", "audio", duration_s=_rounded(frames / rate))
    except (wave.Error, EOFError, OverflowError):
        pass
    file.seek(0)
    return None


def _recording(file: BinaryIO, kind: str) -> Probe:
    try:
        demuxer = _DEMUXERS[kind]
        options = _OPTIONS.get(demuxer, {})
        with av.open(file, mode="r", format=demuxer, metadata_errors="ignore", options=options) as container:
            return _measured(container, kind)
    except BadMedia:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadMedia(f"no readable {kind}") from error


def _measured(container: Any, kind: str) -> Probe:
    rounded = _rounded(container.duration / av.time_base) if container.duration else None
    pictures = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not pictures and not container.streams.audio:
        raise BadMedia(f"{kind} without picture or sound")
    if not pictures:
        sound = kind.replace("video/", "audio/") if kind != "video/quicktime" else "audio/mp4"
        return Probe(sound, "audio", duration_s=rounded)
    width, height = pictures[0].codec_context.width, pictures[0].codec_context.height
    _check_size(width, height)
    return Probe(kind.replace("audio/", "video/"), "video", width, height, rounded)


def _rounded(duration_s: float) -> float:
    if not 0 <= duration_s <= DURATION_MAX_S:
        raise BadMedia("longer than a day")
    return round(duration_s, 3)


def _is_cover(stream: Any) -> bool:
    """A picture that is attached to a sound file is no video."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1 or max(width, height) > SIDE_MAX_PX or width * height > PIXELS_MAX:
        raise BadMedia(f"{width}×{height} pixels are out of bounds")
