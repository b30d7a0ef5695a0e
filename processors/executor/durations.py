"""How long it shall be: seconds said once, put into whatever field and spelling a model has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_NAMES = ("duration_s", "duration", "seconds", "duration_seconds", "duration_in_seconds", "length_in_seconds",
          "seconds_total", "video_length", "audio_length", "length", "duration_ms", "music_length_ms")  # fmt: skip
_SAID = re.compile(r"\b(\d{1,3}(?:\.\d+)?)[ -]?(?:seconds?|secs?|s)\b", re.IGNORECASE)
LONGEST_S: Final = 1e9
"""What is longer is no duration."""


def seconds(value: Any) -> float | None:
    """5, "5", "5s", "5.0 s" → 5.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) <= LONGEST_S else None
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?)\s*(?:s|sec|seconds?)?\s*", value) if isinstance(value, str) else None
    return float(match.group(1)) if match else None


def said_in(text: str) -> float | None:
    """The duration that a description names, as in "a 5-second video"."""
    match = _SAID.search(text)
    return float(match.group(1)) if match else None


def wished(values: Mapping[str, Any], words: str) -> float | None:
    """The duration that an input holds, by whatever name; else the one that its description names."""
    for key, value in values.items():
        if names(key) and (length := seconds(value)) is not None:
            return length / 1000 if key.endswith("_ms") else length
    return said_in(words)


def field_for(properties: Mapping[str, Any]) -> str | None:
    """The model's own field for a duration; of the same name, one that takes no seconds is none."""
    return next((name for name in _NAMES if name in properties and _takes_seconds(properties[name])), None)


def _takes_seconds(field: Mapping[str, Any]) -> bool:
    if "enum" in field:
        return any(seconds(choice) is not None for choice in field["enum"])
    return field.get("type") in ("integer", "number", "string")


def names(key: str) -> bool:
    """Whether a key of a step's input speaks of its duration."""
    return key in _NAMES


def spelled(duration_s: float, name: str, field: Mapping[str, Any]) -> Any:
    """The duration as this field wants it: nearest of its values, within its bounds, as number or text."""
    if choices := field.get("enum"):
        lengths = [(length, choice) for choice in choices if (length := seconds(choice)) is not None]
        nearest = min(lengths, key=lambda one: (abs(one[0] - duration_s), -one[0]), default=(0.0, choices[0]))
        return nearest[1]
    wanted = duration_s * 1000 if name.endswith("_ms") else duration_s
    wanted = max(wanted, field.get("minimum", wanted))
    wanted = min(wanted, field.get("maximum", wanted))
    kind = field.get("type")
    if kind == "integer":
        return round(wanted)
    if kind == "string":
        return f"{wanted:g}s" if "s" in str(field.get("pattern", field.get("default", ""))) else f"{wanted:g}"
    return wanted
