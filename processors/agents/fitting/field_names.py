"""What a planner calls a field, and what the model's schema calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

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
_RATIO = re.compile(r"^\s*(\d{1,5})\s*[:x×/*]\s*(\d{1,5})\s*$", re.IGNORECASE)
_SHAPE: Final = ("aspect_ratio", "aspectRatio", "aspect", "ratio", "size", "image_size", "resolution")
_SIDE_MIN_PX: Final = 64


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


def means_words(key: str) -> bool:
    """Whether a plan gives under it the very words that are to be spoken or shown."""
    return _folded(key) in {_folded(name) for name in _WORDS}


def shaped(values: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Width and height, a ratio or a size: whichever was said, as whichever the model knows."""
    given = dict(values)
    width, height = _asked(given)
    if width is None or height is None:
        return given
    if "width" in rules and "height" in rules and min(width, height) >= _SIDE_MIN_PX:
        rest = {key: value for key, value in given.items() if key not in _SHAPE}
        return {**rest, "width": width, "height": height}
    for name in _SHAPE:
        choices = rules[name].get("enum") if name in rules else None
        shapes = [(shape, choice) for choice in choices or () if (shape := _pair(choice)) is not None]
        if shapes:
            rest = {key: value for key, value in given.items() if key not in (*_SHAPE, "width", "height")}
            nearest = min(shapes, key=lambda one: _distance(one[0], (width, height)))
            return {**rest, name: nearest[1]}
    return given


def _asked(given: Mapping[str, Any]) -> tuple[int | None, int | None]:
    width, height = given.get("width"), given.get("height")
    if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0:
        return width, height
    return next((pair for name in _SHAPE if (pair := _pair(given.get(name)))), (None, None))


def _pair(value: Any) -> tuple[int, int] | None:
    match = _RATIO.match(value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2])) if match and int(match[1]) and int(match[2]) else None


def _distance(shape: tuple[int, int], wanted: tuple[int, int]) -> tuple[float, int]:
    """By ratio first; then by how many pixels they are apart, where both are sizes."""
    ratio = abs(shape[0] / shape[1] - wanted[0] / wanted[1])
    sizes = min(*shape, *wanted) >= _SIDE_MIN_PX
    return ratio, abs(shape[0] * shape[1] - wanted[0] * wanted[1]) if sizes else 0


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
