"""Builds a job's input from a step: its own input first, then upstream outputs by medium, then its words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from events.catalog.events import ModelSpec
from processors.executor import durations
from processors.executor.material import Material, OpenedStep, Upstream, refers
from processors.executor.quoted import asked_of
from processors.executor.ranking import ranked
from processors.executor.slots import AUXILIARY, EXTRA, SAID, Slot, TextSlot, media_slots, resolved, text_slots

_QUOTED = re.compile(r"[\"“„«']((?:[^\"”“»]+\s){2,}[^\"”“»]+)[\"”“»']")
_PLACEHOLDER = "https://asset.invalid/file"
_OBJECTIONS = {
    "enum": "must be one of {}",
    "type": "must be of type {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that could not be filled, and what was missing."""

    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Unwirable:
    """The step cannot become a job of this model."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)


def wire(spec: ModelSpec, step: OpenedStep) -> dict[str, Any] | Unwirable:
    """The input for the model's schema; files stand in it as `{"$asset": …}`."""
    slots = media_slots(spec.input_schema)
    built, named = _own_input(spec, step, slots)
    _place_media(built, slots, named, step)
    _place_words(built, spec, step)
    _place_duration(built, spec, step)
    _place_defaults(built, spec)
    problems = tuple(_problems(spec, built, slots, step))
    return Unwirable(problems) if problems else built


def unused(wired: Mapping[str, Any], step: OpenedStep) -> tuple[Upstream, ...]:
    """The steps before it that have given something of which nothing has found a place in the input."""
    placed, words = _assets_in(wired), "\n".join(_words_in(wired))
    return tuple(
        one
        for one in step.upstream
        if one.outputs
        and not any(
            file.asset.asset_id in placed or (file.text is not None and file.text in words) for file in one.outputs
        )
    )


def _words_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _words_in(one)


def _own_input(spec: ModelSpec, step: OpenedStep, slots: Sequence[Slot]) -> tuple[dict[str, Any], list[Material]]:
    """What the step's input says, references resolved; and the files it names under keys that the model lacks."""
    properties = spec.input_schema.get("properties", {})
    closed = spec.input_schema.get("additionalProperties") is False
    of_field = {slot.path[0]: slot for slot in slots if len(slot.path) == 1}
    words = {slot.name for slot in text_slots(spec.input_schema)}
    built: dict[str, Any] = {}
    named: list[Material] = []
    for key, value in step.input.items():
        if value is None:
            continue
        if key in of_field:
            built[key] = _in_shape(value, of_field[key], step, step.input)
        elif key in properties:
            found = _resolved(value, step)
            built[key] = value if key in words and not isinstance(found, str) else found  # a file is no words
        elif files := [file for one in _as_list(value) if isinstance(one, str) for file in step.find(one)[:1]]:
            named.extend(files)
        elif not closed and key not in SAID and not durations.names(key):
            built[key] = value
    return built, named


def _in_shape(value: Any, slot: Slot, step: OpenedStep, values: Mapping[str, Any]) -> Any:
    """One file for a list is wrapped, of several for a single one the best counts, a bare file gets its frame."""
    found: list[Any] = []
    for one in _as_list(value):
        files = step.find(one) if isinstance(one, str) else ()
        fitting = [file for file in files if file.kind in slot.kinds]
        best = fitting if slot.many else ranked(fitting, values)
        found.extend([file.value() for file in best] or ([] if files else [_resolved(one, step)]))
    framed = [_framed(one, slot) for one in found]
    return framed[: slot.max_items] if slot.many else next(iter(framed), None)


def _resolved(value: Any, step: OpenedStep) -> Any:
    """References in it replaced: a file by its asset, a text by its words."""
    if isinstance(value, str):
        files = step.find(value)
        if not files:
            return value
        return files[0].text if files[0].text is not None else files[0].value()
    if isinstance(value, list):
        return [_resolved(one, step) for one in value]
    if isinstance(value, Mapping) and "$asset" not in value:
        return {key: _resolved(one, step) for key, one in value.items()}
    return value


def _framed(value: Any, slot: Slot) -> Any:
    bare = isinstance(value, str) or (isinstance(value, Mapping) and "$asset" in value)
    return {**dict(slot.frame), slot.leaf: value} if slot.leaf and bare else value


