"""Speech by espeak-ng through ctypes: samples and the time of every phoneme. Not thread-safe: one process, one call."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any

import espeakng_loader
import numpy as np

from gpu_workers.engines.base import EngineError, InputRefused
from gpu_workers.media.sound import Samples

AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_PHONEME_EVENTS, INITIALIZE_PHONEME_IPA, INITIALIZE_DONT_EXIT = 0x1, 0x2, 0x8000
EVENT_LIST_TERMINATED, EVENT_PHONEME = 0, 7
POS_CHARACTER, CHARS_UTF8 = 1, 1
PARAMETER_RATE, PARAMETER_PITCH, PARAMETER_RANGE, PARAMETER_WORDGAP = 1, 3, 4, 7
WORDS_PER_MINUTE = 158
MAX_SECONDS = 300
BUFFER_MS = 200


class SpeechFailed(EngineError):
    """espeak-ng answered with an error code."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


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


@functools.cache
def _library() -> tuple[Any, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    options = INITIALIZE_PHONEME_EVENTS | INITIALIZE_PHONEME_IPA | INITIALIZE_DONT_EXIT
    data = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data, options)
    if rate <= 0:
        raise SpeechFailed(f"espeak-ng does not start ({rate})")
    return library, rate


def _checked(code: int, what: str) -> None:
    if code != 0:
        raise SpeechFailed(f"espeak-ng: {what} failed with {code}")


def warm_up() -> None:
    _library()


def speak(text: str, *, voice: str = "female", language: str = "en-us", speed: float = 1.0) -> Speech:
    """Say a text."""
    library, rate = _library()
    parts: list[Samples] = []
    phonemes: list[Phoneme] = []
    heard = 0

    def collect(wave: Any, count: int, events: Any) -> int:
        nonlocal heard
        if wave and count > 0:
            parts.append(np.ctypeslib.as_array(wave, shape=(count,)).astype(np.float32) / np.float32(32768))
            heard += count
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            if events[index].type == EVENT_PHONEME:
                ipa = events[index].id.string.decode("utf-8", "ignore")
                phonemes.append(Phoneme(events[index].audio_position / 1000, ipa))
            index += 1
        return int(heard > MAX_SECONDS * rate)

    callback = _CALLBACK(collect)  # espeak keeps only the address: this reference must outlive the call
    library.espeak_SetSynthCallback(callback)
    _choose(library, voice, language, speed)
    encoded = text.encode() + b"\0"
    _checked(
        library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded)), 0, POS_CHARACTER, 0, CHARS_UTF8, None, None),
        "speaking",
    )
    _checked(library.espeak_Synchronize(), "finishing")
    if not parts:
        raise InputRefused("there is nothing to say in this text")
    return Speech(np.concatenate(parts), rate, tuple(phonemes))


def _choose(library: Any, voice: str, language: str, speed: float) -> None:
    manner = MANNERS[voice]
    _checked(library.espeak_SetVoiceByName(f"{language}+{manner.variant}".encode()), f"voice {language}")
    settings = (
        (PARAMETER_RATE, round(WORDS_PER_MINUTE * speed)),
        (PARAMETER_PITCH, manner.pitch),
        (PARAMETER_RANGE, manner.liveliness),
        (PARAMETER_WORDGAP, 1),
    )
    for parameter, value in settings:
        _checked(library.espeak_SetParameter(parameter, value, 0), f"parameter {parameter}")
