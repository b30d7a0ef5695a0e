"""A message becomes a plan once, whatever breaks on the way: the real canvas decider, vault and rules in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from commands.ask import Unavailable
from commands.canvas.commands import BeginStage, DraftPlan, SelectModels
from commands.model import Command, CommandEnvelope
from events.canvas.plan_events import FieldsVerified, ModelSelected, PlanDrafted, PlanValidated
from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.ids import derived_id
from processors.agents.llm import Completion, Delta, LanguageModel, LlmFailed, Message, Restarted
from tests.unit.agents.play import ORG, SESSION, Play

PLAN = json.dumps(
    {
        "title": "Fox",
        "steps": [
            {"id": "a", "title": "Fox", "description": "a red fox", "agent_type": "image", "depends_on": []},
            {"id": "b", "title": "Film", "description": "the fox runs", "agent_type": "video", "depends_on": ["a"]},
        ],
    }
)


async def test_a_message_becomes_a_plan_that_waits_for_approval() -> None:
    play = Play(PLAN)
    message = await play.says("a fox that runs")
    agents = play.agents()
    assert agents.wants(message)
    await agents.handle(message)
    kinds = [type(event) for _, event in play.log.world.log[2:]]
    assert kinds[:5] == [StageBegun, AgentCallRecorded] * 2 + [PlanDrafted]
    assert [one.model for one in play.log.of(ModelSelected)] == ["local/picture", "local/motion"]
    assert play.log.of(PlanValidated)[0].verdict == "PASS"
    assert len(play.log.of(FieldsVerified)) == 1


async def test_what_the_page_saw_is_void_when_the_call_begins_again() -> None:
    play = Play(PLAN)
    await play.agents().handle(await play.says("a fox"))
    planner = [frame for frame in play.frames if frame.data.get("agent", "planner") == "planner"]
    kinds = [frame.event for frame in planner]
    assert kinds.count("agent.started") == 2
    last = len(kinds) - kinds[::-1].index("agent.started") - 1
    said = [await play.vault.open(f.text) for f in planner[last:] if f.event == "agent.content" and f.text]
    assert "".join(said) == PLAN
    assert kinds[last:].count("step.drafting") == 2


@pytest.mark.parametrize("lost", [DraftPlan, SelectModels])
async def test_a_restart_goes_on_where_it_was_and_asks_no_model_twice(lost: type[Command]) -> None:
    play = Play(PLAN)
    message = await play.says("a fox")
    play.log.refused = [lost]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator"]
    assert len(play.log.of(PlanDrafted)) == len(play.log.of(FieldsVerified)) == 1
    assert [call.agent for call in play.log.of(AgentCallRecorded)] == ["planner", "validator"]


async def test_while_another_process_plans_this_one_waits_and_later_takes_over() -> None:
    play = Play(LlmFailed("timeout", "slow"), PLAN)
    message = await play.says("a fox")
    call_id = derived_id("call", b"agents", message.envelope.id, "planner")
    begin = BeginStage(
        org_id=ORG, session_id=SESSION, call_id=call_id, agent="planner", owner="one/1", timeout_s=150
    )  # the other process has begun, and says nothing more
    stage = await play.log(begin, CommandEnvelope("c1", ORG, "t", "cor", "cau"))
    assert stage.result["go"] == 1
    with pytest.raises(Unavailable):
        await play.agents("two").handle(message)
    play.log.world.pass_time(200)
    await play.agents("two").handle(message)
    assert (await play.heard())[0].startswith("The language model did not answer in time")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (LlmFailed("connection", "x"), "cannot be reached"),
        (LlmFailed("unauthorised", "x"), "does not accept"),
        ("I would rather not.", "could not be read"),
        ('{"title": "", "steps": [], "reason": "Nothing to make."}', "Nothing to make."),
        ('{"title": "", "steps": []}', "nothing to make in that"),
    ],
)
async def test_where_there_is_no_plan_the_session_is_told_why(answer: str | LlmFailed, words: str) -> None:
    play = Play(answer)
    message = await play.says("a fox")
    await play.agents().handle(message)
    await play.agents().handle(message)
    (said,) = await play.heard()
    assert words in said
    assert len(play.script.asked) == 1
    assert play.log.of(PlanDrafted) == []


async def test_a_repaired_plan_says_what_was_wrong() -> None:
    play = Play(PLAN.replace('"depends_on": []', '"depends_on": ["b", "zz"]'), LlmFailed("timeout", "slow"))
    await play.agents().handle(await play.says("a fox"))
    (validated,) = play.log.of(PlanValidated)
    issues = [await play.vault.open(issue) for issue in validated.issues]
    assert validated.verdict == "REVISE"
    assert any("circle" in issue for issue in issues)
    assert any("not there" in issue for issue in issues)


async def test_a_forgotten_person_is_not_planned_for() -> None:
    play = Play(PLAN)
    message = await play.says("a fox")
    await play.vault.forget(ORG, "usr_1")
    await play.agents().handle(message)
    assert play.script.asked == []


async def test_what_was_not_answered_yet_is_asked_with_the_newer_message_and_not_by_itself() -> None:
    play = Play(PLAN)
    first, later = await play.says("first"), await play.says("later")
    agents = play.agents()
    for record in play.log.records():
        agents.wants(record)
    await agents.handle(first)
    assert play.script.agents == []
    await agents.handle(later)
    assert "<request>\nfirst\nlater\n</request>" in str(play.script.asked[0][-1]["content"])
    assert len(play.log.of(PlanDrafted)) == 1


async def test_a_call_that_failed_is_recorded_with_its_time_and_what_it_used() -> None:
    play = Play(LlmFailed("timeout", "slow", tokens_in=100, tokens_out=7, cost=3))
    play.model = Late(play.script)
    await play.hears("a fox")
    (call,) = play.log.of(AgentCallRecorded)
    assert (call.error, call.tokens_in, call.tokens_out, call.cost) == ("timeout", 100, 7, 3)
    assert call.ms >= 20


class Late:
    """Answers as the other does, twenty milliseconds later."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.complete = model.complete

    async def stream(
        self, agent: str, messages: Sequence[Message], **more: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        await asyncio.sleep(0.02)
        async for piece in self._model.stream(agent, messages, **more):
            yield piece
