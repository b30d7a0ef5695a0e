"""Tells what a handler raises because of what an event holds from what it raises because of where it runs."""

from __future__ import annotations

import logging
from typing import Final

from commands.ask import Unavailable
from events.envelope import Recorded
from processors.runners import metrics

CLIENTS: Final = frozenset({"aiohttp", "aiokafka", "httpx", "httpx2", "obstore", "openai", "pymongo", "redis"})
"""Packages that speak to servers."""


def is_poison(error: Exception) -> bool:
    """The same event raises it at each start: to end the process over it, as over a lost server, would end it for ever.

    Not what clients of servers raise, and of run-time errors only the one that comes of depth: they raise the others
    when they are closed or broken.
    """
    if any(kind.__module__.partition(".")[0] in CLIENTS for kind in type(error).__mro__):
        return False
    return isinstance(error, RecursionError) or not isinstance(error, Unavailable | OSError | RuntimeError)


def alarm(log: logging.Logger, group: str, recorded: Recorded) -> None:
    """To be called where the error is caught."""
    metrics.POISON.labels(group).inc()
    log.exception("%s could not be handled as it should be", recorded.envelope.id, extra={"action": "poison"})
