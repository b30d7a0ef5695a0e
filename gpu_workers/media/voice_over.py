"""What is said and how it sounds: espeak's voice made a little warmer, and an honest sentence where none is given."""

from __future__ import annotations

import re

import numpy as np

from gpu_workers.drawing.brief import TAGLINES, read
from gpu_workers.media.espeak import Speech
from gpu_workers.media.sound import RATE, TAPS, Curve, Samples, convolved, faded, filter_of, normalised, resampled, room


def tone(frequency: Curve) -> Curve:
    """No rumble, a little body, less hiss."""
    gain = 1 / (1 + (70 / frequency) ** 4)
    gain *= 1 + 0.45 * np.exp(-(((frequency - 210) / 150) ** 2))
    return np.asarray(gain / (1 + (frequency / 7200) ** 4))


def warmed(speech: Speech) -> Samples:
    """The voice, warmer and in a small room, in stereo; not a sample later or longer than it was spoken."""
    voice = resampled(np.pad(speech.samples, (0, TAPS)), speech.rate, RATE)
    count = round(len(speech.samples) * RATE / speech.rate)
    voice = normalised(convolved(voice, filter_of(tone))[TAPS // 2 :][:count], 1.6)
    np.tanh(voice, out=voice)
    return faded(normalised(room(voice, RATE, 0.22, 0.10, 7), 0.86), RATE, 0.005, 0.02)


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
