"""What rules leave open in a plan's inputs: what a model is told of it, and how much of its answer counts. Pure.

An answer reaches the fields that were asked about and no others, and goes through the same rules as a plan's input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from commands.canvas.commands import UNUSED, UNWIRABLE
from events.catalog.events import ModelSpec
from processors.agents.answers.objects import objects
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import Fitted, price_of
from processors.agents.fitting.fields import verify
from processors.agents.fitting.media_fields import free_for, references
from processors.agents.fitting.rehearsal import unwirable
from processors.agents.fitting.verifying import DOUBTS, Unsettled, value_at
from processors.agents.words.references import KnownUpload, notation
from processors.executor.slots import Slot, media_slots, resolved

STEPS_MAX: Final = 40
FIELDS_MAX: Final = 12
"""Of one step."""
GIVEN_CHARS_MAX: Final = 400
CHOICES_MAX: Final = 60
_NEED_FILES: Final = frozenset({"foreign-file", "wrong-medium"})


@dataclass(frozen=True, slots=True)
class Question:
    """A step with fields that are to be settled."""

    fitted: Fitted
    spec: ModelSpec
    fields: tuple[Unsettled, ...]

    def as_json(self) -> dict[str, Any]:
        step = self.fitted.step
        slots = {slot.name: slot for slot in media_slots(self.spec.input_schema)}
        return {
            "id": step.id,
            "title": step.title,
            "description": step.description,
            "agent_type": step.agent_type,
            "depends_on": list(step.depends_on),
            "model": self.spec.id,
            "input": _short(self.fitted.input),
            "open": [
                {
                    "field": one.field,
                    "problem": DOUBTS[one.doubt],
                    "takes": _rule(self.spec, one.field, slots.get(one.field)),
                    **({} if one.given is None else {"given": _short(one.given)}),
                }
                for one in self.fields
            ],
        }


def questions(fitted: Sequence[Fitted], catalog: Catalog, attached: Iterable[KnownUpload] = ()) -> list[Question]:
    """None where rules have settled everything, or nobody could know better. `attached` came with the message."""
    unused = list(_unused(fitted, attached))
    found = []
    for one in fitted:
        spec = catalog.models.get(one.model)
        if spec is None:
            continue
        slots = {slot.name: slot for slot in media_slots(spec.input_schema)}
        left = {doubt.field: doubt for doubt in one.unsettled if _can_be_settled(doubt, slots.get(doubt.field), one)}
        for upload in unused:
            if (slot := free_for(slots.values(), one.input, upload.medium, one.known)) is not None:
                left.setdefault(slot.name, Unsettled(slot.name, "unused-upload"))
        if left:
            found.append(Question(one, spec, tuple(left.values())[:FIELDS_MAX]))
    return found[:STEPS_MAX]


def settled(fitted: Sequence[Fitted], asked: Sequence[Question], answer: Mapping[str, Any] | None) -> list[Fitted]:
    """The inputs with what of an answer fits the fields that it was asked for."""
    given = {str(one.get("id")): one.get("input") for one in objects((answer or {}).get("steps"))}
    better = {
        question.fitted.step.id: _settled(question, said)
        for question in asked
        if isinstance(said := given.get(question.fitted.step.id), Mapping)
    }
    return [better.get(one.step.id, one) for one in fitted]


def _settled(question: Question, said: Mapping[str, Any]) -> Fitted:
    one, spec = question.fitted, question.spec
    values, done = dict(one.input), list[str]()
    for doubt in question.fields:
        value = said.get(doubt.field, value_at(said, doubt.field.split(".")))
        if value in (None, "", [], {}):
            continue
        top = doubt.field.split(".")[0]
        trial = {**values, top: _merged(values.get(top), doubt.field.split(".")[1:], value)}
        read = verify(spec, replace(one.step, input=trial), one.known)
        if top in read.values and doubt.field not in {left.field for left in read.unsettled}:
            values[top] = read.values[top]
            done.append(doubt.field)
    if not done:
        return one
    left = tuple(doubt for doubt in one.unsettled if doubt.field not in done)
    prefix = f"{one.step.id}:"
    kept = [flag for flag in one.flags if not flag.startswith((f"{prefix}{UNWIRABLE}:", f"{prefix}{UNUSED}:"))]
    price, priceless = price_of(spec, values)
    now = [*(f"settled:{name.lower()}" for name in done), *unwirable(spec, one.step, values, one.known), *priceless]
    flags = (*kept, *(f"{prefix}{flag}" for flag in now))
    return replace(one, input=values, estimate=price, flags=flags, unsettled=left)


def _merged(present: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    inner = present if isinstance(present, Mapping) else {}
    return {**inner, path[0]: _merged(inner.get(path[0]), path[1:], value)}


def _can_be_settled(doubt: Unsettled, slot: Slot | None, one: Fitted) -> bool:
    """A file has to be there before anybody can name it; where one step before gives one, the wiring will take that."""
    if slot is None or doubt.doubt not in _NEED_FILES:
        return True
    if before := sum(1 for step in one.known.steps if slot.kinds & step.media):
        return before > 1
    return any(upload.medium in slot.kinds for upload in one.known.uploads)


def _unused(fitted: Iterable[Fitted], attached: Iterable[KnownUpload]) -> Iterator[KnownUpload]:
    used = {reference for one in fitted for reference in references(one.input)}
    return (upload for upload in attached if notation(upload) not in used)


def _rule(spec: ModelSpec, name: str, slot: Slot | None) -> dict[str, Any]:
    if slot is not None:
        return {"file": sorted(slot.kinds), **({"list": True} if slot.many else {})}
    rule = resolved(spec.input_schema.get("properties", {}).get(name, {}), spec.input_schema)
    told = {key: rule[key] for key in ("type", "minimum", "maximum", "maxLength", "description") if key in rule}
    return {**told, "enum": list(rule["enum"])[:CHOICES_MAX]} if rule.get("enum") else told


def _short(value: Any) -> Any:
    """As it is, or the beginning of what it would be as text."""
    text = orjson.dumps(value, default=dict).decode()
    return value if len(text) <= GIVEN_CHARS_MAX else text[:GIVEN_CHARS_MAX]
