"""Makes a step's input fit its model's schema by rules: names, types, enums, lists, references, what is missing.

Whatever it changes is flagged by a code. An address that belongs to no upload of the session is never passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from events.catalog.events import ModelSpec
from processors.agents.coercion import Unfit, coerced
from processors.agents.field_names import matching, shaped
from processors.agents.plan import PlannedStep
from processors.agents.references import Known, KnownStep, KnownUpload, is_address, is_notation, notation
from processors.executor import durations
from processors.executor.slots import AUXILIARY, Slot, TextSlot, media_slots, resolved, text_slots

_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{2,2000})[\"”“»]")
_CODE = re.compile(r"[^a-z0-9_]+")


@dataclass(slots=True)
class _Work:
    """An input under way."""

    spec: ModelSpec
    step: PlannedStep
    known: Known
    rules: Mapping[str, Mapping[str, Any]]
    slots: Mapping[str, Slot]
    """Media fields of the top level, by name, best first."""
    built: dict[str, Any] = field(default_factory=dict)
    named: list[KnownUpload] = field(default_factory=list)
    """Uploads that the plan names for this step but in no field of the model."""
    flags: list[str] = field(default_factory=list)

    def flag(self, code: str, name: str) -> None:
        self.flags.append(f"{code}:{_CODE.sub('_', name.lower())[:40]}")


def verify(spec: ModelSpec, step: PlannedStep, known: Known) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The input as the schema wants it, and what was changed. Media of upstream steps are left to the wiring."""
    schema = spec.input_schema
    rules = {name: resolved(rule, schema) for name, rule in schema.get("properties", {}).items()}
    slots = {slot.path[0]: slot for slot in media_slots(schema) if len(slot.path) == 1}
    work = _Work(spec, step, known, rules, slots)
    _take_given(work)
    _place_uploads(work)
    _place_words(work)
    _place_duration(work)
    _fill_required(work)
    _drop_invalid(work)
    return work.built, tuple(dict.fromkeys(work.flags))


def _take_given(work: _Work) -> None:
    """What the plan says, exact names first so that a synonym never takes their place."""
    given = shaped(work.step.input, work.rules)
    for key, value in sorted(given.items(), key=lambda item: item[0] not in work.rules):
        if value is None or value in ("", [], {}):
            continue
        name = matching(key, work.rules)
        if name is None or name in work.built:
            _strip(work, key, value)
        elif name in work.slots:
            _take_media(work, name, value)
        else:
            _take_value(work, name, value)


def _strip(work: _Work, key: str, value: Any) -> None:
    for one in value if isinstance(value, list) else [value]:
        found = work.known.find(one) or work.known.find(key)
        if isinstance(found, KnownUpload):
            work.named.append(found)
            return
    if not durations.names(key):
        work.flag("stripped", key)


def _take_media(work: _Work, name: str, value: Any) -> None:
    slot, fitting = work.slots[name], list[str]()
    for one in value if isinstance(value, list) else [value]:
        found = work.known.find(one)
        if found is None:
            work.flag("foreign-file", name)
        elif slot.kinds & (found.media if isinstance(found, KnownStep) else {found.medium}):
            fitting.append(notation(found))
        else:
            work.flag("wrong-medium", name)
    if fitting:
        work.built[name] = fitting[: slot.max_items] if slot.many else fitting[0]


def _take_value(work: _Work, name: str, value: Any) -> None:
    if isinstance(value, str) and isinstance(found := work.known.find(value), KnownStep) and "text" in found.media:
        work.built[name] = notation(found)
        return
    if is_address(value) or is_notation(value):
        work.flag("foreign-address", name)
        return
    clean, dropped = _without_addresses(value)
    if dropped:
        work.flag("foreign-address", name)
    try:
        fit = coerced(clean, work.rules[name])
    except Unfit:
        work.flag("unfit", name)
        return
    if fit != clean:
        work.flag("changed", name)
    work.built[name] = fit


def _without_addresses(value: Any) -> tuple[Any, bool]:
    """Nested values without whole addresses."""
    if isinstance(value, Mapping):
        inner = {key: _without_addresses(one) for key, one in value.items() if not is_address(one)}
        return {key: one for key, (one, _) in inner.items()}, len(inner) < len(value) or any(
            d for _, d in inner.values()
        )
    if isinstance(value, list):
        listed = [_without_addresses(one) for one in value if not is_address(one)]
        return [one for one, _ in listed], len(listed) < len(value) or any(dropped for _, dropped in listed)
    return value, False


