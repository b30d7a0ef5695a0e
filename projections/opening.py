"""Opens the sealed texts of a batch of events, so that the projections themselves stay pure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from commands.ports import Vault
from events.envelope import Recorded
from events.sealed import Sealed

Opened = Callable[[Sealed], str]
"""The text of a sealed one, or `[erased]`."""


def sealed_in(value: Any) -> Iterator[Sealed]:
    """Every sealed text inside of an event's data."""
    if isinstance(value, Sealed):
        yield value
    elif isinstance(value, BaseModel):
        if _may_hold_text(type(value)):
            for member in value.__dict__.values():
                yield from sealed_in(member)
    elif isinstance(value, tuple):
        for member in value:
            yield from sealed_in(member)


async def open_all(vault: Vault, events: Iterable[Recorded]) -> Opened:
    """Opens everything sealed in these events; the keys come from the vault's cache but for the first."""
    boxes = {(box.kid, box.box.nonce): box for event in events for box in sealed_in(event.data)}
    first_of_kid = {box.kid: box for box in boxes.values()}
    await asyncio.gather(*(vault.open(box) for box in first_of_kid.values()))
    texts = {key: await vault.open(box) for key, box in boxes.items()}
    return lambda sealed: texts[(sealed.kid, sealed.box.nonce)]


@cache
def _may_hold_text(model: type[BaseModel]) -> bool:
    return any(_mentions_text(field.annotation) for field in model.model_fields.values())


def _mentions_text(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Sealed):
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _may_hold_text(annotation)
    return any(_mentions_text(argument) for argument in get_args(annotation))
