"""Turns a person's message into a plan that waits for approval, or runs: the agents' reaction to `message_posted`.

Everything is asked of the decider under ids that follow from the message's event, and an agent's answer is on the log
before anything is made of it: a restart, at any place, goes on where it was and asks no model twice.

A cancel or a newer message of the person stops the calls of the one before, which the newer one is asked with.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Final

from commands.ask import CommandFailed, Unavailable
from commands.refusals import Refusal
from events.canvas.session_events import MessagePosted, SessionCancelled
from events.envelope import Recorded
from events.ids import session_of
from processors.agents.asking.call import STOPPED, Stages
from processors.agents.asking.rooms import Rooms
from processors.agents.llm import LlmFailed
from processors.agents.pipeline import Pipeline
from processors.agents.sessions import NoSuchSession
from processors.agents.telling import apologies
from processors.runners.poison import alarm, is_poison

log = logging.getLogger(__name__)

GROUP: Final = "agents"
BUDGET_S: Final = 160.0
"""Of one message for what its models are asked."""
WHOLE_S: Final = 168.0
"""Of one message until its session is told that it took too long."""
CALL_TIMEOUT_S: Final = 180.0
"""Of one message, whatever happens."""


def key_of(event: Recorded) -> str:
    return session_of(event.stream.subject)


class Agents:
    """The reactor's handler. Nothing that a message, a model or a catalog may hold is raised out of it."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._running: Counter[str] = Counter()
        """Messages being planned, by session."""

    def wants(self, event: Recorded) -> bool:
        """Takes note of every event, in the order of the log; a person's message asks for an answer."""
        self._rooms.sessions.note(event)
        return (isinstance(event.data, MessagePosted) and event.data.role == "user") or self.urgent(event)

    def urgent(self, event: Recorded) -> bool:
        """It stops what is being asked for its session."""
        stops = isinstance(event.data, SessionCancelled) or (
            isinstance(event.data, MessagePosted) and event.data.role == "user"
        )
        return stops and self._running[key_of(event)] > 0

    async def handle(self, event: Recorded) -> None:
        """Raises `Unavailable` where it should be tried again."""
        message = event.data
        if not isinstance(message, MessagePosted) or message.role != "user":
            return
        try:
            session = await self._rooms.sessions.session(message.session_id, event.version)
        except NoSuchSession:
            log.warning("a message without a session", extra={"action": "plan", "event": event.envelope.id})
            return
        if session.given_up(message.message_id):
            return
        stages = Stages(self._rooms, event, message, session, BUDGET_S)
        catalog = self._rooms.catalog().without(self._rooms.refused(event.envelope.org_id))
        pipeline = Pipeline(self._rooms, event, message, session, stages, catalog)
        self._running[message.session_id] += 1
        try:
            await self._plan(pipeline)
        except asyncio.CancelledError:
            if self._given_up(message):
                await self._stop(stages, STOPPED)
            raise
        finally:
            self._running -= Counter({message.session_id: 1})

    def _given_up(self, message: MessagePosted) -> bool:
        return self._rooms.sessions.given_up(message.session_id, message.message_id)

    async def _stop(self, stages: Stages, category: str) -> None:
        """A call that was stopped is on the log as such; one that a restart shall ask again is not."""
        try:
            await stages.give_up(category)
        except (Refusal, CommandFailed, Unavailable) as error:
            log.info("stopped calls were not recorded: %s", error)

    async def _plan(self, pipeline: Pipeline) -> None:
        event = pipeline.event
        try:
            async with asyncio.timeout(WHOLE_S):
                await pipeline.run()
        except TimeoutError:
            log.warning("a message took too long", extra={"action": "plan", "event": event.envelope.id})
            await self._stop(pipeline.stages, "timeout")
            await self._tell(pipeline, apologies.no_model("timeout"), "no-model")
        except LlmFailed as error:
            await self._tell(pipeline, apologies.no_model(error.category), "no-model")
        except (Refusal, CommandFailed) as error:
            log.warning("a message led to no plan: %s", error, extra={"action": "plan", "event": event.envelope.id})
            if not (_is_given_up(error) or self._given_up(pipeline.message)):
                await self._tell(pipeline, apologies.REFUSED, "refused")
        except Exception as error:
            if not is_poison(error):
                raise
            alarm(log, GROUP, event)
            await self._stop(pipeline.stages, "broken")
            await self._tell(pipeline, apologies.BROKEN, "broken")

    async def _tell(self, pipeline: Pipeline, word: str, purpose: str) -> None:
        """The plan that was being made is given up, and its session hears why."""
        try:
            await pipeline.end(word, purpose)
        except (Refusal, CommandFailed) as error:
            event = pipeline.event.envelope.id
            log.warning("an answer was refused: %s", error, extra={"action": "say", "event": event})


def _is_given_up(error: Refusal | CommandFailed) -> bool:
    """The decider knows of a newer message before it is read here."""
    return isinstance(error, Refusal) and error.members.get("given_up") is True
