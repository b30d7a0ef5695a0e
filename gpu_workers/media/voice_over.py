"""What is said and how it sounds: espeak's voice made a little warmer, and an honest sentence where none is given."""

from __future__ import annotations

import re

import numpy as np

from gpu_workers.drawing.brief import TAGLINES, read
from gpu_workers.media.espeak import Speech
from gpu_workers.media.sound import RATE, Samples, faded, normalised, resampled, room


def warmed(speech: Speech) -> Samples:
    """The voice with less hiss, a little body and a small room, in stereo."""
    voice = resampled(speech.samples, speech.rate, RATE)
    spectrum = np.fft.rfft(voice)
    frequency = np.fft.rfftfreq(len(voice), 1 / RATE)
    gain = 1 / (1 + (70 / np.maximum(frequency, 1)) ** 4)  # no rumble
    gain *= 1 + 0.45 * np.exp(-(((frequency - 210) / 150) ** 2))  # body
    gain *= 1 / (1 + (frequency / 7200) ** 4)  # less hiss
    shaped = np.fft.irfft(spectrum * gain, len(voice)).astype(np.float32)
    compressed = np.tanh(normalised(shaped, 1.0) * 1.6).astype(np.float32)
    return faded(normalised(room(compressed, RATE, 0.22, 0.10, 7), 0.86), RATE, 0.005, 0.02)


def sentence_for(description: str) -> str:
    """A short sentence that says no more than the description does."""
    quoted = re.search(r"[\"“”«]([^\"“”«»]{8,400})[\"“”»]", description)
    if quoted:
        return quoted.group(1).strip()
    brief = read(description, 0)
    if brief.kind == "product":
        name = brief.title if brief.title != "The Signature Piece" else "Something new"
        return (
            f"{'Meet the' if name == brief.title else 'Introducing'} {name}. {TAGLINES.get(brief.subject, '')}".strip()
        )
    return f"{brief.title}."
