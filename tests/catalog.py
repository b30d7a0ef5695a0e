"""The catalog that is shipped, read once a test run: to read and check it takes a quarter of a second."""

from __future__ import annotations

from functools import cache

from adapters.catalog.loader import Entry, offered, read
from events.catalog.events import ModelSpec


@cache
def shipped(*providers: str) -> tuple[Entry, ...]:
    """All entries; where providers are named, those of others are inactive."""
    return offered(_read(), lambda provider: not providers or provider in providers)


@cache
def _read() -> tuple[ModelSpec, ...]:
    return read()
