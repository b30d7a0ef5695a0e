"""A clock that is set once and then only goes on: what is measured by it does not jump when the machine's is set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def steady(wall: Clock = lambda: datetime.now(UTC), elapsed_s: Callable[[], float] = time.monotonic) -> Clock:
    """The wall clock as it is now, and from then on by the time that has passed."""
    began, mark = wall(), elapsed_s()
    return lambda: began + timedelta(seconds=elapsed_s() - mark)
