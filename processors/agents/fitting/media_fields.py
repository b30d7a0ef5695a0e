"""Puts references into a model's media fields: those that the plan gives, and those that the step's words name. Pure.

A field may be nested, or wrap its file in an object; then the reference stands where the file's address would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from processors.agents.fitting.verifying import Work, value_at
from processors.agents.words.references import Known, KnownStep, KnownUpload, is_notation, notation
from processors.executor.slots import AUXILIARY, Slot


def take_media(work: Work, slot: Slot, value: Any) -> None:
    """What the plan gives for a field, as far as it is known here and of a medium that the field takes."""
    fitting = list[str]()
    for one in value if isinstance(value, list) else [value]:
        found, sure = work.known.file(one, slot.kinds)
        if found is None:
            work.flag("foreign-file", slot.name)
            work.ask(slot.name, "foreign-file", one)
        elif slot.kinds & _media(found):
            fitting.append(notation(found))
            if not sure:
                work.flag("near-name", slot.name)
                work.ask(slot.name, "near-name", one)
        else:
            work.flag("wrong-medium", slot.name)
            work.ask(slot.name, "wrong-medium", one)
    if fitting:
        _put(work.built, slot, list(dict.fromkeys(fitting)))


def take_nested(work: Work, name: str, value: Mapping[str, Any]) -> None:
    """The files in an object of the plan, each in its own field."""
    for slot in work.slots.values():
        if slot.path[0] == name and len(slot.path) > 1 and (given := value_at(value, slot.path[1:])) is not None:
            take_media(work, slot, given)


def place_uploads(work: Work) -> None:
    """What the step names goes into free fields of its medium; a field that must be filled takes the newest upload
    that fits when nothing comes from upstream. A title names none: it numbers what is made."""
    used = references(work.built)
    by_words = {notation(found): found for found in work.known.mentioned(work.step.description)}
    named = {notation(upload): upload for upload in work.named} | by_words
    left = [found for name, found in named.items() if name not in used]
    upstream = {medium for step in work.known.steps for medium in step.media}
    free = [slot for slot in work.slots.values() if value_at(work.built, slot.path) is None and _is_for_files(slot)]
    for slot in free:
        fitting = [found for found in left if slot.kinds & _media(found)]
        if len(fitting) > 1 and not slot.many and sum(1 for other in free if other.kinds & slot.kinds) > 1:
            work.ask(slot.name, "by-order")
        if not fitting and slot.required and not slot.kinds & upstream:
            fitting = _newest(work, slot)
        if fitting:
            taken = fitting[: slot.max_items] if slot.many else fitting[:1]
            _put(work.built, slot, [notation(one) for one in taken])
            if any(notation(one) in by_words for one in taken):
                work.flag("upload-by-words", slot.name)
            left = [found for found in left if found not in taken]


def _newest(work: Work, slot: Slot) -> list[KnownUpload | KnownStep]:
    fitting: list[KnownUpload | KnownStep] = [one for one in work.known.uploads if one.medium in slot.kinds]
    if not fitting:
        return []
    work.flag("newest-upload", slot.name)
    if len(fitting) > 1:
        work.ask(slot.name, "newest-upload")
    return fitting[-1:]


def _is_for_files(slot: Slot) -> bool:
    """A mask is never guessed."""
    return slot.rank != AUXILIARY or slot.required


def free_for(slots: Iterable[Slot], values: Mapping[str, Any], medium: str, known: Known) -> Slot | None:
    """The first field that a file of this medium could go into: empty, and not waiting for a step's output."""
    if any(medium in step.media for step in known.steps):
        return None
    fitting = (slot for slot in slots if medium in slot.kinds and slot.rank != AUXILIARY)
    return next((slot for slot in fitting if value_at(values, slot.path) is None), None)


def _media(found: KnownUpload | KnownStep) -> frozenset[str]:
    return found.media if isinstance(found, KnownStep) else frozenset({found.medium})


def _put(built: dict[str, Any], slot: Slot, references: Sequence[str]) -> None:
    target = built
    for name in slot.path[:-1]:
        if not isinstance(target.get(name), dict):
            target[name] = {}
        target = target[name]
    framed = [{**dict(slot.frame), slot.leaf: one} if slot.leaf else one for one in references]
    target[slot.path[-1]] = framed[: slot.max_items] if slot.many else framed[0]


def references(value: Any) -> set[str]:
    """All that stand anywhere in an input."""
    if is_notation(value):
        return {value}
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {found for one in inner for found in references(one)}
