"""What follows from how an attempt ended: pure, so that every rule of retries and money can be told in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from commands.orgs.commands import RecordAttemptFailed
from events.jobs.events import Category, JobDispatched
from events.sealed import Sealed
from processors.dispatcher.ports import Ended, Failed, Stopped, Succeeded

BACKOFF_FIRST_S: Final = 1.0
BACKOFF_LONGEST_S: Final = 300.0
BACKOFF_SLOWER_S: Final[Mapping[Category, float]] = {"rate_limit": 4.0, "unknown": 2.0}
"""The first wait where haste makes it worse."""
DOUBLINGS_MAX: Final = 20
STATED_WAIT_MAX_S: Final = 3600.0
"""Of what a provider asks for: whoever asks for more is asked again after that."""
WAITING_SLOWEST: Final = 4
"""Who waits for a slot asks again after half a minute at most: slots come free at any time."""
WORKER_LAPSES_S: Final = 6.0
"""How long a dead worker may still be listed: a second death in a row waits for that."""


def backoff_s(attempt: int, category: Category, jitter: float) -> float:
    """Exponential with full jitter; `jitter` is a random number in [0, 1), attempts are counted from 1."""
    first = BACKOFF_SLOWER_S.get(category, BACKOFF_FIRST_S)
    return jitter * min(first * 2.0 ** min(attempt - 1, DOUBLINGS_MAX), BACKOFF_LONGEST_S)


def retry_in_s(failed: Failed, attempt: int, jitter: float, *, worker_gone: bool = False) -> float | None:
    """How long the job waits for another attempt; None where another one is not worth its while.

    A provider's own word is the least wait. A worker that died is no reason to wait: another one is free.
    """
    if not failed.retryable:
        return None
    if worker_gone:
        return 0.0 if attempt == 1 else WORKER_LAPSES_S + backoff_s(1, failed.category, jitter)
    slowness = attempt if failed.counts else min(attempt, WAITING_SLOWEST)
    return _stated_wait_s(failed) + backoff_s(slowness, failed.category, jitter)


def _stated_wait_s(failed: Failed) -> float:
    stated = failed.retry_after_s or 0.0
    return min(max(stated, 0.0), STATED_WAIT_MAX_S) if stated == stated else 0.0


def as_failure(ended: Ended) -> Failed | None:
    """A stop that nobody here asked for was the provider's own deadline; None: the attempt succeeded."""
    match ended:
        case Succeeded():
            return None
        case Failed():
            return ended
        case Stopped(provider_charged=charged):
            return Failed("timeout", "the provider stopped the attempt", charged, retryable=True)


def record_failed(
    event: JobDispatched,
    failed: Failed,
    error: Sealed,
    *,
    jitter: float,
    worker_gone: bool = False,
    unstopped: bool = False,
) -> RecordAttemptFailed:
    """The command that puts a failure on the log. Waits for a slot are no attempts, and slow the next one no more."""
    attempt = event.lease - (event.uncounted or 0) if failed.counts else event.lease
    return RecordAttemptFailed(
        org_id=event.org_id,
        job_id=event.job_id,
        lease=event.lease,
        category=failed.category,
        provider_charged=failed.provider_charged,
        error=error,
        retry_in_s=retry_in_s(failed, attempt, jitter, worker_gone=worker_gone),
        counts=failed.counts,
        unstopped=unstopped,
        trouble=failed.trouble,
        answered=failed.answered,
        busy_s=_stated_wait_s(failed) or None,
    )
