"""One call of espeak-ng through ctypes, in a process of its own; standard library only, so that it starts at once.

espeak-ng is not thread-safe and keeps a state (flutter, noise) from one text to the next: a fresh process makes the
same text sound the same. Request as JSON on stdin: `{library, data, voice, settings: [[parameter, value]…], text,
max_seconds}`; answer on stdout: a line of JSON, `{rate, phonemes: [[seconds, ipa]…]}` or `{error}`, then the
samples as native 16-bit integers.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_PHONEME_EVENTS, INITIALIZE_PHONEME_IPA, INITIALIZE_DONT_EXIT = 0x1, 0x2, 0x8000
EVENT_LIST_TERMINATED, EVENT_PHONEME = 0, 7
POS_CHARACTER, CHARS_UTF8 = 1, 1
BUFFER_MS = 200
SEED = 1


class Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Id),
    )


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Refused(Exception):
    """espeak-ng answered with an error code."""


def checked(code: int, what: str) -> None:
    if code != 0:
        raise Refused(f"{what} failed with {code}")


class Listener:
    """Gathers what espeak-ng hands over while it speaks."""

    def __init__(self, samples_max: int) -> None:
        self.samples = bytearray()
        self.phonemes: list[tuple[float, str]] = []
        self._bytes_max = samples_max * 2

    def __call__(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self.samples += ctypes.string_at(wave, count * 2)
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            if events[index].type == EVENT_PHONEME:
                ipa = events[index].id.string.decode("utf-8", "ignore")
                self.phonemes.append((events[index].audio_position / 1000, ipa))
            index += 1
        return int(len(self.samples) > self._bytes_max)


def speak(request: dict[str, Any]) -> tuple[int, Listener]:
    library = ctypes.CDLL(request["library"])
    options = INITIALIZE_PHONEME_EVENTS | INITIALIZE_PHONEME_IPA | INITIALIZE_DONT_EXIT
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, request["data"].encode(), options)
    if rate <= 0:
        raise Refused(f"starting failed with {rate}")
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    listener = Listener(request["max_seconds"] * rate)
    callback = CALLBACK(listener)  # espeak keeps only the address: this reference must outlive the call
    library.espeak_SetSynthCallback(callback)
    checked(library.espeak_SetVoiceByName(request["voice"].encode()), f"the voice {request['voice']}")
    for parameter, value in request["settings"]:
        checked(library.espeak_SetParameter(parameter, value, 0), f"parameter {parameter}")
    text = request["text"].encode() + b"\0"
    size = ctypes.c_size_t(len(text))
    checked(library.espeak_Synth(text, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None), "speaking")
    checked(library.espeak_Synchronize(), "finishing")
    return rate, listener


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    request = json.loads(sys.stdin.buffer.read())
    answer = sys.stdout.buffer
    try:
        rate, listener = speak(request)
    except Refused as error:
        answer.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    answer.write(json.dumps({"rate": rate, "phonemes": listener.phonemes}).encode() + b"\n")
    answer.write(listener.samples)


if __name__ == "__main__":
    main()
