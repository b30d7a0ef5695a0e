"""The alerter's handler of `events.jobs`: failures become alerts, alerts go to the channels that want them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from prometheus_client import Counter

from events.envelope import Recorded
from events.jobs.events import AttemptFailed
from events.model import Event
from processors.alerts.core import RULES, Alert, Alerts

TYPES: Final[tuple[type[Event], ...]] = (AttemptFailed,)
SEND_WITHIN_S: Final = 20.0
TRIES: Final = 3
RETRY_FIRST_S: Final = 1.0

SENT = Counter("studio_alerts_total", "Alerts to operators", ["channel", "category", "outcome"])
log = logging.getLogger(__name__)


class Channel(Protocol):
    async def send(self, alert: Alert) -> None:
        """Raises whatever keeps it from being delivered."""
        ...


def wants(recorded: Recorded) -> bool:
    """What an earlier release has written names no provider."""
    data = recorded.data
    return isinstance(data, AttemptFailed) and data.category in RULES and data.provider is not None


def key_of(recorded: Recorded) -> str:
    """One after the other: an alert waits for nobody's answer for long."""
    data = recorded.data
    assert isinstance(data, AttemptFailed)
    return f"{data.provider}/{data.model}"


class Alerter:
    def __init__(self, channels: Mapping[str, Channel], routes: Mapping[str, Collection[str]] | None = None) -> None:
        """`routes`: by channel, the urgencies and categories that it is told of; what is not named, of everything."""
        self._channels = channels
        self._routes = routes or {}
        self._core = Alerts()

    async def handle(self, recorded: Recorded) -> None:
        failed = recorded.data
        assert isinstance(failed, AttemptFailed)
        alert = self._core.failed(failed.category, failed.provider or "", failed.model or "", recorded.envelope.time)
        if alert is None:
            return
        level = logging.ERROR if alert.urgency == "page" else logging.WARNING
        log.log(level, "%s (%d)", alert.text, alert.count, extra={"provider": alert.provider, "alert": alert.category})
        wanting = {one: it for one, it in self._channels.items() if alert.concerns(self._routes.get(one))}
        await asyncio.gather(*(self._send(name, channel, alert) for name, channel in wanting.items()))

    async def _send(self, name: str, channel: Channel, alert: Alert) -> None:
        """An alert that cannot be delivered stands in the process's log, and holds up nothing."""
        for attempt in range(TRIES):
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    await channel.send(alert)
            except Exception as error:  # noqa: BLE001 - channels are the outside: anything may be wrong with them
                log.warning("alert by %s, try %d: %r", name, attempt + 1, error)
                await asyncio.sleep(RETRY_FIRST_S * 2**attempt)
            else:
                SENT.labels(name, alert.category, "sent").inc()
                return
        SENT.labels(name, alert.category, "lost").inc()
