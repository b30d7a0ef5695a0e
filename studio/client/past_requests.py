"""An organisation's past requests to its planner, put together again from their sessions, where their keys exist."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from commands.ports import ERASED, Storage, Vault
from events.canvas.session_events import AgentCallRecorded, MessagePosted
from events.envelope import Recorded
from processors.agents.briefing import anew, brief
from processors.agents.context import Briefing
from processors.agents.present import before
from processors.agents.sealing import Kept, kept_answer
from processors.agents.sessions import Sessions
from projections import agent_calls, session_events
from projections.session_events import recorded
from projections.streams import StreamStore

PLANNER: Final = "planner"
ROUNDS_MAX: Final = 8
"""Calls of one message that are looked through: of more than one round, the first is the request."""

Db = AsyncDatabase[dict[str, Any]]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """A request with all that its planner was told beside its prompt, and what was recorded of the answer."""

    call: Document
    briefing: Briefing
    answer: str | None
    """None: no model answered, or the answer was not kept."""
    recorded: AgentCallRecorded


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Its words cannot be read any more: the person was forgotten; or it has not ended yet."""

    call: Document
    reason: str


async def past_requests(
    db: Db, vault: Vault, storage: Storage, org_id: str, last: int
) -> AsyncIterator[Past | Unreadable]:
    """The newest first."""
    for call in await _calls(db, org_id, last):
        yield await _put_together(db, vault, storage, call)


async def _calls(db: Db, org_id: str, last: int) -> list[Document]:
    """The first call for each of the last messages."""
    first: dict[str, Document] = {}
    wanted = {"org_id": org_id, "agent": PLANNER}
    cursor = db[agent_calls.COLLECTION].find(wanted).sort("begun_at", -1).limit(last * ROUNDS_MAX)
    async for call in cursor:
        if call["cause"] not in first and len(first) == last:
            break
        first[call["cause"]] = call
    return list(first.values())


async def _put_together(db: Db, vault: Vault, storage: Storage, call: Document) -> Past | Unreadable:
    message, ended = await _message(db, call), await _recorded(db, call)
    if message is None or not isinstance(message.data, MessagePosted):
        return Unreadable(call, "its message is not there")
    if ended is None:
        return Unreadable(call, "it has not ended")
    store = StreamStore(db)
    sessions = Sessions(store)
    async for event in store.of_session(call["session_id"], 0, message.offset + 1):
        sessions.note(event)
    session = await sessions.session(call["session_id"], message.version)
    present = await before(vault, sessions, message.data)
    plans = await sessions.plans(call["session_id"], message.data.after_plan)
    briefing = anew(await brief(vault, session, message.data, plans, present), present)
    answer = await kept_answer(vault, storage, call["org_id"], Kept(ended.answer, ended.answer_sha256))
    if briefing.request == ERASED or answer == ERASED:
        return Unreadable(call, "its person was forgotten")
    return Past(call, briefing, answer, ended)


async def _message(db: Db, call: Document) -> Recorded | None:
    wanted = {"session_id": call["session_id"], "event_id": call["cause"]}
    found = await db[session_events.COLLECTION].find_one(wanted)
    return None if found is None else recorded(found)


async def _recorded(db: Db, call: Document) -> AgentCallRecorded | None:
    """The document's version is that of the event that ended the call."""
    found = await db[session_events.COLLECTION].find_one({"_id": f"{call['session_id']}:{call['_v']}"})
    data = None if found is None else recorded(found).data
    return data if isinstance(data, AgentCallRecorded) and data.call_id == call["call_id"] else None
