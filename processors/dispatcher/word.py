"""What the dispatcher says to the decider of jobs: each command once per cause, asked until it is answered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass, field
from typing import Final

from commands.ask import Answer, Ask, CommandFailed, Unavailable
from commands.model import CommandEnvelope
from commands.orgs.commands import BeginAttempt, ConfirmStopped, LeaseCommand, RecordJobAgentCall, RecordJobRunning
from commands.refusals import Refusal
from events.envelope import Recorded
from events.ids import caused_id, new_id
from processors.dispatcher.claims import Claims
from processors.dispatcher.ports import AgentCall

ACTOR: Final = "process:dispatcher"
TRIES: Final = 6
"""At the ask's own time-out a minute. After that the event is handled again from its beginning."""
FRESH_S: Final = 10.0
"""How long leave to call a provider holds: less than it takes for a lease that nobody renews to expire."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Word:
    """About one attempt, in answer to one event."""

    ask: Ask
    recorded: Recorded
    org_id: str
    job_id: str
    lease: int
    claims: Claims = field(default_factory=Claims)
    owner: str | None = None
    """Whom the dispatch names: this handling, if that is a claim which nobody has used."""
    _asked_as: str | None = field(default=None, init=False)

    async def may_call(self) -> bool | None:
        """Whether this very handling may create at a provider whose create is not idempotent; None: it is over.

        The owner is new for each handling: whoever handles the event again has to find out what became of the first
        call. Only one whom the dispatch named, and who has not been answered yet, is still the one who may. Asked
        again, as after a pause, it is as the same owner: it still may, unless another has looked for it since.
        """
        if self._asked_as is not None:
            return await self._begun(self._asked_as)
        taken = self.claims.take(self.job_id, self.lease, self.owner)
        self._asked_as = new_id("own") if taken is None or self.owner is None else self.owner
        if taken == "fresh":
            return True
        try:
            return await self._begun(self._asked_as)
        except (Unavailable, asyncio.CancelledError):
            if taken is not None:
                self.claims.put_back(self.job_id, self.lease, self._asked_as)
            raise

    async def _begun(self, owner: str) -> bool | None:
        """An answer that comes late, as to a process that was paused, is asked for again, under an id of its own."""
        clock, asking = asyncio.get_running_loop().time, new_id("own")
        command = BeginAttempt(org_id=self.org_id, job_id=self.job_id, lease=self.lease, owner=owner)
        for asked in range(TRIES):
            asked_at = clock()
            answer = await self.say(command, f"begin:{asking}:{asked}")
            if answer is None:
                return None
            if clock() - asked_at < FRESH_S:
                return bool(answer.result.get("go"))
        raise Unavailable("leave to call a provider comes too late")

    async def running(self, provider_job_id: str) -> None:
        """Whoever handles the event again finds the provider's work by this."""
        command = RecordJobRunning(
            org_id=self.org_id, job_id=self.job_id, lease=self.lease, provider_job_id=provider_job_id
        )
        await self.say(command, f"running:{provider_job_id}")

    async def asked(self, call: AgentCall) -> None:
        """What a language model was asked for the attempt, once for each agent."""
        ids = {"org_id": self.org_id, "job_id": self.job_id, "lease": self.lease}
        await self.say(RecordJobAgentCall.model_validate({**ids, **asdict(call)}), f"asked:{call.agent}")

    async def stopped(self) -> None:
        await self.say(ConfirmStopped(org_id=self.org_id, job_id=self.job_id, lease=self.lease), "stopped")

    async def say(self, command: LeaseCommand, purpose: str) -> Answer | None:
        """None: refused, because the attempt is over on the log. Then nothing is left to be done here."""
        envelope = CommandEnvelope(
            id=caused_id(self.recorded.envelope.id, purpose),
            org_id=self.org_id,
            actor=ACTOR,
            correlation_id=self.recorded.envelope.correlation_id,
            causation_id=self.recorded.envelope.id,
            traceparent=self.recorded.envelope.traceparent,
        )
        for attempt in range(1, TRIES + 1):
            try:
                return await self.ask(command, envelope)
            except Refusal as refusal:
                log.info("%s of %s.%d: %s", type(command).__name__, self.job_id, self.lease, refusal.slug)
                return None
            except CommandFailed:
                log.exception("%s of %s.%d was set aside", type(command).__name__, self.job_id, self.lease)
                return None
            except Unavailable:
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")
