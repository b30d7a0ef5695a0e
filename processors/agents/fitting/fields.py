"""Makes a step's input fit its model's schema by rules: names, types, enums, lists, references, what is missing.

Whatever it changes is flagged by a code, and what rules cannot tell for certain is said to be open. An address that
belongs to no upload of the session is never passed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from events.catalog.events import ModelSpec
from processors.agents.fitting.addresses import is_address, takes_addresses, without_foreign
from processors.agents.fitting.coercion import Unfit, coerced, kind_of
from processors.agents.fitting.field_names import means_voice, media_of
from processors.agents.fitting.media_fields import place_uploads, references, take_media, take_nested
from processors.agents.fitting.shapes import shaped
from processors.agents.fitting.verifying import Verified, Work
from processors.agents.fitting.voices import VOICES, is_voice, voice_of
from processors.agents.fitting.word_fields import field_of, in_order, place_words
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known, KnownStep, KnownUpload, is_notation, notation
from processors.executor import durations
from processors.executor.slots import media_slots, resolved


def verify(spec: ModelSpec, step: PlannedStep, known: Known) -> Verified:
    """The input as the schema wants it. Media of upstream steps are left to the wiring."""
    schema = spec.input_schema
    rules = {name: resolved(rule, schema) for name, rule in schema.get("properties", {}).items()}
    work = Work(spec, step, known, rules, {slot.name: slot for slot in media_slots(schema)})
    _take_given(work)
    _drop_invalid(work)
    place_uploads(work)
    place_words(work)
    _place_duration(work)
    _fill_required(work)
    _drop_foreign(work)
    _drop_invalid(work)
    return work.verified()


def _take_given(work: Work) -> None:
    """What the plan says, as far as it says anything."""
    given, approximate = shaped(work.step.input, work.rules)
    if approximate is not None:
        work.flag("nearest", approximate)
    for key, value in in_order(work, given):
        if value is None or value in ("", [], {}):
            continue
        name = field_of(work, key, value)
        if name is None and _take_nested_voice(work, key, value):
            continue
        if name is None or name in work.built:
            _strip(work, key, value)
        elif name in work.slots:
            take_media(work, work.slots[name], value)
        elif isinstance(value, Mapping) and any(slot.path[0] == name for slot in work.slots.values()):
            take_nested(work, name, value)
        else:
            _take_value(work, name, value)


def _take_nested_voice(work: Work, key: str, value: Any) -> bool:
    """Where the model has its voice in an object among other settings."""
    if not means_voice(key):
        return False
    for name, rule in work.rules.items():
        for inner, inner_rule in (rule.get("properties") or {}).items():
            if VOICES in inner_rule and (voice := voice_of(value, inner_rule)) is not None:
                work.built[name] = {**(work.built.get(name) or {}), inner: voice}
                return True
    return False


def _strip(work: Work, key: str, value: Any) -> None:
    """Of a field that the model does not have only a file is kept, where it is named for certain."""
    given = value if isinstance(value, list) else [value]
    read = [*(work.known.file(one, media_of(key)) for one in given), work.known.read(key)]
    uploads = [one for one, sure in read if sure and isinstance(one, KnownUpload)]
    work.named.extend(uploads)
    if not uploads and not durations.names(key):
        work.flag("stripped", key)


def _take_value(work: Work, name: str, value: Any) -> None:
    if any(slot.path[0] == name for slot in work.slots.values()):
        work.flag("unfit", name)  # the model nests its files there
        work.ask(name, "unfit", value)
        return
    if isinstance(value, str) and isinstance(found := work.known.find(value), KnownStep) and "text" in found.media:
        work.built[name] = notation(found)
        return
    if is_address(value) or is_notation(value) or takes_addresses(work.rules[name]):
        work.flag("foreign-address", name)
        return
    clean, dropped = without_foreign(value, work.known.said)
    if dropped:
        work.flag("foreign-address", name)
    if clean in ("", [], {}):
        return
    if work.spec.agent_type in ("speech", "lipsync") and is_voice(name, work.rules[name]):
        voice = voice_of(clean, work.rules[name])
        if voice is None:
            work.flag("voice-unknown", name)
            work.ask(name, "unfit", value)
            return
        clean = voice
    try:
        fit = coerced(_timed(name, clean), work.rules[name])
    except Unfit:
        work.flag("unfit", name)
        work.ask(name, "unfit", value)
        return
    if fit != clean:
        work.flag("changed", name)
    work.built[name] = fit


def _timed(name: str, value: Any) -> Any:
    """A time in words, in the field's own unit: bare numbers are left to it."""
    speaks_of_time = durations.names(name) or name.endswith(("_s", "_ms", "_seconds"))
    if not (speaks_of_time and durations.has_unit(value)):
        return value
    length = durations.seconds(value) or 0.0
    return length * 1000 if name.endswith("_ms") else length


def _place_duration(work: Work) -> None:
    name = durations.field_for(work.rules)
    if name is None:
        return
    wanted = durations.wished(work.step.input, work.step.description)
    if wanted is not None:
        work.built[name] = durations.spelled(wanted, name, work.rules[name])
        if durations.of(name, work.built[name]) != wanted:
            work.flag("nearest", name)


def _fill_required(work: Work) -> None:
    for name in work.spec.input_schema.get("required", ()):
        rule = work.rules.get(name)
        if name in work.built or name in work.slots or rule is None or kind_of(rule) in ("object", "array"):
            continue
        if work.fill(name, _usual(rule, work.step.description)):
            work.flag("filled", name)
        if name in work.open:
            work.ask(name, "replaced")
        elif "const" not in rule and "default" not in rule:
            work.ask(name, "guessed")


def _usual(rule: Mapping[str, Any], description: str) -> Any:
    if "const" in rule or "default" in rule:
        return rule.get("const", rule.get("default"))
    if rule.get("enum"):
        return rule["enum"][0]
    if kind_of(rule) in ("integer", "number"):
        return rule.get("minimum", 1)
    return False if kind_of(rule) == "boolean" else description


def _drop_foreign(work: Work) -> None:
    """Whichever rule put it there: a reference is to something known, and what is none holds no address that the
    person has not written."""
    known = {*map(notation, work.known.uploads), *map(notation, work.known.steps)}
    for name, value in list(work.built.items()):
        clean, dropped = without_foreign(value, work.known.said)
        if dropped:
            work.flag("foreign-address", name)
            work.built[name] = clean
        if not references(clean) <= known:
            work.flag("foreign-file", name)
            del work.built[name]
        elif clean == "":
            del work.built[name]


def _drop_invalid(work: Work) -> None:
    """The schema has the last word; what it objects to is left out rather than sent."""
    for name in dict.fromkeys(_objections(work)):
        if not references(value := work.built.get(name)):
            work.built.pop(name, None)
            work.flag("invalid", name)
            work.ask(name, "invalid", value)


def _objections(work: Work) -> Iterator[str]:
    for error in Draft202012Validator(work.spec.input_schema).iter_errors(work.built):
        if error.absolute_path:
            yield str(error.absolute_path[0])
