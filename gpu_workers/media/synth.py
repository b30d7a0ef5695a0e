"""Instruments in numpy: each gives the samples of one note; a track gathers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gpu_workers.media.sound import RATE, Samples

Note = Callable[[float, float], Samples]  # hertz, seconds


def hertz(midi: float) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


def clock(seconds: float) -> Samples:
    return np.arange(max(int(seconds * RATE), 1), dtype=np.float32) / np.float32(RATE)


def envelope(count: int, attack_s: float, decay_s: float, held: float, release_s: float) -> Samples:
    """Attack, decay to a held level, release at the end."""
    attack, release = min(int(attack_s * RATE), count), min(int(release_s * RATE), count)
    shape = held + (1 - held) * np.exp(-np.arange(count, dtype=np.float32) / np.float32(max(decay_s, 1e-3) * RATE))
    if attack:
        shape[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    if release:
        shape[-release:] *= np.linspace(1, 0, release, dtype=np.float32) ** 2
    return np.asarray(shape, np.float32)


def harmonics(frequency: float, time: Samples, weights: tuple[float, ...]) -> Samples:
    wave = np.zeros_like(time)
    for index, weight in enumerate(weights, start=1):
        if frequency * index < RATE * 0.45:
            wave += np.float32(weight) * np.sin(np.float32(2 * np.pi * frequency * index) * time)
    return wave


def piano(frequency: float, seconds: float) -> Samples:
    """An electric piano: frequency modulation that dies away faster than the tone."""
    time = clock(seconds + 0.5)
    bite = np.exp(-time * 6) * 1.6
    tone = np.sin(2 * np.pi * frequency * time + bite * np.sin(2 * np.pi * frequency * 2 * time))
    tone += 0.25 * np.sin(2 * np.pi * frequency * 4.01 * time) * np.exp(-time * 9)
    return np.asarray(tone * envelope(len(time), 0.004, 0.9, 0.06, 0.45), np.float32)


def pluck(frequency: float, seconds: float) -> Samples:
    """A plucked string: high partials fade first."""
    time = clock(max(seconds, 0.3) + 0.6)
    wave = np.zeros_like(time)
    for index in range(1, 12):
        if frequency * index < RATE * 0.45:
            wave += (
                np.sin(2 * np.pi * frequency * index * 1.0004**index * time)
                * np.exp(-time * (1.6 + index * 0.9))
                / index
            )
    return np.asarray(wave * envelope(len(time), 0.002, 2.0, 0.2, 0.3), np.float32)


def pad(frequency: float, seconds: float) -> Samples:
    """Soft strings: three detuned voices that swell."""
    time = clock(seconds + 0.7)
    weights = (1.0, 0.42, 0.22, 0.12, 0.07, 0.04)
    wave = sum((harmonics(frequency * detune, time, weights) for detune in (0.9965, 1.0, 1.0038)), np.zeros_like(time))
    return np.asarray(wave * envelope(len(time), min(0.45, seconds * 0.4), 8.0, 0.8, 0.7) * 0.33, np.float32)


def bass(frequency: float, seconds: float) -> Samples:
    time = clock(seconds)
    wave = np.tanh(harmonics(frequency, time, (1.0, 0.5, 0.22, 0.10)) * 1.3)
    return np.asarray(wave * envelope(len(time), 0.006, 0.5, 0.45, 0.05), np.float32)


def lead(frequency: float, seconds: float) -> Samples:
    """A flute-like voice with a vibrato that comes late."""
    time = clock(seconds + 0.18)
    vibrato = 0.035 * np.minimum(time * 2, 1) * np.sin(2 * np.pi * 5.2 * time)
    phase = 2 * np.pi * frequency * time + vibrato * frequency / 40
    wave = np.sin(phase) + 0.28 * np.sin(2 * phase) + 0.10 * np.sin(3 * phase)
    return np.asarray(wave * envelope(len(time), 0.03, 1.2, 0.6, 0.16), np.float32)


def bell(frequency: float, seconds: float) -> Samples:
    time = clock(max(seconds, 1.2))
    partials = ((0.5, 0.4, 1.6), (1.0, 1.0, 2.2), (2.0, 0.6, 3.4), (2.76, 0.45, 4.6), (4.07, 0.3, 6.5), (5.4, 0.2, 9.0))
    wave = np.zeros_like(time)
    for ratio, weight, decay in partials:
        if frequency * ratio < RATE * 0.45:
            wave += weight * np.sin(2 * np.pi * frequency * ratio * time) * np.exp(-time * decay)
    return np.asarray(wave * envelope(len(time), 0.002, 6.0, 0.6, 0.1), np.float32)


def kick() -> Samples:
    time = clock(0.34)
    return np.asarray(
        np.sin(2 * np.pi * (48 * time + 11 * (1 - np.exp(-time * 26)) / 2.6)) * np.exp(-time * 10), np.float32
    )


def snare(rng: np.random.Generator) -> Samples:
    time = clock(0.24)
    noise = rng.standard_normal(len(time))
    bright = noise - np.convolve(noise, np.ones(6) / 6, mode="same")
    return np.asarray(
        (bright * 0.7 * np.exp(-time * 18) + np.sin(2 * np.pi * 186 * time) * np.exp(-time * 26)) * 0.8, np.float32
    )


def hat(rng: np.random.Generator, seconds: float = 0.07) -> Samples:
    time = clock(seconds)
    noise = rng.standard_normal(len(time))
    return np.asarray(np.diff(noise, prepend=0.0) * np.exp(-time * (4 / seconds)) * 0.4, np.float32)


@dataclass
class Track:
    """A stereo buffer into which notes are laid."""

    samples: Samples

    @classmethod
    def of(cls, seconds: float) -> Track:
        return cls(np.zeros((round(seconds * RATE), 2), np.float32))

    def lay(self, note: Samples, at_s: float, level: float, pan: float = 0.0) -> None:
        """What reaches beyond the end is cut; pan -1 is left, 1 is right."""
        begin = round(at_s * RATE)
        part = note[: max(len(self.samples) - begin, 0)]
        angle = (pan + 1) * np.pi / 4
        self.samples[begin : begin + len(part), 0] += part * np.float32(level * np.cos(angle))
        self.samples[begin : begin + len(part), 1] += part * np.float32(level * np.sin(angle))
