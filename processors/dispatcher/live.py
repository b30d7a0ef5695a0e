"""Tells the page how far an attempt is, a few times a second at most, and only of the attempt that the log has."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import Counter

from commands.ports import Vault
from events.jobs.events import JobDispatched
from events.progress import Progress
from processors.dispatcher.ports import Progressed

EVERY_S: Final = 0.25

LATE = Counter("studio_late_progress_total", "Progress of attempts that the log was beyond")

Send = Callable[[Progress], Awaitable[None]]


class LiveProgress:
    """Of one attempt. Only steps are shown live; a job of its own is asked for."""

    def __init__(
        self,
        event: JobDispatched,
        is_over: Callable[[], bool],
        send: Send,
        vault: Vault,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_over`: whether the log is beyond this attempt; who was paused meanwhile has nothing to tell any more."""
        self._event = event
        self._is_over = is_over
        self._send = send
        self._vault = vault
        self._monotonic = monotonic
        self._next_at = 0.0
        self._shown = -1.0

    async def __call__(self, progressed: Progressed) -> None:
        cause, now = self._event.cause, self._monotonic()
        if cause.session_id is None or cause.step_id is None or progressed.fraction is None:
            return
        if now < self._next_at or progressed.fraction <= self._shown:
            return
        if self._is_over():
            LATE.inc()
            return
        self._next_at, self._shown = now + EVERY_S, progressed.fraction
        data: dict[str, object] = {"step_id": cause.step_id, "progress": round(progressed.fraction, 3)}
        if cause.run_id is not None:
            data["run_id"] = cause.run_id
        message = progressed.message
        sealed = await self._vault.seal_like(self._event.input, message) if message is not None else None
        await self._send(
            Progress(
                org_id=self._event.org_id,
                session_id=cause.session_id,
                event="step.progress",
                data=data,
                text=sealed,
                text_field="message",
            )
        )