def _place_media(built: dict[str, Any], slots: Sequence[Slot], named: list[Material], step: OpenedStep) -> None:
    """Each free slot gets what is left of its media: first the files named in the input, then each step's outputs."""
    used = _assets_in(built)
    pool = _Pool([[file] for file in named] + [list(one.outputs) for one in step.upstream], used, built)
    for slot in slots:
        if slot.rank == AUXILIARY and not slot.required:
            continue
        if _at(built, slot.path) in (None, "", []) and (files := pool.take(slot)):
            _put(built, slot, files)
    uploads = _Pool([[file] for _, file in step.uploads], used | _assets_in(built), built)
    for slot in slots:
        if slot.required and _at(built, slot.path) in (None, "", []) and (files := uploads.take(slot)):
            _put(built, slot, files)


class _Pool:
    """Files not yet placed, grouped by the step they came from, in order of dependencies."""

    def __init__(self, groups: Iterable[list[Material]], used: set[str], values: Mapping[str, Any]) -> None:
        self._groups = [[file for file in group if file.asset.asset_id not in used] for group in groups]
        self._served: set[tuple[int, str]] = set()
        self._values = values

    def take(self, slot: Slot) -> list[Material]:
        """All that fit for a list; for a single field the best of a step that has given none of that kind yet."""
        groups = self._groups if slot.many else [ranked(group, self._values) for group in self._groups]
        fitting = [(n, file) for n, group in enumerate(groups) for file in group if file.kind in slot.kinds]
        if not slot.many:
            fresh = [(n, file) for n, file in fitting if (n, file.kind) not in self._served]
            fitting = (fresh or (fitting if slot.required else []))[:1]
        elif slot.rank == EXTRA and not slot.required:
            fitting = [(n, file) for n, file in fitting if (n, file.kind) not in self._served]
        fitting = fitting[: slot.max_items]
        for n, file in fitting:
            self._groups[n].remove(file)
            self._served.add((n, file.kind))
        return [file for _, file in fitting]


def _put(built: dict[str, Any], slot: Slot, files: Sequence[Material]) -> None:
    target = built
    for name in slot.path[:-1]:
        inner = target.get(name)
        target[name] = dict(inner) if isinstance(inner, Mapping) else {}
        target = target[name]
    values = [_framed(file.value(), slot) for file in files]
    target[slot.path[-1]] = values if slot.many else values[0]


def _place_words(built: dict[str, Any], spec: ModelSpec, step: OpenedStep) -> None:
    """The words to speak or show go in as they are; a prompt is the description and, below it, upstream texts, which
    are data for a model that writes."""
    slots = text_slots(spec.input_schema, speaks=spec.agent_type == "speech")
    said = next((words for k in SAID if isinstance(words := step.input.get(k), str) and not refers(words)), None)
    description = step.description.strip() or step.title.strip()
    texts = [text for one in step.upstream for file in one.outputs if (text := file.text)]
    prompt = next((slot for slot in slots if not slot.verbatim), None)
    if prompt is not None and spec.agent_type == "text" and built.get(prompt.name) in texts:
        del built[prompt.name]
    texts = [text for text in texts if text not in built.values()]
    spoken = next((slot for slot in slots if slot.verbatim), None)
    if spoken is not None:
        must = spoken.required or spoken.name in _alternatives(spec, built)
        made_up = must or (spec.agent_type == "speech" and prompt is None)
        words = _spoken_words(built, spoken, step, texts, said if prompt is None else None, made_up)
        if words:
            built[spoken.name] = words
        texts = [text for text in texts if text != words]
    if prompt is not None:
        own = built.get(prompt.name) or (said if said not in built.values() else None) or description
        if spec.agent_type == "text" and texts:
            built[prompt.name] = asked_of(own, texts, prompt.max_length)
        elif own or texts:
            whole = "\n\n".join([own, *texts] if own else texts)
            built[prompt.name] = whole if not texts else _cut(whole, prompt.max_length)


def _cut(text: str, longest: int | None) -> str:
    """An instruction with upstream's words below it loses its end rather than the step."""
    if longest is None or len(text) <= longest:
        return text
    return text[: longest - 1].rsplit(None, 1)[0] + "…"


def _spoken_words(
    built: Mapping[str, Any], slot: TextSlot, step: OpenedStep, texts: Sequence[str], said: str | None, made_up: bool
) -> str | None:
    """What stands in the input, unless that only repeats the description; else upstream's text; else what is quoted.

    Only where words must be `made_up` is the description itself spoken.
    """
    own = built.get(slot.name) or said
    if own and own.strip() != step.description.strip():
        return str(own)
    if texts:
        return "\n\n".join(texts)
    if own is None and not made_up:
        return None
    quoted = _QUOTED.search(step.description)
    return quoted.group(1).strip() if quoted else own or step.description.strip() or step.title.strip()


