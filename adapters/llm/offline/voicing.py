"""Changes what a voice says and how: its words, who speaks, how fast. Nothing else of it can be different."""

from __future__ import annotations

import re
from typing import Any, Final

from adapters.llm.offline import words
from adapters.llm.offline.narration import WORDS_A_SECOND, is_made_up, spoken
from adapters.llm.offline.reading import Clause
from adapters.llm.offline.wording import subject_of
from adapters.llm.offline.work import Step, Work

_SAYS = re.compile(r"\b(?:says?|speaks?|reads?|announces?|tells?)\s+(?P<said>\S.*)$", re.IGNORECASE | re.DOTALL)
_NO_WORDS = re.compile(
    r"(?:it|this|that|them|so|more|less|much|very|a bit|slightly|too|not|slower|slowly|faster|louder|softly|softer"
    r"|calmly|something|anything|nothing|other|different|about|to|in|with|like|as|the (?:text|poem|story|script))\b",
    re.IGNORECASE,
)
"""What begins like this behind `say` is not to be said word for word."""
_SPEEDS: Final = (
    (re.compile(r"\btoo fast\b|(?<!too )\b(?:slow(?:er|ly)?|calm(?:er|ly)?|relaxed|soothing)\b", re.IGNORECASE), 0.8),
    (
        re.compile(r"\btoo slow\b|(?<!too )\b(?:fast(?:er)?|quick(?:er|ly)?|excited|livel(?:y|ier))\b", re.IGNORECASE),
        1.25,
    ),
)
_VOICES: Final = (
    (re.compile(r"\b(?:deeper|lower|darker)\b", re.IGNORECASE), "deep"),
    (re.compile(r"\b(?:warmer|softer|friendlier|kinder)\b", re.IGNORECASE), "warm"),
    (re.compile(r"\b(?:brighter|higher|clearer|happier|cheerful)\b", re.IGNORECASE), "bright"),
)
_ENDS = re.compile(r"(?<![\s,.])[\s,.]*(?:(?<=[\s,])(?:please|instead|now)[\s,.]*)*$", re.IGNORECASE)
WHAT: Final = (
    "What should the voice say, or how? Its words can be others (“make it say: welcome home”), who speaks (female, "
    "male, deep, warm, bright), and how fast."
)


def spoken_otherwise(work: Work, step: Step, part: str, clause: Clause | None, times: float) -> dict[str, Any]:
    """Fields that are other than they were; none where the words ask for nothing that a voice has. `times` as long."""
    if clause is not None and clause.quotes:
        return {"text": clause.quotes[0]}
    said = _SAYS.search(part)
    if said is not None and _NO_WORDS.match(said["said"]) is None:
        return {"text": _ENDS.sub("", said["said"])}
    text = str(work.fields(step).get("text", ""))
    if times != 1.0 and is_made_up(text):
        longer = spoken(subject_of(step), len(text.split()) * times / WORDS_A_SECOND)
        return {"text": longer} if longer != text else {}
    values: dict[str, Any] = {}
    speed = next((speed for pattern, speed in _SPEEDS if pattern.search(part)), None)
    if speed is not None:
        values["speed"] = speed
    voice = words.voice_in(part) or next((voice for pattern, voice in _VOICES if pattern.search(part)), "")
    return values | ({"voice": voice} if voice else {})
