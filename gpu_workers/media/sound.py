"""Sound as arrays: WAV out with its label, any audio in, loudness, soft room."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from gpu_workers.engines.base import InputRefused
from gpu_workers.engines.labels import label

Samples = NDArray[np.float32]  # mono (n,) or stereo (n, 2), -1 to 1

Curve = NDArray[np.float64]

RATE = 44_100
MAX_SECONDS = 180
BLOCK = 1 << 16
TAPS = 4096


def normalised(samples: Samples, peak: float = 0.89) -> Samples:
    """The same array, as loud as it may be; a minute of sound is too large for copies."""
    loudest = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if loudest > 1e-6:
        samples *= np.float32(peak / loudest)
    return samples


def faded(samples: Samples, rate: int, begin_s: float, end_s: float) -> Samples:
    """The same array, without a click at either end."""
    for seconds, part in ((begin_s, slice(None)), (end_s, slice(None, None, -1))):
        count = min(int(seconds * rate), len(samples))
        ramp = np.linspace(0, 1, count, dtype=np.float32)
        view = samples[part][:count]
        view *= ramp if samples.ndim == 1 else ramp[:, None]
    return samples


def stereo(samples: Samples) -> Samples:
    return samples if samples.ndim == 2 else np.stack([samples, samples], axis=1)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """A channel at a higher rate, by linear interpolation, block by block to spare memory."""
    out = np.empty(round(len(samples) * wanted / rate), np.float32)
    for begin in range(0, len(out), BLOCK):
        at = np.arange(begin, min(begin + BLOCK, len(out))) * (rate / wanted)
        first = int(at[0])
        piece = samples[first : int(at[-1]) + 2]
        out[begin : begin + BLOCK] = np.interp(at - first, np.arange(len(piece)), piece)
    return out


def convolved(wave: Samples, kernel: Samples) -> Samples:
    """A channel through a filter, block by block, so that a long sound costs no more memory than a short one."""
    size = 1 << (BLOCK + len(kernel)).bit_length()
    spectrum = np.fft.rfft(kernel, size)
    out = np.zeros(len(wave) + len(kernel), np.float32)
    for at in range(0, len(wave), BLOCK):
        piece = wave[at : at + BLOCK]
        count = len(piece) + len(kernel) - 1
        out[at : at + count] += np.fft.irfft(np.fft.rfft(piece, size) * spectrum, size)[:count]
    return out[: len(wave)]


def filter_of(gain: Callable[[Curve], Curve]) -> Samples:
    """A filter that weighs each frequency (hertz) by `gain`; it delays by half its taps."""
    frequency = np.maximum(np.fft.rfftfreq(TAPS, 1 / RATE), 1.0)
    return np.asarray(np.roll(np.fft.irfft(gain(frequency), TAPS), TAPS // 2) * np.hanning(TAPS), np.float32)


def loudness(samples: Samples) -> float:
    """Root mean square."""
    flat = samples.ravel()
    return float(np.sqrt(np.dot(flat, flat) / max(len(flat), 1)))


def room(samples: Samples, rate: int, seconds: float, share: float, seed: int) -> Samples:
    """A soft hall: convolution with decaying noise."""
    count = int(seconds * rate)
    decay = np.exp(-np.linspace(0, 6.5, count, dtype=np.float32))
    echo = np.random.default_rng(seed).standard_normal((count, 2), np.float32) * decay[:, None]
    echo[: int(0.012 * rate)] = 0
    kernel = np.ones(24, np.float32) / np.float32(24)
    dry = stereo(samples)
    wet = np.empty_like(dry)
    for channel in range(2):
        wet[:, channel] = convolved(dry[:, channel], np.convolve(echo[:, channel], kernel, mode="same"))
    level = loudness(dry) / (loudness(wet) + 1e-9)
    wet *= np.float32(level * share)
    wet += dry
    return wet


def write_wav(path: Path, samples: Samples, rate: int, engine: str) -> None:
    """16-bit PCM with the engine's label as the INFO comment."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    size = len(samples) * channels * 2
    comment = label(engine).encode() + b"\0"
    comment += b"\0" * (len(comment) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(comment)) + comment
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    head = b"".join(kind + struct.pack("<I", len(body)) + body for kind, body in ((b"fmt ", form), (b"LIST", info)))
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 4 + len(head) + 8 + size) + b"WAVE" + head)
        file.write(b"data" + struct.pack("<I", size))
        for at in range(0, len(samples), BLOCK):
            file.write((np.clip(samples[at : at + BLOCK], -1, 1) * 32767).astype("<i2").tobytes())


def read_audio(path: Path, rate: int = RATE) -> Samples:
    """The sound of any file that has some, as stereo at the wanted rate."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise InputRefused("the audio input has no sound track")
            resampler = av.AudioResampler(format="flt", layout="stereo", rate=rate)
            parts: list[Samples] = []
            total = 0
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    parts.append(piece.to_ndarray().reshape(-1, 2).astype(np.float32))
                    total += len(parts[-1])
                if total > MAX_SECONDS * rate:
                    raise InputRefused(f"the audio is longer than {MAX_SECONDS} s")
            parts.extend(piece.to_ndarray().reshape(-1, 2).astype(np.float32) for piece in resampler.resample(None))
    except FFmpegError as error:
        raise InputRefused("the audio input cannot be read") from error
    if not parts:
        raise InputRefused("the audio input is empty")
    return np.concatenate(parts)
