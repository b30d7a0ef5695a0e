"""Turns a person's message into a plan that waits for approval, or runs: the agents' reaction to `message_posted`.

Everything is asked of the decider under ids that follow from the message's event, and an agent's answer is on the log
before anything is made of it: a restart, at any place, goes on where it was and asks no model twice.
"""

from __future__ import annotations

import logging
from typing import Final

from commands.ask import CommandFailed
from commands.refusals import Refusal
from events.canvas.session_events import MessagePosted
from events.envelope import Recorded
from events.ids import session_of
from processors.agents import apologies
from processors.agents.llm import LlmFailed
from processors.agents.pipeline import Pipeline
from processors.agents.rooms import Rooms
from processors.agents.sessions import NoSuchSession
from processors.agents.stage import Stages

log = logging.getLogger(__name__)

BUDGET_S: Final = 160.0
"""Of one message for what its models are asked."""
CALL_TIMEOUT_S: Final = 175.0
"""Of one message, whatever happens."""


def key_of(event: Recorded) -> str:
    return session_of(event.stream.subject)


class Agents:
    """The reactor's handler."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def wants(self, event: Recorded) -> bool:
        """Takes note of every event, in the order of the log; only a person's message asks for an answer."""
        self._rooms.sessions.note(event)
        return isinstance(event.data, MessagePosted) and event.data.role == "user"

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
        stages = Stages(self._rooms, event, message, session, BUDGET_S)
        await self._plan(Pipeline(self._rooms, event, message, session, stages))

    async def _plan(self, pipeline: Pipeline) -> None:
        event = pipeline.event.envelope.id
        try:
            try:
                await pipeline.run()
            except LlmFailed as error:
                await pipeline.say(apologies.no_model(error.category), "no-model")
            except (Refusal, CommandFailed) as error:
                log.warning("a message led to no plan: %s", error, extra={"action": "plan", "event": event})
                await pipeline.say(apologies.REFUSED, "refused")
        except (Refusal, CommandFailed) as error:
            log.warning("an answer was refused: %s", error, extra={"action": "say", "event": event})
