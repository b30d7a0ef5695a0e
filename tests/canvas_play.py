"""Plays the agents' and the executor's part on the canvas decider: something real for gateway and projections."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Answer
from commands.bus import CommandBus
from commands.canvas.commands import (
    AgentCall,
    BeginStage,
    DraftPlan,
    DraftStep,
    ModelChoice,
    RecordAgentCall,
    RecordPlanValidated,
    RecordStepResult,
    SelectModels,
)
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import SubmitJob
from events.assets import AssetRef
from events.ids import new_id, step_id
from events.jobs.events import Cause
from events.log.position import encode
from events.sealed import Sealed
from tests.platform import Core


@dataclass
class Player:
    """Acts for one organisation in one session."""

    bus: CommandBus
    vault: KeyVault
    org_id: str
    session_id: str
    position: str = ""
    """Of what was sent last."""

    async def say(self, text: str) -> Sealed:
        return await self.vault.seal(self.org_id, "player", text)

    async def send(self, command: Command, cause: str = "test") -> Answer:
        answer = await self.bus(command, CommandEnvelope(new_id("cmd"), self.org_id, "player", "test", cause))
        self.position = encode(answer.position)
        return answer

    def of(self, **members: Any) -> dict[str, Any]:
        return {"org_id": self.org_id, "session_id": self.session_id, **members}

    async def call(
        self,
        cause: str,
        *,
        agent: str = "planner",
        variant: str = "default",
        prompt_owner: str = "platform",
        **figures: Any,
    ) -> AgentCall:
        """A call of an agent because of `cause`, begun and recorded."""
        call_id = new_id("call")
        used = {"variant": variant, "prompt_version": 1, "prompt_owner": prompt_owner}
        begin = BeginStage(**self.of(call_id=call_id, agent=agent, owner="player/1", **used))
        told = (await self.send(begin, cause)).result
        figures = {"model": "m", "tokens_in": 10, "tokens_out": 20, "ms": 100, **figures}
        record = self.of(call_id=call_id, attempt=told["go"], agent=agent, variant=told["prompt"]["variant"], **figures)
        await self.send(RecordAgentCall(**record), cause)
        return AgentCall(call_id=call_id, attempt=told["go"])

    async def draft(
        self, message_id: str, *, steps: int = 2, made_from: AgentCall | None = None, first: AgentCall | None = None
    ) -> str:
        """A chain of text steps, validated, models chosen; with approval `auto` the run starts. Returns the plan."""
        drafted = [
            DraftStep(
                label=f"s{number}",
                title=await self.say(f"Step {number}"),
                description=await self.say("Says something"),
                agent_type="text",
                depends_on=(f"s{number - 1}",) if number > 1 else (),
            )
            for number in range(1, steps + 1)
        ]
        title = await self.say("A plan")
        wanted = self.of(
            message_id=message_id, title=title, steps=tuple(drafted), made_from=made_from, first_from=first
        )
        plan = await self.send(DraftPlan(**wanted))
        plan_id = str(plan.result["plan_id"])
        await self.send(RecordPlanValidated(**self.of(plan_id=plan_id, verdict="PASS")))
        choices = [
            ModelChoice(
                step_id=step_id(plan_id, step.label),
                model="test/echo",
                input=await self.say('{"prompt": "hello"}'),
                estimate=100,
                reason="the only one",
            )
            for step in drafted
        ]
        await self.send(SelectModels(**self.of(plan_id=plan_id, choices=tuple(choices))))
        return plan_id

    async def submit(self, plan_id: str, run_id: str, label: str, job_id: str, wired: str) -> None:
        """The job of a step that is ready, with this input."""
        cause = Cause(session_id=self.session_id, run_id=run_id, step_id=step_id(plan_id, label))
        command = SubmitJob(
            org_id=self.org_id,
            job_id=job_id,
            model="test/echo",
            provider="nobody",
            input=await self.say(wired),
            reserve=100,
            cause=cause,
        )
        await self.send(command)

    async def finish(self, plan_id: str, run_id: str, label: str, job_id: str) -> str:
        """Ends a step with a file. Returns the position after it."""
        asset = AssetRef(asset_id=new_id("ast"), sha256="ab" * 32, bytes=3, media_type="text/plain")
        step = step_id(plan_id, label)
        command = RecordStepResult(
            **self.of(
                plan_id=plan_id,
                run_id=run_id,
                step_id=step,
                job_id=job_id,
                status="succeeded",
                outputs=(asset,),
                cost=40,
            )
        )
        return encode((await self.send(command)).position)

    async def fail(self, plan_id: str, run_id: str, label: str, job_id: str) -> str:
        """Ends a step without one. Returns the position after it."""
        ended = {"step_id": step_id(plan_id, label), "job_id": job_id, "status": "failed", "category": "outage"}
        command = RecordStepResult(**self.of(plan_id=plan_id, run_id=run_id, **ended))
        return encode((await self.send(command)).position)


@asynccontextmanager
async def player(core: Core, org_id: str, session_id: str) -> AsyncIterator[Player]:
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(core.servers.mongo_url)
    master = base64.urlsafe_b64decode(core.environment["STUDIO_MASTER_KEY"])
    async with mongo, CommandBus(core.servers.kafka_bootstrap, new_id("test")) as bus:
        yield Player(bus, KeyVault(MongoKeyStore(mongo), master), org_id, session_id)
