"""What the steps of a plan show and speak of: another thing in its place, or without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from adapters.llm.offline.lexicon import kind_of, some_of
from adapters.llm.offline.wording import bare, head_of, put_in_place, speaks_of, subject_of
from adapters.llm.offline.work import Step, Work

_ASPECTS: Final = some_of("""
    background backdrop sky color colour colors colours style light lighting font floor wall walls foreground scene
    setting mood tone weather camera angle perspective text title logo clothes outfit hair face expression pose season
    time place location frame border shape size material lettering atmosphere""")
"""What a picture has without its description speaking of it."""
_STYLES: Final = some_of("""
    bit little lot tad touch shade scene version style look mood night day close-up closeup view tone theme loop way
    second minute few more less background one ones""")
"""After `make it a`: not what is shown, but how."""
_SHOWN_BY: Final = ("image", "video", "3d")
_THING = re.compile(r"(?:an?|some|the|my|our|two|three)\s", re.IGNORECASE)
_INTO = re.compile(
    r"(?:please\s+)?(?:add|put|include|place)\s+(?P<thing>(?!(?:it|this|that|them|these|those|him|her|me)\b).+?)\s+"
    r"(?:to|on|onto|in|into)\s+(?P<place>(?:the|my|our|that|this)\s.+?|it|this|that)(?:\s+please)?$",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:please\s+)?(?:add|include|put in)\s+(?P<thing>(?:an?|some|the|two|three)\s.+?)(?:\s+please)?$", re.IGNORECASE
)
_SAYING = re.compile(r"\b(?:says?|saying|reads?|reading)\b|[\"“„«]", re.IGNORECASE)
_OF = re.compile(r"(?P<thing>.+?)\s+(?:from|in|on|of|off)\s+(?P<place>(?:the|my|our|that|this)\s.+|it)$", re.IGNORECASE)


def thing_in_place(work: Work, old: str, new: str) -> None:
    """Wherever the plan speaks of it. A mere property comes before it: `change the dog to brown`."""
    said = new if _is_thing(old, new) else f"{new} {bare(old)}"
    for step in work.steps:
        put_in_place(work, step, old, said)


def subject_in_place(work: Work, step: Step, new: str, *, sure: bool = False) -> bool:
    """`make it a bottle`: what the step shows is another, for all that is made from it, too. False where the words are
    about how it is shown; `sure`: they are not."""
    core, subject = head_of(new), subject_of(step)
    if not core or {core.lower().split()[0], core.lower().split()[-1]} & _STYLES:
        return False
    if not sure and not _THING.match(new) and (not subject or _THING.match(subject) or step["agent_type"] in _SHOWN_BY):
        return False
    if not sure and any(kind_of(word) for word in core.split()):
        return False
    old = head_of(subject)
    if not old:
        step["description"] = f"{str(step.get('description', '')).rstrip('.')} about {new}"
        work.fill(step, {})
        return sure
    one = len(core.split()) == 1 and old.lower().split()[-1] != old.lower()
    pair = (old.split()[-1], core) if one else (old, new)
    below = work.below([step["id"]])
    for one_step in work.steps:
        if one_step is step or one_step["id"] in below:
            put_in_place(work, one_step, *pair)
    return True


def put_into(work: Work, part: str) -> bool:
    """`add a logo to the picture`: it is shown there from then on. What is heard is no such thing."""
    match = _INTO.match(part.strip(" .!")) or _ALONE.match(part.strip(" .!"))
    if match is None or _is_step_of_its_own(match["thing"], alone="place" not in match.groupdict()):
        return False
    if "place" not in match.groupdict():
        shown = [step for step in work.steps if step.get("agent_type") in _SHOWN_BY][:1]
        return _show(work, shown, match["thing"])
    shown = [step for step in work.find(match["place"]).steps if step.get("agent_type") in _SHOWN_BY]
    if match["place"].lower() in ("it", "this", "that"):
        shown = [step for step in work.steps if step.get("agent_type") in _SHOWN_BY][:1]
    shown = shown or [step for step in work.steps if speaks_of(step, match["place"])][:1]
    return _show(work, shown, match["thing"])


def _show(work: Work, steps: Sequence[Step], thing: str) -> bool:
    for step in steps:
        step["description"] = f"{str(step.get('description', '')).rstrip('.')}, with {thing}"
        work.fill(step, {})
    return bool(steps)


def _is_step_of_its_own(thing: str, *, alone: bool) -> bool:
    """A picture and a text may be in another thing: where nothing says so, only one that says something."""
    kinds = {kind_of(word) for word in re.findall(r"[\w-]+", thing)} - {None}
    if alone and kinds and _SAYING.search(thing) is None:
        return True
    return bool(kinds - {"image", "text"}) or re.search(r"_\d+\b", thing) is not None


def aspect(work: Work, what: str, new: str) -> None:
    """Of the first picture: it has one, though its words do not speak of it."""
    step = next((one for one in work.steps if one.get("agent_type") in _SHOWN_BY), work.steps[0])
    step["description"] = f"{str(step.get('description', '')).rstrip('.')}, {what}: {new}"
    work.fill(step, {})


def is_aspect(what: str) -> bool:
    return head_of(what).lower().split()[-1:] != [] and head_of(what).lower().split()[-1] in _ASPECTS


def is_part(work: Work, what: str) -> bool:
    """It is one of several things that a step shows, or is said to be in one."""
    thing, place = _parted(what)
    if any(kind_of(word) for word in re.findall(r"[\w-]+", thing)):
        return False
    if place and work.find(place).steps:
        return True
    shown = [step for step in work.steps if step.get("agent_type") in _SHOWN_BY and speaks_of(step, thing)]
    return any(_cut(description := str(step.get("description", "")), thing) != description for step in shown)


def without(work: Work, what: str) -> bool:
    """Takes a thing out of what a step shows: `the dog from the picture`, `the background`. False where no step's words
    speak of it, and it is nothing that every picture has."""
    thing, place = _parted(what)
    shown = [step for step in work.steps if speaks_of(step, thing)]
    placed = work.find(place).steps if place else ()
    pictures = [step for step in work.steps if step.get("agent_type") in _SHOWN_BY]
    targets = [*placed] or shown or (pictures[:1] if is_aspect(thing) else [])
    for step in targets:
        description = str(step.get("description", ""))
        cut = _cut(description, thing)
        step["title"] = _cut(str(step.get("title", "")), thing)
        step["description"] = cut if cut != description else f"{description.rstrip('.')}, without {thing}"
        work.fill(step, {})
    return bool(targets)


def _parted(what: str) -> tuple[str, str]:
    match = _OF.match(what.strip(" .,!?"))
    return (match["thing"], match["place"]) if match is not None else (what.strip(" .,!?"), "")


def _cut(description: str, thing: str) -> str:
    """`a dog and a cat` without the cat is a dog."""
    core = re.escape(bare(thing))
    for pattern in (
        rf",?\s+(?:and|with|plus)\s+(?:an?\s+|the\s+)?{core}(?!\w)",
        rf"(?:an?\s+|the\s+)?\b{core}\s+and\s+",
    ):
        shorter = re.sub(pattern, "", description, count=1, flags=re.IGNORECASE)
        if shorter != description:
            return shorter
    return description


def _is_thing(old: str, new: str) -> bool:
    """Several, or with an article, or in the place of what has none."""
    return _THING.match(new) is not None or bare(new).endswith("s") or _THING.match(old) is None or len(new.split()) > 1
