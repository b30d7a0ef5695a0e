"""Older and newer code on one log: a version of an event that only the newer one knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from events.jobs.events import JobQueued
from events.log import codec


def written_by(version: int) -> None:
    """From now on the code here knows this version of `queued`, and none after it."""
    JobQueued.v = version
    codec.type_bytes.cache_clear()
    codec.type_name.cache_clear()


@contextmanager
def newer() -> Iterator[None]:
    """Newer code runs first."""
    written_by(2)
    try:
        yield
    finally:
        written_by(1)
