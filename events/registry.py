"""The registry of event types: every type and version that the log may hold, and the upcasters of old ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from events.model import Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Lifts the data of version n to version n+1; pure."""


class UnknownEventType(ValueError):
    """A type that no code here knows: a fold must stop rather than skip it."""


def split_type(ce_type: str) -> tuple[str, str, int]:
    """`com.aistudio.jobs.queued.v1` → (`jobs`, `queued`, 1)."""
    parts = ce_type.split(".")
    if len(parts) != 5 or parts[:2] != ["com", "aistudio"] or not parts[4][1:].isdigit() or parts[4][0] != "v":
        raise UnknownEventType(ce_type)
    return parts[2], parts[3], int(parts[4][1:])


class Registry:
    """Types by (context, name): the newest model, and the chain of upcasters that leads to it."""

    def __init__(self, models: Iterable[type[Event]], upcasters: Mapping[tuple[str, str, int], Upcaster]) -> None:
        self._models: dict[tuple[str, str], type[Event]] = {}
        for model in models:
            key = (model.context, model.name)
            if key in self._models:
                raise ValueError(f"{model.ce_type()} is declared twice")
            self._models[key] = model
        self._upcasters = dict(upcasters)

    @property
    def models(self) -> tuple[type[Event], ...]:
        return tuple(self._models.values())

    def decode(self, ce_type: str, value: bytes) -> Event:
        """The event in its newest form. Raises UnknownEventType, or pydantic's ValidationError."""
        context, name, version = split_type(ce_type)
        model = self._models.get((context, name))
        if model is None or version > model.v:
            raise UnknownEventType(ce_type)
        if version == model.v:
            return model.model_validate_json(value)
        data: dict[str, Any] = orjson.loads(value)
        for old in range(version, model.v):
            data = self._upcasters[(context, name, old)](data)
        return model.model_validate(data)


def encode(event: Event) -> bytes:
    """The record's value: UTF-8 JSON; optional members are absent, never null."""
    return event.model_dump_json(by_alias=True, exclude_none=True).encode()
