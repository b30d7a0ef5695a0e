"""The streams of `events.canvas` folded: sessions and plans share the topic, their ids tell them apart."""

from __future__ import annotations

from datetime import datetime

from events.canvas.plan_state import NoPlan, Plan, PlanState, evolve_plan
from events.canvas.session_state import NoSession, Session, SessionState, evolve_session
from events.model import Event

CanvasState = SessionState | PlanState


def initial(subject: str) -> CanvasState:
    return NoPlan() if subject.startswith("pln_") else NoSession()


def evolve(state: CanvasState, event: Event, at: datetime) -> CanvasState:
    """The session or plan after the event."""
    if isinstance(state, NoPlan | Plan):
        return evolve_plan(state, event, at)
    return evolve_session(state, event, at)


__all__ = ["CanvasState", "NoPlan", "NoSession", "Plan", "PlanState", "Session", "SessionState", "evolve", "initial"]
