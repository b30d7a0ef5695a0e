"""Puts words into a model's fields for them: the very words to be spoken or shown, and what is only told a model. Pure.

A plan is made before its model is chosen: words stand in it under any name, and the description is not what is spoken
but what the words are like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from processors.agents.fitting.field_names import matching, means_words
from processors.agents.fitting.verifying import Work
from processors.agents.words.references import KnownUpload, notation
from processors.executor.slots import PROMPTS, TextSlot, text_slots

_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{2,2000})[\"”“»]")


def in_order(work: Work, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Exact names first, so that a synonym never takes their place; before them, the words of a voice that would also
    take an instruction for its words."""
    spoken = _spoken(work)
    of_a_prompt = spoken is not None and spoken.name in PROMPTS

    def order(item: tuple[str, Any]) -> tuple[bool, bool]:
        return not (of_a_prompt and means_words(item[0])), item[0] not in work.rules

    return sorted(given.items(), key=order)


def field_of(work: Work, key: str, value: Any) -> str | None:
    """The model's field for what the plan calls `key`: what is to be spoken goes where the voice takes its words from,
    and a file under another name is no words."""
    if key in work.rules:
        return key
    spoken = _spoken(work)
    name = matching(key, work.rules)
    if name is None and spoken is not None and means_words(key):
        name = spoken.name
    found, sure = work.known.read(value)
    is_file = sure and isinstance(found, KnownUpload)
    return None if is_file and name in {slot.name for slot in _slots(work)} else name


def place_words(work: Work) -> None:
    """What is spoken or shown: as given, else the upstream text, else what the description quotes, else itself."""
    slots, speaks = _slots(work), work.spec.agent_type == "speech"
    for slot in slots:
        if slot.verbatim and (slot.required or speaks):
            _place_spoken(work, slot)
        elif not slot.verbatim and not _has_prompt(work, slots) and not (speaks and any(one.verbatim for one in slots)):
            work.fill(slot.name, work.step.description.strip())


def _place_spoken(work: Work, slot: TextSlot) -> None:
    """Words that only repeat the description of a voice are none."""
    description = work.step.description.strip()
    if slot.name in work.built and (slot.name not in PROMPTS or work.built[slot.name] != description):
        return
    upstream = next((step for step in work.known.steps if "text" in step.media), None)
    if upstream is not None:
        work.built[slot.name] = notation(upstream)
        return
    quoted = _QUOTED.search(description)
    if quoted is None:
        work.ask(slot.name, "guessed")
    if work.fill(slot.name, quoted[1] if quoted else _instruction(work) or description):
        work.flag("filled", slot.name)


def _instruction(work: Work) -> str | None:
    """A prompt in the plan that the model has no field for: it may be the words, and it may say how to speak them."""
    given = (work.step.input.get(name) for name in PROMPTS if name not in work.rules)
    return next((value for value in given if isinstance(value, str) and value.strip()), None)


def _has_prompt(work: Work, slots: Sequence[TextSlot]) -> bool:
    return any(slot.name in work.built for slot in slots if not slot.verbatim)


def _spoken(work: Work) -> TextSlot | None:
    """Where a voice takes its words from."""
    if work.spec.agent_type != "speech":
        return None
    return next((slot for slot in _slots(work) if slot.verbatim), None)


def _slots(work: Work) -> tuple[TextSlot, ...]:
    return text_slots(work.spec.input_schema, speaks=work.spec.agent_type == "speech")
