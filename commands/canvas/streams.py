"""The streams of a session, typed: the session itself and its plans."""

from __future__ import annotations

from typing import Any

from commands.model import Stream, Streams
from commands.refusals import IllegalState, NotFound
from events.canvas.state import Plan, Session
from events.envelope import StreamRef
from events.ids import BadId, session_of
from events.topics import EVENTS_CANVAS


def ref(subject: str) -> StreamRef:
    return StreamRef(EVENTS_CANVAS, subject)


def session_stream(streams: Streams, org_id: str, session_id: str) -> tuple[Session, int]:
    """The session and its version. Raises NotFound, also for another organisation's session."""
    stream: Stream[Any] = streams(ref(session_id))
    if not isinstance(stream.state, Session) or stream.state.org_id != org_id:
        raise NotFound("no such session")
    return stream.state, stream.version


def session_in(streams: Streams, org_id: str, session_id: str) -> Session:
    return session_stream(streams, org_id, session_id)[0]


def plan_in(streams: Streams, org_id: str, session_id: str, plan_id: str) -> Plan:
    """Raises NotFound, also for another organisation's or session's plan."""
    try:
        routed_to = session_of(plan_id)
    except BadId as error:
        raise NotFound("no such plan") from error
    state = streams(ref(plan_id)).state
    if routed_to != session_id or not isinstance(state, Plan) or state.drafted.org_id != org_id:
        raise NotFound("no such plan")
    return state


def refuse_given_up(session: Session, message_id: str) -> None:
    """Nothing is made of a message that was cancelled, or whose place a newer one has taken."""
    if session.given_up(message_id):
        raise IllegalState("the session was cancelled, or went on, after this message", allowed=[], given_up=True)
