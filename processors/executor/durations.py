"""How long it shall be: seconds said once, put into whatever field and spelling a model has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_NAMES = ("duration_s", "duration", "seconds", "duration_seconds", "duration_in_seconds", "length_in_seconds",
          "seconds_total", "video_length", "audio_length", "length", "duration_ms", "music_length_ms")  # fmt: skip
_UNITS: Final = {
    1.0: "s sec secs second seconds sek sekunde sekunden",
    60.0: "m min mins minute minutes minuten",
    3600.0: "h hr hrs hour hours stunde stunden",
    0.001: "ms msec millisecond milliseconds millisekunden",
}
_SECONDS_OF: Final = {name: length for length, names in _UNITS.items() for name in names.split()}
_UNIT: Final = "|".join(sorted(_SECONDS_OF, key=len, reverse=True))
_PART: Final = rf"(\d{{1,9}}(?:[.,]\d{{1,6}})?)\s*-?\s*({_UNIT})?"
_WHOLE = re.compile(rf"\s*{_PART}(?:\s*(?:,|and|und)?\s*{_PART})?\s*", re.IGNORECASE)
_THOUSANDS = re.compile(r",(?=\d{3}\Z)")
_CLOCK = re.compile(r"\s*(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:\.\d+)?\s*(?:min|minutes|h)?\s*", re.IGNORECASE)
_NUMBERS: Final = {
    "half a": 0.5, "one and a half": 1.5, "a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0,
    "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "twelve": 12.0, "fifteen": 15.0,
    "twenty": 20.0, "thirty": 30.0, "forty-five": 45.0, "sixty": 60.0, "ninety": 90.0, "eine": 1.0, "zwei": 2.0,
    "drei": 3.0, "fünf": 5.0, "zehn": 10.0, "zwanzig": 20.0, "dreißig": 30.0,
}  # fmt: skip
_NUMBER: Final = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_SAID = re.compile(
    rf"(?<![\w.,:'’])(?P<number>\d{{1,4}}(?:[.,]\d+)?|{_NUMBER})(?P<gap>[ -]?)"
    r"(?P<unit>seconds?|secs?|s|sekunden?|sek|minutes?|mins?|minuten?|minütig\w*|sekündig\w*)\b"
    r"(?:\s+(?:and\s+|und\s+)?(?P<more>\d{1,2})[ -]?(?:seconds?|secs?|s|sekunden)\b)?",
    re.IGNORECASE,
)
_SAID_CLOCK = re.compile(r"(?<![\w:.])(\d{1,2}):(\d{2})(?=\s*(?:min|minutes|minuten|long|lang)\b)", re.IGNORECASE)
_A_PART_BEFORE = re.compile(
    r"\b(?:first|last|final|after|every|each|at|within|next|another|ersten|letzten|nach|jede\w*|alle)\s+(?:the\s+)?\Z",
    re.IGNORECASE,
)
"""Then it is a time within what is made."""
_NO_LENGTH_AFTER = re.compile(
    r"[ -](?:old|ago|later|earlier|before|after|apart|into|in\b(?! (?:all|total|length))|mark\b|alt\b)", re.IGNORECASE
)
_DECADE_BEFORE = re.compile(r"\b(?:the|early|late|mid|der|den)[ -]\Z", re.IGNORECASE)
_TIMED: Final = (
    r"[- ]?(?:long|lang|video|clip|film|animation|loop|cut|version|spot|ad|reel|teaser|trailer|voiceover|narration|of|"
    r"and|with)\b"
)
_TIMED_AFTER = re.compile(rf"\s*(?:\Z|[.,;!?)]|{_TIMED})", re.IGNORECASE)
_LASTS_AFTER = re.compile(_TIMED, re.IGNORECASE)
_GONE: Final = "\x1f"
_GONE_LONG = re.compile(rf"{_GONE}(?:\s*(?:min|minutes|minuten)\b)?(?:[\s-]+(?:long|lang)\b)?", re.IGNORECASE)
_IN_SECONDS: Final = {
    "minute": "second", "minutes": "seconds", "min": "sec", "mins": "secs", "minuten": "Sekunden",
}  # fmt: skip
_DECADE_MIN: Final = 20
_DOUBTFUL_DECADE_MIN: Final = 50
_YEAR_MIN: Final = 1000
_CHARS_MAX: Final = 64
LONGEST_S: Final = 1e9
"""What is longer is no duration."""


def seconds(value: Any) -> float | None:
    """5, "5", "5s", "5.0 s" → 5.0; "2 minutes" → 120.0; "1:30", "1 min 30 s" → 90.0; "500 ms" → 0.5."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) <= LONGEST_S else None
    if not isinstance(value, str) or len(value) > _CHARS_MAX:
        return None
    value = " ".join(value.split())
    if (clock := _CLOCK.fullmatch(value)) is not None:
        return int(clock[1] or 0) * 3600.0 + int(clock[2]) * 60.0 + int(clock[3])
    if (match := _WHOLE.fullmatch(value)) is None or (match[3] and not (match[2] and match[4])):
        return None
    length = _length(match[1], match[2]) + (_length(match[3], match[4]) if match[3] else 0.0)
    return length if length <= LONGEST_S else None


