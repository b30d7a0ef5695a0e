"""When the mouth has which shape: from phonemes where there are some, from the sound's energy where not."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np

from gpu_workers.drawing.face import Mouth
from gpu_workers.media.espeak import Phoneme
from gpu_workers.media.sound import RATE, Samples

REST = Mouth(0.0, 0.55, 0.0, 0.0)
SHAPES: dict[str, Mouth] = {
    "closed": Mouth(0.0, 0.45, 0.10, 0.0),  # m b p
    "teeth": Mouth(0.12, 0.62, 0.0, 1.0),  # s z t d n, and sh-like sounds a little rounder
    "lip": Mouth(0.10, 0.50, 0.0, 0.75),  # f v
    "open": Mouth(0.95, 0.62, 0.0, 0.45),  # a
    "half": Mouth(0.52, 0.66, 0.0, 0.55),  # e, schwa, h, k, g
    "wide": Mouth(0.26, 1.0, 0.0, 0.80),  # i
    "round": Mouth(0.62, 0.30, 0.70, 0.15),  # o
    "pout": Mouth(0.22, 0.12, 1.0, 0.0),  # u w
    "tongue": Mouth(0.34, 0.60, 0.0, 0.60),  # l th r
}
SOUNDS = {
    "closed": "mbpɓ", "teeth": "sztdnʃʒɲçɕʑtʃdʒ", "lip": "fvɱʋ", "open": "aɑɐæʌä", "half": "eɛəɜɚɝhkgɡxŋʔœøɘɤ",
    "wide": "iɪjyɨʏ", "round": "oɔɒɵ", "pout": "uʊwʉɯ", "tongue": "lθðrɹɾɫʎʁ",
}  # fmt: skip
SHAPE_OF = {sound: SHAPES[name] for name, sounds in SOUNDS.items() for sound in sounds}
LEAD_S = 0.045  # a mouth moves before the sound is heard
GLIDE_S = 0.075


@dataclass(frozen=True)
class Mouths:
    """The mouth as a function of time."""

    times: tuple[float, ...]
    shapes: tuple[Mouth, ...]

    def at(self, seconds: float) -> Mouth:
        index = bisect.bisect_right(self.times, seconds) - 1
        if index < 0:
            return REST
        before = self.shapes[index - 1] if index else REST
        share = min((seconds - self.times[index]) / GLIDE_S, 1.0)
        return before.towards(self.shapes[index], share * share * (3 - 2 * share))


def shape_of(ipa: str) -> Mouth | None:
    """The shape of a phoneme: its first sound that has one. A pause closes the mouth."""
    if not ipa.strip("ˈˌ_: |"):
        return REST
    return next((SHAPE_OF[character] for character in ipa if character in SHAPE_OF), None)


def from_phonemes(phonemes: tuple[Phoneme, ...], seconds: float) -> Mouths:
    times, shapes = [0.0], [REST]
    for phoneme in phonemes:
        shape = shape_of(phoneme.ipa)
        if shape is not None and phoneme.at_s < seconds:
            times.append(max(phoneme.at_s - LEAD_S, times[-1] + 1e-4))
            shapes.append(shape)
    times.append(max(seconds - 0.08, times[-1] + 1e-4))
    shapes.append(REST)
    return Mouths(tuple(times), tuple(shapes))


def from_sound(samples: Samples) -> Mouths:
    """Loudness opens the mouth; a bright sound spreads it and shows teeth, a dark one rounds it."""
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    hop = round(RATE * 0.05)
    count = max(len(mono) // hop, 1)
    windows = np.resize(mono, count * hop).reshape(count, hop)
    loud = np.sqrt(np.mean(windows**2, axis=1))
    level = np.clip(loud / (np.percentile(loud, 92) + 1e-6), 0, 1)
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(hop), axis=1))
    frequency = np.fft.rfftfreq(hop, 1 / RATE)
    bright = (spectrum * frequency).sum(axis=1) / (spectrum.sum(axis=1) + 1e-6)
    spread = np.clip((bright - 500) / 2200, 0, 1)
    shapes = []
    for opened, wide in zip(level, spread, strict=True):
        if opened < 0.10:
            shapes.append(REST)
        else:
            fricative = wide > 0.85
            shapes.append(
                Mouth(
                    float(opened * (0.25 if fricative else 0.9)),
                    float(0.3 + 0.6 * wide),
                    float((1 - wide) * 0.5),
                    float(0.3 + 0.7 * wide),
                )
            )
    return Mouths(tuple(max(index * 0.05 - LEAD_S / 2, 0.0) for index in range(count)), tuple(shapes))
