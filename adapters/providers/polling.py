"""Asking a provider again and again, as rarely as its speed allows, until an attempt has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContractDrift,
    Forgotten,
    NotSent,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    WorkerGone,
)
from processors.dispatcher.ports import Progressed, Update

FAILURES_MAX: Final = 12
"""In a row: at the longest interval about a minute of silence."""
DRIFTS_MAX: Final = 3
"""In a row: a page for people may stand between us and a provider for a moment."""
ASKED_WAIT_MAX_S: Final = 60.0
"""Of the wait that a provider asks for: the attempt goes on meanwhile, and may end."""
NOT_THERE_MAX: Final = 3
"""In a row: a name that was given a moment ago may not be known everywhere yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The wait before each question: it grows, for what has run long will run longer."""

    first_s: float = 0.4
    growth: float = 1.3
    longest_s: float = 5.0

    def next(self, wait_s: float) -> float:
        return min(wait_s * self.growth, self.longest_s)


async def polled(ask: Callable[[], Awaitable[Update]], pace: Pace) -> AsyncGenerator[Update, None]:
    """What `ask` answers until an end. An attempt is not over because one question failed."""
    wait_s, failures, not_there, drifts = pace.first_s, 0, 0, 0
    while True:
        await asyncio.sleep(wait_s)
        try:
            update = await ask()
        except WorkerGone:
            raise
        except NotThere as error:
            not_there += 1
            if not_there >= NOT_THERE_MAX:
                raise Forgotten(f"it was taken, and is not known any more: {error.detail}") from error
            wait_s = pace.next(wait_s)
            continue
        except ContractDrift:
            drifts += 1
            if drifts >= DRIFTS_MAX:
                raise
            wait_s = pace.next(wait_s)
            continue
        except (NotSent, OutcomeUnknown, ProviderDown, RateLimited, BillingRefused, AccessRefused) as error:
            failures += 1
            if failures >= FAILURES_MAX:
                raise OutcomeUnknown(f"lost sight of the attempt: {error.detail}") from error
            wait_s = max(pace.next(wait_s), _asked_wait(error))
            continue
        failures = not_there = drifts = 0
        yield update
        if not isinstance(update, Progressed):
            return
        wait_s = pace.next(wait_s)


def _asked_wait(error: ProviderError) -> float:
    return min(error.retry_after_s or 0.0, ASKED_WAIT_MAX_S)