def has_unit(value: Any) -> bool:
    """Whether it says in words that it is a time."""
    return isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit() and seconds(value) is not None


def of(key: str, value: Any) -> float | None:
    """The seconds that a field of this name means by a value: a bare number in one of milliseconds is of them."""
    length = seconds(value)
    return length / 1000 if length is not None and key.endswith("_ms") and not has_unit(value) else length


def said_in(text: str) -> float | None:
    """The duration that a description names, as in "a 5-second video"; no time within it, and no decade."""
    if (clock := _SAID_CLOCK.search(text)) is not None:
        return int(clock[1]) * 60.0 + int(clock[2])
    return next((_said(match) for match in _SAID.finditer(text) if _is_length(match)), None)


def without(text: str) -> str:
    """The words without the lengths that they name, and without the `long` behind one."""
    marked = _SAID.sub(lambda match: _GONE if _is_length(match) else match[0], _SAID_CLOCK.sub(_GONE, text))
    return _GONE_LONG.sub(" ", marked)


def with_length(text: str, was: float, now: float) -> str:
    """The words with another length where they name the one that it was; in seconds, spelled as it stood there."""

    def renamed(match: re.Match[str]) -> str:
        if not _is_length(match) or _said(match) != was:
            return match[0]
        unit = match["unit"].lower()
        spelled = _IN_SECONDS.get(unit, unit.replace("minütig", "sekündig")) if unit.startswith("m") else match["unit"]
        many = "s" if spelled == "second" and match["gap"] == " " else ""
        return f"{now:g}{match['gap']}{spelled}{many}"

    return _SAID.sub(renamed, text)


def _said(match: re.Match[str]) -> float:
    number = _NUMBERS.get(match["number"].lower())
    number = float(match["number"].replace(",", ".")) if number is None else number
    return number * (60.0 if match["unit"].lower().startswith("m") else 1.0) + float(match["more"] or 0)


def _is_length(match: re.Match[str]) -> bool:
    text, number, unit = match.string, match["number"], match["unit"].lower()
    before, end = text[max(0, match.start() - 24) : match.start()], match.end()
    if _A_PART_BEFORE.search(before) or _NO_LENGTH_AFTER.match(text, end):
        return False
    if not number[0].isdigit() and not match["gap"]:
        return False
    if number.lower() in ("a", "an"):
        return unit.startswith("m") and _LASTS_AFTER.match(text, end) is not None
    if unit == "s" and not match["gap"] and number.isdigit() and int(number) % 10 == 0:
        if int(number) >= _DECADE_MIN and _DECADE_BEFORE.search(before):
            return False
        if int(number) >= _YEAR_MIN:
            return False
        return not (_DOUBTFUL_DECADE_MIN <= int(number) < 100 and _TIMED_AFTER.match(text, end) is None)
    return True


def _length(number: str, unit: str | None) -> float:
    plain = _THOUSANDS.sub("", number).replace(",", ".")
    return float(plain) * _SECONDS_OF[(unit or "s").lower()]


def scale(unit: str) -> float:
    """Of a unit's word, the seconds that it is; 1 for what is no time."""
    return _SECONDS_OF.get(unit.lower(), 1.0) if len(unit) > 1 else 1.0


def wished(values: Mapping[str, Any], words: str) -> float | None:
    """The duration that an input holds, by whatever name; else the one that its description names."""
    lengths = (of(key, value) for key, value in values.items() if names(key))
    given = next((length for length in lengths if length is not None), None)
    return said_in(words) if given is None else given


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