def _alternatives(spec: ModelSpec, built: Mapping[str, Any]) -> set[str]:
    """The fields of which the schema wants some (`anyOf: [{required: …}, …]`), where none of its wishes is met yet."""
    options = spec.input_schema.get("anyOf") or spec.input_schema.get("oneOf") or ()
    wanted = [set(option.get("required", ())) for option in options]
    return set() if any(names <= set(built) for names in wanted) else {name for names in wanted for name in names}


def _place_duration(built: dict[str, Any], spec: ModelSpec, step: OpenedStep) -> None:
    raw = spec.input_schema.get("properties", {})
    properties = {key: resolved(field, spec.input_schema) for key, field in raw.items()}
    name = durations.field_for(properties)
    if name is None:
        return
    said = {name: built[name]} if built.get(name) is not None else step.input
    given = {key: value for key, value in said.items() if durations.names(key)}
    wanted = durations.wished(given, step.description if not given else "")
    if wanted is not None:
        built[name] = durations.spelled(wanted, name, properties[name])


def _place_defaults(built: dict[str, Any], spec: ModelSpec) -> None:
    """What the model must be told and the step does not say, as the schema would have it."""
    for name in spec.input_schema.get("required", ()):
        field = resolved(spec.input_schema.get("properties", {}).get(name, {}), spec.input_schema)
        default = field.get("default", field.get("const"))
        if name not in built and default is not None:
            built[name] = default


def _problems(spec: ModelSpec, built: dict[str, Any], slots: Sequence[Slot], step: OpenedStep) -> Iterable[Problem]:
    """What is still missing, in words that name the medium; then whatever else the schema objects to.

    In the schema's words alone: what stands in the input may be personal.
    """
    there = sorted({file.kind for one in step.upstream for file in one.outputs} | {f.kind for _, f in step.uploads})
    missing = set(_dangling(spec, built, slots))
    for name in sorted(missing):
        yield Problem(name, "names a file that is not there")
    for slot in slots:
        if slot.path[0] not in missing and slot.required and _at(built, slot.path) in (None, "", []):
            missing.add(slot.path[0])
            wanted, found = " or ".join(sorted(slot.kinds)), ", ".join(there) or "nothing"
            yield Problem(slot.name, f"needs {wanted}; there is {found} to take it from")
    for name in spec.input_schema.get("required", ()):
        if name not in built and name not in missing:
            missing.add(name)
            yield Problem(name, "is required and nothing in the step says it")
    for error in Draft202012Validator(spec.input_schema).iter_errors(_without_assets(built)):
        place = ".".join(str(part) for part in error.absolute_path)
        if error.validator == "required" and missing & set(error.validator_value if not place else ()):
            continue
        words = _OBJECTIONS.get(str(error.validator), f"must fit {error.validator} {{}}")
        yield Problem(place or "input", words.format(str(error.validator_value)[:200]))


def _dangling(spec: ModelSpec, built: Mapping[str, Any], slots: Sequence[Slot]) -> Iterable[str]:
    """Fields in which a reference was left as it stood, for it belongs to no file: no provider can read it."""
    for slot in slots:
        for one in _as_list(_at(built, slot.path)):
            text = one.get(slot.leaf) if slot.leaf and isinstance(one, Mapping) else one
            if isinstance(text, str) and refers(text):
                yield slot.path[0]
    for key, value in built.items():
        if key not in spec.input_schema.get("properties", {}):
            yield from (key for one in _as_list(value) if isinstance(one, str) and refers(one))


def _without_assets(value: Any) -> Any:
    """The input as the provider will see it: links where files stand."""
    if isinstance(value, Mapping):
        return _PLACEHOLDER if "$asset" in value else {key: _without_assets(one) for key, one in value.items()}
    return [_without_assets(one) for one in value] if isinstance(value, list) else value


def _assets_in(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        if "$asset" in value:
            return {str(value["$asset"]["asset_id"])}
        return {found for one in value.values() for found in _assets_in(one)}
    return {found for one in value for found in _assets_in(one)} if isinstance(value, list) else set()


def _at(built: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = built
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
