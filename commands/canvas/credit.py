"""No run is begun of which it is certain that nothing can pay it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from commands.refusals import InsufficientCredit
from events.canvas.plan_events import PlanEvent, Step, StepAwaitingApproval, StepReady
from events.canvas.plan_state import Plan
from events.canvas.state import Session
from events.model import Money

LEAST: Final = 1
"""Every job sets aside so much at least (`commands.pricing.reservation`)."""
_NO_LENGTH: Final = frozenset({"image", "3d"})
"""Media of which a file makes nothing cheaper than was thought before its length was known."""


def refuse_what_nothing_pays(plan: Plan, session: Session, decided: Sequence[PlanEvent], credit: Money | None) -> None:
    """Raises InsufficientCredit where not one of the steps that are `decided` to be ready can be paid with this credit.

    It is a decision about what is certain: an estimate is the most that a step may cost, a step that waits for a
    person costs nothing yet, and one that may take an earlier result might cost nothing at all. What is not certain is
    begun, and the decider of the money has the last word on each job.
    """
    reusing = plan.run is not None and plan.run.reuse
    if credit is None or reusing or any(isinstance(one, StepAwaitingApproval) for one in decided):
        return
    ready = [plan.steps[one.step_id] for one in decided if isinstance(one, StepReady)]
    asked = min((_at_least(step, session) for step in ready), default=0)
    if asked > credit:
        detail = f"to begin costs {asked} millicredits and {credit} are available"
        raise InsufficientCredit(detail, asked=asked, available=credit)


def _at_least(step: Step, session: Session) -> int:
    """Its estimate, where no file can come into it by whose length it is priced."""
    measured = {medium.removeprefix("made_") for medium in session.media} - _NO_LENGTH
    exact = not step.depends_on and not measured
    return max(step.estimate or 0, LEAST) if exact else LEAST
