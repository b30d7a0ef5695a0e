"""Gives a step another source: `use the second picture for the video`, `my photo instead of the picture`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from adapters.llm.offline.draft import MEDIUM_OF
from adapters.llm.offline.swaps import Use
from adapters.llm.offline.wording import bare
from adapters.llm.offline.work import Found, Step, Work, ups

_LABEL = re.compile(r"(?:made_)?(?:image|video|audio|3d|text|other)_\d+", re.IGNORECASE)
AGAIN: Final = (
    "The plan has that in it already, as it is now. To have an earlier result of it back, choose “Go back to it” at "
    "that run in the list of runs; it costs nothing."
)


def use(work: Work, wish: Use) -> bool:
    """False where the words ask for something else."""
    label = _LABEL.fullmatch(bare(wish.what))
    medium = label[0].rpartition("_")[0].lower().removeprefix("made_") if label is not None else ""
    source = "" if label is not None else _one(work.find(wish.what))
    if label is None and not source:
        return False
    if source:
        step = work.by_id(source)
        medium = MEDIUM_OF.get(str(step.get("agent_type")), "") if step is not None else ""
    users = [step for step in _users(work, medium) if step["id"] != source and source not in ups(step)]
    if wish.target:
        named = {step["id"] for step in work.find(wish.target).steps}
        users = [step for step in work.steps if step["id"] in named and step["id"] != source]
    if len(users) != 1:
        if wish.again and source:
            work.asks.append(AGAIN)
            return True
        return False
    _source_in_place(work, users[0], medium, source or (label[0].lower() if label is not None else ""))
    return True


def label_of(words: str) -> str:
    """The file that they are nothing but the label of; empty where they are not."""
    match = _LABEL.fullmatch(bare(words))
    return match[0].lower() if match is not None else ""


def file_in_place(work: Work, old: Iterable[Step], label: str) -> None:
    """A file instead of what would have been made: what was made from that is made from the file."""
    medium = label.rpartition("_")[0].removeprefix("made_")
    for step in list(old):
        users = [one for one in work.steps if step["id"] in ups(one)]
        if not users or MEDIUM_OF.get(str(step.get("agent_type"))) != medium:
            work.asks.append(f"Nothing in the plan could be made from {label} in the place of “{step.get('title')}”.")
            continue
        for user in users:
            _source_in_place(work, user, medium, label)
        work.steps = [one for one in work.steps if one is not step]


def _source_in_place(work: Work, step: Step, medium: str, source: str) -> None:
    """The step is made from this instead of what it had of that medium."""
    of_medium = {one["id"] for one in work.steps if MEDIUM_OF.get(str(one.get("agent_type"))) == medium}
    left = [up for up in ups(step) if up not in of_medium]
    is_file = _LABEL.fullmatch(source) is not None
    old = next((str(value) for value in (step.get("input") or {}).values() if _is_file_of(value, medium)), "")
    step["depends_on"] = left if is_file else [*left, source]
    field = next((key for key, value in (step.get("input") or {}).items() if _is_file_of(value, medium)), medium)
    work.fill(step, {field: source} if is_file else {})
    if is_file and old:
        step["description"] = str(step.get("description", "")).replace(old.removeprefix("upload:"), source)


def _is_file_of(value: object, medium: str) -> bool:
    label = value.removeprefix("upload:") if isinstance(value, str) else ""
    return _LABEL.fullmatch(label) is not None and label.rpartition("_")[0].removeprefix("made_") == medium


def _users(work: Work, medium: str) -> list[Step]:
    """Steps that are made from a thing of this medium."""
    of_medium = {one["id"] for one in work.steps if MEDIUM_OF.get(str(one.get("agent_type"))) == medium}
    return [
        step
        for step in work.steps
        if of_medium & set(ups(step)) or any(_is_file_of(value, medium) for value in (step.get("input") or {}).values())
    ]


def _one(found: Found) -> str:
    return str(found.steps[0]["id"]) if len(found.steps) == 1 else ""
