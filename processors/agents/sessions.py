"""Sessions and plans as the agents know them: folded from the events they read, filled from the stored stream."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from events.canvas.plan_events import PlanEdited
from events.canvas.state import CanvasState, NoSession, Plan, Session, evolve, initial
from events.envelope import Recorded
from events.ids import plan_id

STREAMS_MAX: Final = 4000
PLANS_BACK: Final = 5
EDITS_BACK: Final = 3
EVENTS_MAX: Final = 20_000
"""Of one plan that are read again."""


class StreamStore(Protocol):
    """The read model of streams."""

    async def read(self, subject: str, upto_version: int) -> Sequence[Recorded]:
        """The stream from its beginning up to this version. Raises `Unavailable` while it is not there yet."""
        ...

    async def stored(self, subject: str, most: int) -> Sequence[Recorded]:
        """The stream from its beginning as far as it is there, at most so many events. Raises `Unavailable`."""
        ...


class NoSuchSession(LookupError):
    """An event speaks of a session that its own stream does not know."""


@dataclass(frozen=True, slots=True)
class _Known:
    state: CanvasState
    version: int
    before: tuple[Plan, ...] = ()
    """Of a plan: as it was before each of its last edits, the newest last."""


class Sessions:
    """A bounded copy of the streams that were last spoken of; what is not in it is read again when it is needed."""

    def __init__(self, store: StreamStore, *, most: int = STREAMS_MAX) -> None:
        self._store = store
        self._most = most
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def note(self, event: Recorded) -> None:
        """In the order of the log. Of a stream whose beginning was not seen nothing is kept."""
        subject, version = event.stream.subject, event.version
        known = self._known.get(subject)
        if known is None and version == 1:
            known = _Known(initial(subject), 0)
        if known is None or version <= known.version:
            return
        if version > known.version + 1:
            del self._known[subject]
            return
        self._keep(subject, _folded(known, [event]))

    async def session(self, session_id: str, version: int) -> Session:
        """The session when it had at least this version. Raises `Unavailable`, or NoSuchSession."""
        known = self._known.get(session_id)
        if known is None or known.version < version:
            stored = await self._store.read(session_id, version)
            known = _folded(_Known(NoSession(), 0), stored)
            newer = self._known.get(session_id)
            known = newer if newer is not None and newer.version >= known.version else known
            self._keep(session_id, known)
        if not isinstance(known.state, Session):
            raise NoSuchSession(session_id)
        return known.state

    def given_up(self, session_id: str, message_id: str) -> bool:
        """By what is known here at this moment."""
        known = self._known.get(session_id)
        return known is not None and isinstance(known.state, Session) and known.state.given_up(message_id)

    async def plan(self, plan_id: str, version: int) -> Plan | None:
        """The plan in its state after that many events, whatever has come since. Raises `Unavailable`."""
        state = (await self._plan_at(plan_id, version)).state
        return state if isinstance(state, Plan) else None

    async def before_edits(self, plan_id: str, version: int) -> tuple[Plan, ...]:
        """The same plan as it was before each of its last edits, the newest first. Raises `Unavailable`."""
        return (await self._plan_at(plan_id, version)).before[::-1]

    async def _plan_at(self, plan_id: str, version: int) -> _Known:
        known = self._known.get(plan_id)
        if known is None or known.version != version:
            known = _folded(_Known(initial(plan_id), 0), await self._store.read(plan_id, version))
            if plan_id not in self._known:
                self._keep(plan_id, known)
        return known

    async def plans(self, session_id: str, newest: str | None) -> list[Plan]:
        """The session's last plans up to its `newest`; what is not known here is read as it is stored. Raises
        `Unavailable`."""
        last = int(newest.rsplit(".", 1)[-1]) if newest is not None else 0
        found = []
        for number in range(max(1, last - PLANS_BACK + 1), last + 1):
            subject = plan_id(session_id, number)
            if (known := self._known.get(subject)) is None:
                known = _folded(_Known(initial(subject), 0), await self._store.stored(subject, EVENTS_MAX))
                self._keep(subject, known)
            if isinstance(known.state, Plan):
                found.append(known.state)
        return found

    def _keep(self, subject: str, known: _Known) -> None:
        self._known[subject] = known
        self._known.move_to_end(subject)
        while len(self._known) > self._most:
            self._known.popitem(last=False)


def _folded(known: _Known, events: Sequence[Recorded]) -> _Known:
    state, version, before = known.state, known.version, known.before
    for event in events:
        if event.version == version + 1:
            if isinstance(event.data, PlanEdited) and isinstance(state, Plan):
                before = (*before, state)[-EDITS_BACK:]
            state, version = evolve(state, event.data, event.envelope.time), event.version
    return _Known(state, version, before)
