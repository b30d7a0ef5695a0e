"""A cancel, or a newer message of the person, stops what a model is being asked; a process that ends does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from commands.canvas.commands import CancelSession
from events.canvas.plan_events import FieldsVerified, PlanDrafted, PlanRejected
from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.envelope import Recorded
from processors.agents.llm import Completion, Delta, Message, Restarted, tokens_told
from processors.agents.reactor import Agents, key_of
from processors.runners.hand_off import HandOff
from tests.unit.agents.makers import wide_catalog
from tests.unit.agents.play import ORG, SESSION, Play, Scripted
from tests.unit.agents.test_reactor import PLAN


class Hanging(Scripted):
    """Answers nothing where its line is empty, and knows when nobody waits for it any more."""

    def __init__(self, *script: str, **lines: list[Any]) -> None:
        super().__init__(list(script), dict(lines))
        self.hangs, self.left = asyncio.Event(), asyncio.Event()

    async def stream(
        self, agent: str, messages: Sequence[Message], **more: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        async for piece in super().stream(agent, messages, **more):
            if isinstance(piece, Completion) and not piece.text:
                self.hangs.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    self.left.set()
            yield piece


class Process:
    """Agents that are handed the log's events as their reactor does it."""

    def __init__(self, play: Play, model: Hanging) -> None:
        play.model = model
        self.play, self.model, self.read = play, model, 0
        self.agents: Agents = play.agents()
        self.done = asyncio.Event()
        self.failures: list[BaseException] = []
        self.hand_off: HandOff[Recorded] = HandOff(
            self.agents.handle, in_flight_max=8, timeout_of=lambda _: 60.0, finished=self._finished,
            failed=self.failures.append,
        )  # fmt: skip

    def _finished(self, _event: Recorded) -> None:
        if self.hand_off.backlog == 0:
            self.done.set()

    def reads(self) -> None:
        """All that is new on the log."""
        for event in self.play.log.records()[self.read :]:
            self.read += 1
            if self.agents.wants(event):
                self.done.clear()
                self.hand_off.put(key_of(event), event, urgent=self.agents.urgent(event))

    async def settles(self) -> None:
        async with asyncio.timeout(20):
            await self.done.wait()
        assert self.failures == []


async def hanging(*script: str, **lines: list[Any]) -> Process:
    """A process whose model has been asked for the first message, and says nothing."""
    process = Process(Play(), Hanging(*script, **lines))
    process.play.catalog = wide_catalog()
    await process.play.says("a fox")
    process.reads()
    async with asyncio.timeout(20):
        await process.model.hangs.wait()
    return process


async def test_a_newer_message_stops_the_call_and_is_asked_with_the_one_before() -> None:
    process = await hanging("", PLAN)
    await process.play.says("that runs")
    process.reads()
    await process.settles()
    assert process.model.left.is_set()
    assert "<request>\na fox\nthat runs\n</request>" in str(process.model.asked[1][-1]["content"])
    (drafted,) = process.play.log.of(PlanDrafted)
    assert drafted.message_id == "msg_2"
    stopped, *_ = process.play.log.of(AgentCallRecorded)
    assert (stopped.agent, stopped.error, stopped.answer) == ("planner", "cancelled", None)
    assert (stopped.tokens_in, stopped.tokens_out) == (tokens_told(process.model.asked[0]), 0)
    assert await process.play.heard() == []


async def test_a_cancel_stops_the_call_and_nothing_comes_of_the_message() -> None:
    process = await hanging("")
    process.play.log.world.handle(CancelSession(org_id=ORG, session_id=SESSION))
    process.reads()
    await process.settles()
    assert process.model.left.is_set()
    assert [one.error for one in process.play.log.of(AgentCallRecorded)] == ["cancelled"]
    assert process.play.log.of(PlanDrafted) == []
    assert await process.play.heard() == []


async def test_what_came_before_a_cancel_is_not_asked_again_with_the_next_message() -> None:
    process = await hanging("", PLAN)
    process.play.log.world.handle(CancelSession(org_id=ORG, session_id=SESSION))
    process.reads()
    await process.settles()
    await process.play.says("a wolf")
    process.reads()
    await process.settles()
    assert "<request>\na wolf\n</request>" in str(process.model.asked[1][-1]["content"])
    assert len(process.play.log.of(PlanDrafted)) == 1


async def test_a_process_that_ends_leaves_the_call_to_the_next() -> None:
    process = await hanging("", PLAN)
    await process.hand_off.drain(0.01)
    assert process.model.left.is_set()
    assert process.play.log.of(AgentCallRecorded) == []
    again = Process(process.play, process.model)
    again.reads()
    await again.settles()
    assert [one.attempt for one in process.play.log.of(StageBegun) if one.agent == "planner"] == [1, 2]
    assert len(process.play.log.of(PlanDrafted)) == 1


@pytest.mark.parametrize(("decision", "rejected"), [("SAME", 0), ("NEW", 1)])
async def test_a_plan_whose_making_was_cut_short_is_made_ready_or_given_up(decision: str, rejected: int) -> None:
    said = [f'{{"decision": "{decision}"}}']
    nothing = '{"title": "", "steps": [], "reason": "There is nothing to change."}'
    process = await hanging(PLAN, PLAN, model_selector=[""], context_classifier=said, edit_planner=[nothing])
    assert process.play.log.of(FieldsVerified) == []
    await process.play.says("go on")
    process.reads()
    await process.settles()
    assert len(process.play.log.of(PlanRejected)) == rejected
    assert process.play.newest.status == "awaiting_approval"
