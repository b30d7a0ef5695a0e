"""Speech by espeak-ng: samples and the time of every phoneme. Each text is spoken in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np

from gpu_workers.engines.base import EngineError, InputRefused
from gpu_workers.media.sound import Samples

CHILD = Path(__file__).with_name("espeak_child.py")
PARAMETER_RATE, PARAMETER_PITCH, PARAMETER_RANGE, PARAMETER_WORDGAP = 1, 3, 4, 7
WORDS_PER_MINUTE = 158
MAX_SECONDS = 240
TIMEOUT_S = 50.0


class SpeechFailed(EngineError):
    """espeak-ng answered with an error code, or not at all."""


@dataclass(frozen=True)
class Phoneme:
    """A sound of speech, in IPA, and when it begins."""

    at_s: float
    ipa: str


@dataclass(frozen=True)
class Speech:
    """Spoken text."""

    samples: Samples
    rate: int
    phonemes: tuple[Phoneme, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class Manner:
    """A way of speaking: the variant of espeak-ng's voice, its pitch and how much that moves."""

    variant: str
    pitch: int
    liveliness: int


MANNERS = {
    "female": Manner("f2", 52, 58),
    "male": Manner("m3", 44, 52),
    "bright": Manner("f4", 62, 70),
    "deep": Manner("m7", 26, 44),
    "warm": Manner("f5", 42, 46),
}
VOICE_FILES = {"en-gb": "en"}  # a language whose voice has another name


def speak(text: str, *, voice: str = "female", language: str = "en-us", speed: float = 1.0) -> Speech:
    """Say a text."""
    manner = MANNERS[voice]
    request = {
        "library": espeakng_loader.get_library_path(),
        "data": espeakng_loader.get_data_path(),
        "voice": f"{VOICE_FILES.get(language, language)}+{manner.variant}",
        "settings": [
            [PARAMETER_RATE, round(WORDS_PER_MINUTE * speed)],
            [PARAMETER_PITCH, manner.pitch],
            [PARAMETER_RANGE, manner.liveliness],
            [PARAMETER_WORDGAP, 1],
        ],
        "text": text.replace("\0", " "),
        "max_seconds": MAX_SECONDS,
    }
    told, wave = _asked(request)
    samples = np.frombuffer(wave, np.int16).astype(np.float32) / np.float32(32768)
    if not len(samples):
        raise InputRefused("there is nothing to say in this text")
    return Speech(samples, told["rate"], tuple(Phoneme(at_s, ipa) for at_s, ipa in told["phonemes"]))


def _asked(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    command = [sys.executable, "-I", "-S", str(CHILD)]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise SpeechFailed("espeak-ng did not answer") from error
    head, _, wave = done.stdout.partition(b"\n")
    told = json.loads(head)
    if "error" in told:
        raise SpeechFailed(f"espeak-ng: {told['error']}")
    return told, wave