def _place_uploads(work: _Work) -> None:
    """Uploads that the step's words name go into free fields of their medium; a field that must be filled takes the
    newest that fits when nothing comes from upstream."""
    text = f"{work.step.title} {work.step.description}"
    named = list({upload.label: upload for upload in (*work.named, *work.known.mentioned(text))}.values())
    used = {
        one
        for value in work.built.values()
        for one in (value if isinstance(value, list) else [value])
        if is_notation(one)
    }
    named = [upload for upload in named if notation(upload) not in used]
    upstream = {medium for step in work.known.steps for medium in step.media}
    for name, slot in work.slots.items():
        if name in work.built or (slot.rank == AUXILIARY and not slot.required):
            continue
        fitting = [upload for upload in named if upload.medium in slot.kinds]
        if not fitting and slot.required and not slot.kinds & upstream:
            fitting = [upload for upload in reversed(work.known.uploads) if upload.medium in slot.kinds][:1]
            if fitting:
                work.flag("newest-upload", name)
        if fitting:
            taken = fitting[: slot.max_items] if slot.many else fitting[:1]
            work.built[name] = [notation(one) for one in taken] if slot.many else notation(taken[0])
            named = [upload for upload in named if upload not in taken]


def _place_words(work: _Work) -> None:
    """What is spoken or shown: as given, else the upstream text, else what the description quotes, else itself."""
    upstream = next((step for step in work.known.steps if "text" in step.media), None)
    description = work.step.description.strip()
    slots = text_slots(work.spec.input_schema)
    speaks = work.spec.agent_type == "speech"
    for slot in slots:
        if slot.name in work.built or (slot.verbatim and not (slot.required or speaks)):
            continue
        if slot.verbatim and upstream is not None:
            work.built[slot.name] = notation(upstream)
        elif slot.verbatim:
            quoted = _QUOTED.search(description)
            work.built[slot.name] = coerced(quoted[1] if quoted else description, work.rules[slot.name])
            work.flag("filled", slot.name)
        elif _lacks_prompt(work, slots) and not (speaks and any(other.verbatim for other in slots)):
            work.built[slot.name] = coerced(description, work.rules[slot.name])


def _lacks_prompt(work: _Work, slots: Sequence[TextSlot]) -> bool:
    return not any(slot.name in work.built for slot in slots if not slot.verbatim)


def _place_duration(work: _Work) -> None:
    name = durations.field_for(work.rules)
    if name is None:
        return
    given = next((s for k, v in work.step.input.items() if durations.names(k) and (s := durations.seconds(v))), None)
    wanted = given if given is not None else durations.said_in(work.step.description)
    if wanted is not None and not (name.endswith("_ms") and name in work.step.input):
        work.built[name] = durations.spelled(wanted, name, work.rules[name])


def _fill_required(work: _Work) -> None:
    for name in work.spec.input_schema.get("required", ()):
        rule = work.rules.get(name)
        if name in work.built or name in work.slots or rule is None or rule.get("type") in ("object", "array"):
            continue
        work.built[name] = _usual(rule, work.step.description)
        work.flag("filled", name)


def _usual(rule: Mapping[str, Any], description: str) -> Any:
    if "const" in rule or "default" in rule:
        return rule.get("const", rule.get("default"))
    if rule.get("enum"):
        return rule["enum"][0]
    if rule.get("type") in ("integer", "number"):
        return rule.get("minimum", 1)
    return False if rule.get("type") == "boolean" else coerced(description, rule)


def _drop_invalid(work: _Work) -> None:
    """The schema has the last word; what it objects to is left out rather than sent."""
    for name in dict.fromkeys(_objections(work)):
        if not is_notation(work.built.get(name)):
            work.built.pop(name, None)
            work.flag("invalid", name)


def _objections(work: _Work) -> Iterator[str]:
    for error in Draft202012Validator(work.spec.input_schema).iter_errors(work.built):
        if error.absolute_path:
            yield str(error.absolute_path[0])
