"""One message on its way to a plan: planned, checked, drafted, and given models and inputs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from commands.ports import ERASED
from events.canvas.session_events import MessagePosted
from events.canvas.session_state import Session
from events.envelope import Recorded
from events.ids import step_id as step_id_of
from processors.agents import apologies, planner, proposals
from processors.agents.assembly import feasible, fit
from processors.agents.briefing import brief
from processors.agents.rooms import Rooms
from processors.agents.stage import Stages


@dataclass(frozen=True, slots=True)
class Pipeline:
    rooms: Rooms
    event: Recorded
    message: MessagePosted
    session: Session
    stages: Stages

    async def run(self) -> None:
        """Raises LlmFailed, `Unavailable`, or what the decider refuses with."""
        stages, catalog = self.stages, self.rooms.catalog()
        plans = self.rooms.sessions.plans(self.session.session_id)
        briefing = await brief(self.rooms.vault, self.session, self.message, plans)
        if briefing.request == ERASED:
            return
        parsed, said = await planner.plan(stages, briefing, catalog)
        checked = feasible(parsed.steps, catalog, briefing.uploads)
        if not checked.steps:
            await self.say(apologies.no_plan(parsed, checked), "no-plan")
            return
        draft = await proposals.draft(stages, parsed.title, checked.steps, said)
        drafted = await stages.send(draft, f"draft {said.call.attempt}")
        plan_id = str(drafted.result["plan_id"])
        fitted = fit(checked.steps, self.rooms.catalog(), briefing.uploads, lambda label: step_id_of(plan_id, label))
        validated, selected = await asyncio.gather(
            proposals.validation(stages, plan_id, checked), proposals.selection(stages, plan_id, fitted)
        )
        # Sent in this order to one partition, so decided in this order, mostly in one transaction.
        await asyncio.gather(stages.send(validated, "validate"), stages.send(selected, "select"))

    async def say(self, text: str, purpose: str) -> None:
        """Never a silent session."""
        await self.stages.send(
            await proposals.word(self.stages, text, self.event.envelope.id, purpose), f"say {purpose}"
        )
