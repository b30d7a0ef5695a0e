"""An organisation's past requests to its agents, put together again from their sessions, where their keys exist."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from commands.ports import ERASED, Storage, Vault
from events.canvas.session_events import AgentCallRecorded, MessagePosted
from events.envelope import Recorded
from processors.agents.asking.sealing import Kept, kept_answer
from processors.agents.catalog import Catalog
from processors.agents.sessions import Sessions
from processors.agents.stages.planner import FULL_MODE
from processors.agents.telling.briefing import brief
from processors.agents.telling.context import Briefing
from processors.agents.telling.present import before
from projections import agent_calls, session_events
from projections.session_events import recorded
from projections.streams import StreamStore
from studio.client.off_record import Answers, Question, asked, rooms_of

Db = AsyncDatabase[dict[str, Any]]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """A request with all that its agent was told beside its prompt, and what was recorded of the answer."""

    call: Document
    briefing: Briefing
    question: Question
    answer: str | None
    """None: no model answered, or the answer was not kept."""
    recorded: AgentCallRecorded


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It cannot be put together any more, or not yet."""

    call: Document
    reason: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Where the past is kept, and the catalog of today."""

    db: Db
    vault: Vault
    storage: Storage
    catalog: Catalog

    async def requests(self, org_id: str, agent: str, last: int) -> AsyncIterator[Past | Unreadable]:
        """Those to the agent, the newest first; to `planner_full`, those whose planner was told it."""
        for call in await self._calls(org_id, agent, last):
            yield await self._put_together(call)

    async def _calls(self, org_id: str, agent: str, last: int) -> list[Document]:
        wanted: Document = {"org_id": org_id, "agent": agent}
        if agent == FULL_MODE:
            wanted = {"org_id": org_id, "agent": "planner", "beside.agent": FULL_MODE}
        cursor = self.db[agent_calls.COLLECTION].find(wanted).sort("begun_at", -1).limit(last)
        return await cursor.to_list()

    async def _put_together(self, call: Document) -> Past | Unreadable:
        message = await self._message(call)
        if message is None or not isinstance(message.data, MessagePosted):
            return Unreadable(call, "its message is not there")
        answers = await self._answers(message)
        ended = answers.get(call["call_id"])
        if ended is None:
            return Unreadable(call, "it has not ended")
        store = StreamStore(self.db)
        sessions = Sessions(store)
        async for event in store.of_session(call["session_id"], 0, message.offset + 1):
            sessions.note(event)
        session = await sessions.session(call["session_id"], message.version)
        present = await before(self.vault, sessions, message.data)
        plans = await sessions.plans(call["session_id"], message.data.after_plan)
        briefing = await brief(self.vault, session, message.data, plans, present)
        kept = Kept(ended.answer, ended.answer_sha256)
        answer = await kept_answer(self.vault, self.storage, call["org_id"], kept)
        if briefing.request == ERASED or answer == ERASED:
            return Unreadable(call, "its person was forgotten")
        rooms = rooms_of(self.vault, self.storage, sessions, self.catalog)
        question = await asked(rooms, message, session, answers, call["call_id"])
        if question is None:
            return Unreadable(call, "with the rules and the catalog of today it would not be asked")
        return Past(call, briefing, question, answer, ended)

    async def _message(self, call: Document) -> Recorded | None:
        wanted = {"session_id": call["session_id"], "event_id": call["cause"]}
        found = await self.db[session_events.COLLECTION].find_one(wanted)
        return None if found is None else recorded(found)

    async def _answers(self, message: Recorded) -> Answers:
        """All that was recorded for it."""
        wanted = {
            "session_id": message.stream.subject,
            "offset": {"$gt": message.offset},
            "type": AgentCallRecorded.ce_type(),
            "causation_id": message.envelope.id,
        }
        calls = [recorded(one).data async for one in self.db[session_events.COLLECTION].find(wanted)]
        return {call.call_id: call for call in calls if isinstance(call, AgentCallRecorded)}
