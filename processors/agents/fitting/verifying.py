"""A step's input under way through the rules: what stands so far, what was changed, and what they leave open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from events.catalog.events import ModelSpec
from processors.agents.fitting.coercion import Unfit, coerced
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known, KnownUpload
from processors.executor.slots import Slot

_CODE = re.compile(r"[^a-z0-9_]+")

Doubt = Literal[
    "foreign-file",
    "wrong-medium",
    "near-name",
    "newest-upload",
    "by-order",
    "unused-upload",
    "unfit",
    "guessed",
    "invalid",
    "replaced",
]
DOUBTS: Final[Mapping[Doubt, str]] = {
    "foreign-file": "what was given is no file of this session",
    "wrong-medium": "what was given is of another medium",
    "near-name": "what was given is no file's name: the one that is nearest to it was taken",
    "newest-upload": "nothing was given: the newest file that fits was taken",
    "by-order": "several files and several fields: they were put in by order alone",
    "unused-upload": "a file came with the request, and no step uses it",
    "unfit": "what was given is no value of this field",
    "guessed": "nothing was given: a value was guessed",
    "invalid": "what was given does not fit the model's schema",
    "replaced": "what was given is no value of this field: another was taken",
}

_FILLED: Final = frozenset({"near-name", "newest-upload", "by-order", "guessed", "replaced"})
"""Doubts about what a rule has put there."""


class Unsettled(NamedTuple):
    """A field that rules alone could not fill for certain; `given` is what the plan had for it, if anything."""

    field: str
    doubt: Doubt
    given: Any = None


class Verified(NamedTuple):
    """`flags` are codes for programs and hold nobody's words."""

    values: dict[str, Any]
    flags: tuple[str, ...]
    unsettled: tuple[Unsettled, ...]


@dataclass(slots=True)
class Work:
    spec: ModelSpec
    step: PlannedStep
    known: Known
    rules: Mapping[str, Mapping[str, Any]]
    """Of the model's fields, by name, as its schema has them behind references."""
    slots: Mapping[str, Slot]
    """Media fields by their dotted path, best first."""
    built: dict[str, Any] = field(default_factory=dict)
    named: list[KnownUpload] = field(default_factory=list)
    """Uploads that the plan names for this step but in no field of the model."""
    flags: list[str] = field(default_factory=list)
    open: dict[str, Unsettled] = field(default_factory=dict)

    def flag(self, code: str, name: str) -> None:
        self.flags.append(f"{code}:{_CODE.sub('_', name.lower())[:40]}")

    def ask(self, name: str, doubt: Doubt, given: Any = None) -> None:
        """The last doubt about a field is the one that counts; what the plan had for it stays."""
        before = self.open.get(name)
        kept = before.given if given is None and before is not None else given
        self.open[name] = Unsettled(name, doubt, kept)

    def fill(self, name: str, value: Any) -> bool:
        """False where it is nothing for the field: then that stays open."""
        try:
            self.built[name] = coerced(value, self.rules[name])
        except Unfit:
            return False
        return True

    def verified(self) -> Verified:
        left = tuple(one for one in self.open.values() if self._is_open(one))
        return Verified(self.built, tuple(dict.fromkeys(self.flags)), left)

    def _is_open(self, one: Unsettled) -> bool:
        """What another rule has filled since is settled; a list may still lack something."""
        slot = self.slots.get(one.field)
        path = (one.field,) if slot is None else slot.path
        return one.doubt in _FILLED or (slot is not None and slot.many) or value_at(self.built, path) is None


def value_at(values: Any, path: Sequence[str]) -> Any:
    """None where the path leads nowhere."""
    for name in path:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values
