"""Takes steps out of a plan, or the sound off a film: what was made from them goes on with what they were made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from adapters.llm.offline.draft import MEDIUM_OF
from adapters.llm.offline.words import CALLED
from adapters.llm.offline.work import Step, Work, ups

SOUNDS: Final = frozenset({"speech", "music", "audio"})
FILMS: Final = frozenset({"video", "lipsync"})
_FILM: Final = r"(?:it|this|that|everything|the\s+(?:whole\s+)?(?:video|film|clip|movie|animation|thing|result))"
_SILENT = re.compile(
    rf"^(?:(?:make|keep|turn|leave|have|want|do)\s+)?(?:{_FILM}\s+)?(?:(?:should|must)\s+)?(?:be\s+)?"
    r"(?:completely\s+|totally\s+|just\s+)?(?:silent|mute|muted|soundless|without\s+(?:any\s+)?(?:sound|audio)"
    r"|with\s+no\s+(?:sound|audio)(?:\s+at\s+all)?)(?:\s+(?:film|video|clip))?"
    rf"|^(?:mute|silence)\s+{_FILM}|^(?:no|without)\s+(?:any\s+)?(?:sound|audio)(?:\s+at\s+all)?"
    r"|^(?:turn|switch)\s+off\s+the\s+(?:sound|audio)|^(?:turn|switch)\s+the\s+(?:sound|audio)\s+off",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:\s+(?:please|now|instead|again|then|bitte))*[\s.!]*$", re.IGNORECASE)
NO_SOUND: Final = "There is no sound in a film of this plan, so there is nothing to silence."


def asks_for_silence(part: str) -> bool:
    """The whole part asks for a film without sound."""
    match = _SILENT.match(part.strip())
    return match is not None and _TAIL.fullmatch(part.strip(), match.end()) is not None


def silence(work: Work) -> None:
    names = {step["id"] for step in work.steps if _sounds_in_film(work, step)}
    if names:
        take_out(work, names)
    else:
        work.asks.append(NO_SOUND)


def take_out(work: Work, names: Iterable[str]) -> None:
    """The steps, and what cannot be without them: a join of one thing, a face without its voice."""
    gone, count = set(names), -1
    while len(gone) != count:
        count = len(gone)
        gone |= {step["id"] for step in work.steps if gone & set(ups(step)) and _is_lost(work, step, gone)}
    for step in work.steps:
        if step["id"] not in gone and gone & set(ups(step)):
            left = _sources(work, step, gone)
            if len(left) < len(ups(step)):
                _speak_no_more(work, step, gone & set(ups(step)))
            step["depends_on"] = left
            work.touched.add(step["id"])
    work.steps = [step for step in work.steps if step["id"] not in gone]
    if gone:
        work.thoughts.append(f"{len(gone)} of the steps are not wanted any more.")


def _speak_no_more(work: Work, step: Step, lost: Iterable[str]) -> None:
    """Its words say no more what it was made from."""
    kinds = [str(up.get("agent_type")) for name in lost if (up := work.by_id(name)) is not None]
    for name in (CALLED.get(kind, kind) for kind in kinds):
        said = re.sub(rf"\s(?:from|for) the {name}\b(?=$|[:.,])", "", str(step.get("description", "")))
        step["description"] = said


def _is_lost(work: Work, step: Step, gone: set[str]) -> bool:
    before, left = len(ups(step)), len(_sources(work, step, gone))
    return left < before and (
        (step.get("agent_type") == "utility" and left <= 1) or step.get("agent_type") == "lipsync"
    )


def _sources(work: Work, step: Step, gone: set[str]) -> list[str]:
    """What it is made of, where some of that goes: in the place of what only changed a thing, the thing itself."""
    found: list[str] = []
    for name in ups(step):
        left = _passed_on(work, name, gone)
        found += [left] if left is not None and left not in found else []
    return found


def _passed_on(work: Work, name: str, gone: set[str]) -> str | None:
    step = work.by_id(name)
    seen: set[str] = set()
    while step is not None and step["id"] in gone and step["id"] not in seen:
        seen.add(step["id"])
        gives = _gives(work, step)
        step = next(
            (up for one in ups(step) if (up := work.by_id(one)) is not None and _gives(work, up) == gives), None
        )
    return step["id"] if step is not None and step["id"] not in gone else None


def _gives(work: Work, step: Step) -> str:
    """A voice that is laid over a film is that film."""
    kind = str(step.get("agent_type"))
    if kind in SOUNDS and any(_is_film(work, one) for one in ups(step)):
        return "video"
    return MEDIUM_OF.get(kind, "video")


def _is_film(work: Work, name: str) -> bool:
    step = work.by_id(name)
    return step is not None and (step.get("agent_type") in FILMS | {"utility"} or _gives(work, step) == "video")


def _sounds_in_film(work: Work, step: Step) -> bool:
    if step.get("agent_type") not in SOUNDS:
        return False
    joined = any(one.get("agent_type") == "utility" and step["id"] in ups(one) for one in work.steps)
    return joined or any(_is_film(work, one) for one in ups(step))
