"""Counts, inside supervisord, how often each process was started (an XML-RPC interface of its own)."""

from collections import Counter
from typing import Any

from supervisor.events import ProcessStateStartingEvent, subscribe


class Restarts:
    """What supervisord answers to `studio.restarts`."""

    def __init__(self) -> None:
        self._starts: Counter[str] = Counter()
        subscribe(ProcessStateStartingEvent, self._started)

    def _started(self, event: Any) -> None:
        self._starts[event.process.config.name] += 1

    def restarts(self) -> dict[str, int]:
        """Starts beyond the first, by process."""
        return {name: starts - 1 for name, starts in self._starts.items()}


def make_interface(_supervisord: Any, **_settings: str) -> Restarts:
    """What the configuration names as the factory."""
    return Restarts()
