"""Cancelling a session: what runs is stopped, what is being planned is given up, what is ready stays."""

from __future__ import annotations

from collections.abc import Iterator

from commands.canvas.commands import CancelSession
from commands.canvas.draft_plan import plans_of
from commands.canvas.run_plan import Draft, stop_run
from commands.canvas.streams import ref, session_in
from commands.model import Context, Decision, Streams
from events.canvas.plan_events import PlanRejected
from events.canvas.session_events import SessionCancelled
from events.canvas.state import Plan
from events.envelope import StreamRef
from events.ids import plan_id
from events.model import Event


def cancel_session(command: CancelSession, streams: Streams, context: Context) -> Decision:
    """One decision for all plans. A plan that waits for a yes stays as it is: it costs nothing."""
    session = session_in(streams, command.org_id, command.session_id)
    actor = context.command.actor
    events: list[tuple[StreamRef, Event]] = [
        (ref(command.session_id), SessionCancelled(session_id=command.session_id, cancelled_by=actor))
    ]
    cancelled: list[str] = []
    for plan in _plans(streams, command.session_id):
        draft = Draft(plan, session, context.at)
        if plan.status == "running":
            cancelled.append(stop_run(draft))
        elif plan.status == "drafting":
            draft.add(PlanRejected(plan_id=plan.plan_id, rejected_by=actor))
        events += draft.decision({}).events
    return Decision(tuple(events), {"cancelled": cancelled})


def _plans(streams: Streams, session_id: str) -> Iterator[Plan]:
    """All plans of the session: there are at most `PLANS_MAX`."""
    for number in range(1, plans_of(streams, session_id) + 1):
        state = streams(ref(plan_id(session_id, number))).state
        if isinstance(state, Plan):
            yield state
