"""Approvals that nobody gives: a plan that waits is rejected after a week, a step is cancelled after a day."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from commands.ask import Ask, CommandFailed
from commands.canvas.commands import ExpireApproval
from commands.model import CommandEnvelope
from commands.refusals import Refusal
from events.canvas.current import CurrentApproval
from events.envelope import Recorded
from events.ids import caused_id

ACTOR: Final = "sweepers"
PLAN_WAITS: Final = timedelta(days=7)
STEP_WAITS: Final = timedelta(hours=24)
"""Steps have their run under way: what depends on them, and its credits, wait with them."""
AGAIN: Final = timedelta(seconds=30)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overdue:
    """An approval that has been waited for long enough; `step_id` is None for the plan's own."""

    plan_id: str
    org_id: str
    session_id: str
    step_id: str | None
    since: str


class Approvals:
    """Pure but for `perform`: what waits, from the log, and whose time is over."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[str, CurrentApproval] = {}
        self._told: dict[Overdue, datetime] = {}

    def on_current(self, _topic: str, key: str, value: Any | None, _now: datetime) -> Iterable[Overdue]:
        if value is None:
            self._waiting.pop(key, None)
        else:
            self._waiting[key] = value
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[Overdue]:
        return ()

    def ready(self, _now: datetime) -> Iterable[Overdue]:
        return ()

    def tick(self, now: datetime) -> Iterable[Overdue]:
        """What has not shown on the log a while after it was told is told again."""
        self._told = {one: at for one, at in self._told.items() if now - at < AGAIN}
        due = tuple(one for one in self._due(now) if one not in self._told)
        self._told |= dict.fromkeys(due, now)
        return due

    def _due(self, now: datetime) -> Iterator[Overdue]:
        for waiting in self._waiting.values():
            for what, since in waiting.asked.items():
                of_plan = what == waiting.plan_id
                limit = PLAN_WAITS if of_plan else STEP_WAITS
                if now - datetime.fromisoformat(since) > limit:
                    step_id = None if of_plan else what
                    yield Overdue(waiting.plan_id, waiting.org_id, waiting.session_id, step_id, since)

    async def perform(self, overdue: Overdue) -> None:
        """Refused: somebody has answered in the meantime."""
        cause = f"{overdue.step_id or overdue.plan_id}@{overdue.since}"
        envelope = CommandEnvelope(
            id=caused_id(cause, "expire_approval"),
            org_id=overdue.org_id,
            actor=ACTOR,
            correlation_id=overdue.plan_id,
            causation_id=overdue.plan_id,
        )
        command = ExpireApproval(
            org_id=overdue.org_id,
            session_id=overdue.session_id,
            plan_id=overdue.plan_id,
            step_id=overdue.step_id,
            since=overdue.since,
        )
        try:
            await self._ask(command, envelope)
        except Refusal as refused:
            log.info("the approval of %s does not expire: %s", cause, refused.detail)
        except CommandFailed:
            log.exception("the expiry of %s was set aside by its decider", cause)
