"""The catalog as the agents see it: models that can be used now, and what each kind of step can do at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from events.catalog.current import CatalogEntry, CurrentModel, CurrentPrompts, CurrentProvider
from events.catalog.events import ModelSpec
from processors.agents.tools import KIND, Tool
from processors.executor.slots import media_slots

_WORD: Final = re.compile(r"[a-z0-9]+")
_SYNONYMS: Final = {"speech": "audio", "music": "audio", "voice": "audio", "mesh": "3d", "model": "3d"}


def medium(name: str) -> str:
    """`image`, `video`, `audio`, `3d`, `text` or `other`, for a medium's name or a content type."""
    top = name.strip().lower().split("/", 1)[0]
    return _SYNONYMS.get(top, top)


@dataclass(frozen=True, slots=True)
class Capability:
    """What the usable models of one agent type can do together; a limit is absent where none states it."""

    models: int
    media_in: frozenset[str]
    media_out: frozenset[str]
    needs: frozenset[str] = frozenset()
    """Media that none of its models can do without."""
    max_width: int | None = None
    max_height: int | None = None
    max_duration_s: float | None = None
    does: frozenset[str] = frozenset()
    """Of tools: the operations there is one for."""

    def as_json(self) -> dict[str, Any]:
        limits = {"max_width": self.max_width, "max_height": self.max_height, "max_duration_s": self.max_duration_s}
        return {
            "models": self.models,
            "takes": sorted(self.media_in),
            "gives": sorted(self.media_out),
            **({"needs": sorted(self.needs)} if self.needs else {}),
            **({"does": sorted(self.does)} if self.does else {}),
            **{name: limit for name, limit in limits.items() if limit is not None},
        }


Capabilities = Mapping[str, Capability]
"""By agent type; one that is not here has no model."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Usable models: active, of a provider that takes them; ordered by id, so that choices are repeatable."""

    models: Mapping[str, ModelSpec]
    capabilities: Capabilities = field(default_factory=dict)
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By model: the media that it can use."""
    required: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    """By model: for each file that it cannot do without, the media that it may be."""
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By model: its tags' words; of a tool its name's and its title's too."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    """By utility: what it does."""
    unwanted: frozenset[str] = frozenset()
    """Models that the person does not want: taken only where no other can do a step."""

    @classmethod
    def of(cls, entries: Iterable[CatalogEntry]) -> Catalog:
        listed, providers = list[ModelSpec](), dict[str, CurrentProvider]()
        for entry in entries:
            if isinstance(entry, CurrentModel):
                listed.append(entry.model)
            elif isinstance(entry, CurrentProvider):
                providers[entry.provider] = entry
        taken = (m for m in listed if (by := providers.get(m.provider)) is None or by.takes(m.id))
        return cls._of(sorted((model for model in taken if model.usable), key=lambda model: model.id))

    @classmethod
    def _of(cls, models: Iterable[ModelSpec]) -> Catalog:
        usable = {model.id: model for model in models}
        kinds = sorted({model.agent_type for model in usable.values()})
        return cls(
            usable,
            {kind: _capability([m for m in usable.values() if m.agent_type == kind]) for kind in kinds},
            {model_id: media_in(model) for model_id, model in usable.items()},
            {model_id: _required(model) for model_id, model in usable.items()},
            {model_id: _words_of(model) for model_id, model in usable.items()},
            {model_id: Tool.of(model) for model_id, model in usable.items() if model.agent_type == KIND},
        )

    def without(self, refused: Collection[str]) -> Catalog:
        """For whom these models are refused."""
        if not any(model_id in self.models for model_id in refused):
            return self
        return self._of(model for model in self.models.values() if model.id not in refused)

    def avoiding(self, unwanted: frozenset[str]) -> Catalog:
        """For whom these models are the last to be taken."""
        return replace(self, unwanted=unwanted) if unwanted else self

    def of_type(self, agent_type: str) -> list[ModelSpec]:
        return [model for model in self.models.values() if model.agent_type == agent_type]


def media_in(spec: ModelSpec) -> frozenset[str]:
    """What a model says it takes, and what its schema has places for."""
    said = {medium(name) for name in spec.media_in}
    return frozenset(said | {kind for slot in media_slots(spec.input_schema) for kind in slot.kinds})


def media_out(spec: ModelSpec) -> frozenset[str]:
    return frozenset(medium(name) for name in spec.media_out)


def _required(spec: ModelSpec) -> tuple[frozenset[str], ...]:
    return tuple(slot.kinds for slot in media_slots(spec.input_schema) if slot.required)


def words(text: str) -> frozenset[str]:
    """Of letters and digits, in small letters."""
    return frozenset(_WORD.findall(text.lower()))


def _words_of(spec: ModelSpec) -> frozenset[str]:
    return words(" ".join([*spec.tags, *((spec.id, spec.title) if spec.agent_type == KIND else ())]))


def _needed(spec: ModelSpec) -> frozenset[str]:
    """Media of required fields that take nothing else."""
    return frozenset(kind for kinds in _required(spec) if len(kinds) == 1 for kind in kinds)


def _capability(models: list[ModelSpec]) -> Capability:
    limits = [model.limits for model in models]
    return Capability(
        models=len(models),
        media_in=frozenset[str]().union(*(media_in(model) for model in models)),
        media_out=frozenset[str]().union(*(media_out(model) for model in models)),
        needs=frozenset.intersection(*(_needed(model) for model in models)),
        max_width=max((n.max_width for n in limits if n.max_width is not None), default=None),
        max_height=max((n.max_height for n in limits if n.max_height is not None), default=None),
        max_duration_s=max((n.max_duration_s for n in limits if n.max_duration_s is not None), default=None),
        does=frozenset[str]().union(*(Tool.of(model).names for model in models if model.agent_type == KIND)),
    )


class CatalogView:
    """The catalog of this moment: worked out anew only when something of it has changed."""

    def __init__(self, entries: Callable[[], Iterable[CatalogEntry]]) -> None:
        self._entries = entries
        self._catalog: Catalog | None = None

    def changed(self, _key: str, value: CatalogEntry | None) -> None:
        if not isinstance(value, CurrentPrompts):
            self._catalog = None

    def __call__(self) -> Catalog:
        if self._catalog is None:
            self._catalog = Catalog.of(self._entries())
        return self._catalog
