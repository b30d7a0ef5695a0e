"""A wish about what the same request makes: `a picture of a dog, make it black and white`, `add a hat`."""

from __future__ import annotations

import re
from typing import Final

from adapters.llm.offline.altering import alter
from adapters.llm.offline.draft import Draft
from adapters.llm.offline.limits import files_wish
from adapters.llm.offline.reading import Clause
from adapters.llm.offline.work import Step, Work

_ADDS = re.compile(
    r"^(?:please\s+)?(?:add|put|include|place|give (?:it|him|her|them))\s+"
    r"(?P<thing>(?!(?:it|this|that|them)\b).{1,200}?)"
    r"(?:\s+(?:to|on|in|into)\s+(?:it|the (?:picture|image|video|clip|scene)))?[\s.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_WISHES = re.compile(
    r"\b(?:should|must|needs? to|has to|have to|ought to|shall)\b|^(?:make sure|ensure|with|in|use|keep)\b",
    re.IGNORECASE,
)
_DESCRIBED: Final = ("image", "video", "3d", "music", "audio", "text")
NOT_USED: Final = "I could not tell what “{}” asks for, so it is in no step."
_QUIET = re.compile(
    r"^(?:thanks?|thank you|thx|please|cheers|hi|hello|hey|ok|okay|great|nice|cool|good|i|i'm|i am|it's|it is|my|we"
    r"|we're|that's|don't|do not|no|not|without|never|sorry|bye|best|regards|yours|love|this is for|for)\b",
    re.IGNORECASE,
)
"""What begins like this tells of the person, or refuses something: nothing has to come of it."""
_SHOWN_CHARS: Final = 80


def refine(draft: Draft, said: str, clause: Clause) -> bool:
    """Changes the new step that the words mean. False where none of the new steps can be meant."""
    latest = {source.ref for source in draft.latest}
    steps = [step for step in draft.steps if step["id"] not in draft.taken]
    if clause.pronouns:
        steps = [step for step in steps if step["id"] in latest]
    if not steps:
        return False
    work = Work(draft.facts, steps, {})
    before = {step["id"]: str(step["description"]) for step in steps}
    alter(work, said, clause)
    for step in steps:
        _fill(step, before[step["id"]], work.told.get(step["id"]))
    draft.notes += work.asks
    return True


def follow(draft: Draft, rest: str) -> None:
    """Words behind a request that ask for nothing by themselves: a wish about what was made last, or it is said."""
    if (answer := files_wish(rest)) is not None:
        draft.notes.append(answer)
        return
    steps = [step for step in draft.steps if step["id"] not in draft.taken and step["agent_type"] in _DESCRIBED]
    adds = _ADDS.match(rest)
    if steps and (adds is not None or _WISHES.search(rest)):
        step, before = steps[-1], str(steps[-1]["description"])
        wish = f"with {adds['thing']}" if adds is not None else f"{rest[:1].lower()}{rest[1:]}".rstrip(". ")
        step["description"] = f"{before.rstrip('.')}, {wish}"
        _fill(step, before, {})
    elif draft.steps and len(rest.split()) > 1 and not _QUIET.match(rest):
        draft.notes.append(NOT_USED.format(rest[:_SHOWN_CHARS]))


def _fill(step: Step, before: str, told: dict[str, object] | None) -> None:
    """Its prompt goes on being what describes it."""
    if told is None:
        return
    values = {**step.get("input", {}), **told}
    if values.get("prompt") == before:
        values["prompt"] = step["description"]
    step["input"] = values
