"""What a planner calls a field, and what the model's schema calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from processors.executor.slots import media_slots

Rules = Mapping[str, Mapping[str, Any]]

_GROUPS: Final = (
    ("prompt", "prompt_text", "promptText", "text_prompt", "instruction", "description", "query"),
    ("text", "script", "input_text", "input", "transcript", "speech_text", "gen_text", "narration", "words", "lines",
     "content"),
    ("negative_prompt", "negativePrompt", "negative"),
    ("num_images", "num_outputs", "number_of_images", "count", "n", "samples"),
    ("aspect_ratio", "aspectRatio", "aspect", "ratio"),
    ("size", "image_size", "resolution"),
    ("voice", "voice_id", "voice_name", "speaker"),
    ("language", "lang", "language_code", "locale"),
    ("image", "image_url", "input_image", "start_image", "first_frame", "promptImage", "picture", "photo", "images"),
    ("video", "video_url", "input_video", "clip", "videos", "clips"),
    ("audio", "audio_url", "input_audio", "sound", "soundtrack", "speech", "audios"),
    ("operation", "action", "mode", "task"),
    ("style", "style_preset", "genre", "mood"),
    ("seed", "random_seed"),
    ("lyrics", "words"),
)  # fmt: skip
_WORDS: Final = _GROUPS[1]
_VOICES: Final = next(group for group in _GROUPS if group[0] == "voice")


def matching(key: str, rules: Rules) -> str | None:
    """The schema's own name: the same, the same but for case and punctuation, or a synonym."""
    if key in rules:
        return key
    folded = {_folded(name): name for name in rules}
    if (name := folded.get(_folded(key))) is not None:
        return name
    for group in _GROUPS:
        if _folded(key) in {_folded(name) for name in group}:
            found = next((folded[_folded(name)] for name in group if _folded(name) in folded), None)
            if found is not None:
                return found
    return None


@lru_cache(maxsize=1024)
def media_of(key: str) -> frozenset[str]:
    """The media that a field of this name holds a file of; none where it holds no file."""
    slots = media_slots({"type": "object", "properties": {key: {"type": "string"}}})
    return frozenset(kind for slot in slots for kind in slot.kinds)


def means_words(key: str) -> bool:
    """Whether a plan gives under it the very words that are to be spoken or shown."""
    return _folded(key) in {_folded(name) for name in _WORDS}


def means_voice(key: str) -> bool:
    """Whether a field of this name says who speaks."""
    return _folded(key) in {_folded(name) for name in _VOICES}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
