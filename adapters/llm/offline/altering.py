"""Changes one step of a plan as the words say: how long, how large, what it says, and whatever else is wished for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.llm.offline.lexicon import LEADS, kind_of
from adapters.llm.offline.reading import Clause
from adapters.llm.offline.voicing import WHAT, spoken_otherwise
from adapters.llm.offline.work import Step, Work

_MAKE = re.compile(
    r"^(?:make|turn|change|let|have|render|edit|put|place|show)\s+"
    r"(?:it|this|that|them|(?:the|my|our|this|that)\s+(?:[\w-]+\s+){0,3}?)(?P<noun>\w+)?\b",
    re.IGNORECASE,
)
_LONGER = re.compile(r"\blonger\b|\btoo short\b", re.IGNORECASE)
_SHORTER = re.compile(r"\bshorter\b|\btoo long\b", re.IGNORECASE)
_TOO = re.compile(r"^.*\b(?:is|are|looks?|sounds?|seems?|feels?|it's|that's) (?:\w+ )?too (?P<how>\w+)$", re.IGNORECASE)
_OPPOSITES: Final = {
    "fast": "slower", "slow": "faster", "loud": "quieter", "quiet": "louder", "dark": "brighter", "bright": "darker",
    "big": "smaller", "small": "bigger", "high": "lower", "low": "higher", "sad": "happier", "happy": "calmer",
    "cold": "warmer", "warm": "cooler", "blurry": "sharper", "boring": "livelier", "busy": "simpler",
}  # fmt: skip
_END = re.compile(r"(?:\s(?:please|now|then|too|bitte))*[\s.!?]*$", re.IGNORECASE)
_SECONDS = re.compile(r"\b\d+(?:\.\d+)?(?=[\s-]*(?:seconds?|secs?|s)\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{4,}")
_TO = re.compile(r"^(?:to(?: be)?|be)\s+", re.IGNORECASE)
_LENGTH = re.compile(r"^(?:longer|shorter)\s+", re.IGNORECASE)
_TIMED: Final = ("video", "music", "audio", "lipsync")
_SHAPED: Final = ("image", "video")
_USUAL_S: Final = 5.0


def alter(work: Work, part: str, clause: Clause | None) -> None:
    target = _target(work, part, clause)
    if target is None:
        return
    kind = target.get("agent_type")
    if kind == "speech":
        values = spoken_otherwise(work, target, part, clause, _times(part))
        if not values:
            work.asks.append(WHAT)
            return
    else:
        values = _measured(work.fields(target), part, clause, is_timed=kind in _TIMED)
    title, description = str(target.get("title", "")), str(target.get("description", ""))
    if "duration_s" in values:
        description = _SECONDS.sub(f"{values['duration_s']:g}", description)
    elif kind == "text" and _times(part) != 1.0:
        how = "longer" if _times(part) > 1.0 else "shorter"
        description = _lengthened(description, how)
    elif not values or "speed" in values:
        description = f"{description.rstrip('.')}, {_wish(_unpointed(work, part, target))}"
    target["title"] = _SECONDS.sub(f"{values['duration_s']:g}", title) if "duration_s" in values else title
    target["description"] = description
    work.fill(target, values)


def _target(work: Work, part: str, clause: Clause | None) -> Step | None:
    """What is to change: what the words name, what can have the measure, else what all the others come from."""
    if clause is not None and clause.quotes and (speaks := work.last(("speech",))) is not None:
        return speaks
    if (pointed := work.pointed(part)) is not None:
        return pointed[0]
    said = LEADS.sub("", part)
    pointing = [phrase.noun for phrase in clause.phrases if phrase.pointing] if clause is not None else []
    named = work.named(" ".join(pointing)) if pointing else []
    if not named:
        named = [
            step for step in work.named(said) if kind_of(said.split(" ", maxsplit=1)[0]) or pointing or "the " in said
        ]
    if named:
        return named[-1]
    if (clause is not None and clause.duration_s) or _LONGER.search(part) or _SHORTER.search(part):
        return work.last(_TIMED) or work.last(("speech", "text"))
    if clause is not None and (clause.ratio or clause.size):
        return next((step for step in work.steps if step.get("agent_type") in _SHAPED), None)
    words = set(_WORD.findall(said.lower()))
    meant = (s for s in work.steps if words & set(_WORD.findall(f"{s.get('title')} {s.get('description')}".lower())))
    return next(meant, None) or next((s for s in work.steps if s.get("agent_type") == "image"), None) or work.steps[0]


def _unpointed(work: Work, part: str, target: Step) -> str:
    """Without words that only say which step is meant, and that its own description does not need."""
    pointed = work.pointed(part)
    if pointed is None or pointed[0] is not target:
        return part
    at = part.lower().index(pointed[1])
    return f"{part[:at]}it{part[at + len(pointed[1]) :]}"


def _times(part: str) -> float:
    """As long as it was."""
    return 2.0 if _LONGER.search(part) else 0.5 if _SHORTER.search(part) else 1.0


def _lengthened(description: str, how: str) -> str:
    """`Poem about rain` as a longer one."""
    first, space, rest = _LENGTH.sub("", description).partition(" ")
    return f"{how.capitalize()} {first[:1].lower()}{first[1:]}{space}{rest}"


def _measured(given: Mapping[str, Any], part: str, clause: Clause | None, *, is_timed: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    length = clause.duration_s if clause is not None else None
    now = given.get("duration_s", given.get("duration"))
    usual = float(now) if isinstance(now, int | float) else _USUAL_S
    if length is None and is_timed and _times(part) != 1.0:
        length = max(1.0, usual * _times(part))
    if length is not None:
        values["duration_s"] = length
    if clause is not None and clause.ratio:
        values["aspect_ratio"] = clause.ratio
    if clause is not None and clause.size:
        values["width"], values["height"] = clause.size
    return values


def _wish(part: str) -> str:
    """What is wished for, without the words that only say that it is."""
    part = _END.sub("", part)
    if (too := _TOO.match(part)) is not None:
        return _OPPOSITES.get(too["how"].lower(), f"less {too['how']}")
    made = _MAKE.match(part)
    rest = part[made.end() :].strip(" ,") if made is not None else ""
    if made is not None and made["noun"] and kind_of(made["noun"]) is None:
        rest = f"{made['noun']} {rest}".strip()
    return _TO.sub("", rest or part)
