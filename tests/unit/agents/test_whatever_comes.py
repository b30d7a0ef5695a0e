"""Nothing that a message, a model or the catalog may hold ends the process, or leaves a plan half made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from commands.ask import Answer
from commands.canvas.commands import DraftPlan, SelectModels
from commands.model import Command, CommandEnvelope
from events.canvas.plan_events import FieldsVerified, PlanDrafted, RunStarted
from events.canvas.session_events import AgentCallRecorded
from events.catalog.current import CurrentModel
from events.envelope import Recorded
from processors.agents import reactor
from processors.agents.catalog import Catalog
from processors.agents.llm import Completion, Delta, LlmFailed, Restarted
from processors.agents.reactor import Agents
from tests.unit.agents.makers import MODELS, model, schema, small_catalog, wide_catalog
from tests.unit.agents.play import Line, Play, Scripted
from tests.unit.agents.test_reactor import PLAN
from tests.unit.agents.test_stopping import Hanging

SONG = json.dumps(
    {
        "title": "Fox",
        "steps": [
            {"id": "a", "title": "Fox", "description": "a red fox", "agent_type": "image", "depends_on": []},
            {"id": "b", "title": "Song", "description": "a song", "agent_type": "music", "depends_on": []},
        ],
    }
)
SILENT = Catalog.of(CurrentModel(model=one, version=1) for one in MODELS if one.agent_type != "music")
"""Without its only model for music."""
UNREVISED: dict[str, list[Line]] = {"edit_planner": [LlmFailed("timeout", "slow")]}
UNREADABLE = model("bad/picture", "image", ("image",), schema(["prompt"], prompt={"$ref": "#/$defs/nowhere"}))


def asking(play: Play, asked: Callable[[Command], Awaitable[None]]) -> Agents:
    """Agents whose every command is heard of before it is decided."""
    agents = play.agents()

    async def ask(command: Command, envelope: CommandEnvelope, **_: Any) -> Answer:
        await asked(command)
        return await play.log(command, envelope)

    agents._rooms = replace(agents._rooms, ask=ask)
    return agents


async def test_what_raises_in_the_rules_is_a_word_and_an_alarm(expected_alarms: list[str]) -> None:
    play = Play(json.dumps({"title": "Fox", "steps": json.loads(PLAN)["steps"][:1]}))
    play.catalog = Catalog.of([CurrentModel(model=UNREADABLE, version=1)])
    message = await play.says("a fox")
    await play.agents().handle(message)
    assert [word[:24] for word in await play.heard()] == ["Something in this could "]
    expected_alarms += ["the first time", "and after a restart"]
    assert [one.agent for one in play.log.of(AgentCallRecorded)] == ["planner", "validator"]
    assert play.newest.status == "rejected"
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator"]
    assert len(await play.heard()) == 1


async def test_what_raises_once_a_plan_is_drafted_gives_it_up(expected_alarms: list[str]) -> None:
    play = Play(PLAN)
    play.catalog = small_catalog()

    async def asked(command: Command) -> None:
        if isinstance(command, SelectModels):
            expected_alarms.append("once")
            raise KeyError("a bug")

    await asking(play, asked).handle(await play.says("a fox"))
    assert play.newest.status == "rejected"
    assert len(await play.heard()) == 1


async def test_a_call_that_the_rules_break_off_is_on_the_log_as_broken(expected_alarms: list[str]) -> None:
    play = Play(PLAN)
    play.model = Odd()
    await play.hears("a fox")
    expected_alarms.append("once")
    assert [one.error for one in play.log.of(AgentCallRecorded)] == ["broken"]
    assert len(await play.heard()) == 1


class Odd(Scripted):
    """A client with a bug."""

    def __init__(self) -> None:
        super().__init__([])

    async def stream(self, *_: Any, **__: Any) -> AsyncGenerator[Delta | Restarted | Completion]:
        yield Delta("content", "{")
        raise KeyError("choices")


async def test_where_a_server_is_lost_the_process_ends_as_before() -> None:
    play = Play(PLAN)

    async def asked(_command: Command) -> None:
        raise ConnectionError("lost")

    with pytest.raises(ConnectionError):
        await asking(play, asked).handle(await play.says("a fox"))
    assert await play.heard() == []


async def test_a_model_that_goes_while_the_plan_is_drafted_is_used_once_more() -> None:
    play = Play(SONG)
    play.catalog = small_catalog()

    async def asked(command: Command) -> None:
        if isinstance(command, DraftPlan):
            play.catalog = SILENT

    await asking(play, asked).handle(await play.says("a fox and a song"))
    assert play.newest.status == "awaiting_approval"
    assert await play.heard() == []


@pytest.mark.parametrize("mode", ["subagent", "full"])
async def test_a_model_that_goes_before_a_restart_leaves_no_plan_half_made(mode: str) -> None:
    play = Play(SONG, lines=UNREVISED)
    play.catalog = small_catalog()
    play.log.refused = [DraftPlan]
    message = await play.says("a fox and a song", mode=mode)
    with pytest.raises(Exception, match="lost"):
        await play.agents().handle(message)
    play.catalog = SILENT
    await play.agents().handle(message)
    assert play.newest.status == "rejected"
    (word,) = await play.heard()
    assert "was taken out of use" in word


async def test_a_model_that_comes_before_a_restart_changes_nothing_of_what_was_drafted() -> None:
    play = Play(SONG, lines=UNREVISED)
    play.catalog = SILENT
    play.log.refused = [DraftPlan]
    message = await play.says("a fox and a song")
    with pytest.raises(Exception, match="lost"):
        await play.agents().handle(message)
    play.catalog = small_catalog()
    await play.agents().handle(message)
    assert play.newest.status == "awaiting_approval"
    assert len(play.newest.steps) == 1


async def test_a_message_that_takes_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactor, "WHOLE_S", 0.05)
    play = Play(model=Hanging(""))
    await play.agents().handle(await play.says("a fox"))
    assert "did not answer in time" in (await play.heard())[0]
    assert [one.error for one in play.log.of(AgentCallRecorded)] == ["timeout"]
    assert play.log.of(PlanDrafted) == []


async def test_nor_does_its_plan_stay_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Hanging(PLAN, PLAN, model_selector=[""])
    play = Play(model=hanging)
    play.catalog = wide_catalog()
    monkeypatch.setattr(reactor, "WHOLE_S", 1.0)
    async with asyncio.timeout(20):
        await play.agents().handle(await play.says("a fox"))
    assert hanging.left.is_set()
    assert play.log.of(FieldsVerified) == []
    assert play.newest.status == "rejected"
    assert "did not answer in time" in (await play.heard())[0]


@pytest.mark.parametrize(("decision", "kept"), [("SAME", True), ("NEW", False)])
async def test_nothing_runs_behind_a_newer_message_that_is_not_read_yet(decision: str, kept: bool) -> None:
    wolf = json.dumps({"title": "Wolf", "steps": [{**json.loads(PLAN)["steps"][0], "description": "a wolf"}]})
    said: dict[str, list[Line]] = {"context_classifier": [json.dumps({"decision": decision})], "edit_planner": [wolf]}
    play, newer = Play(PLAN, wolf, lines=said), list[Recorded]()
    message = await play.says("a fox", approval="auto")

    async def asked(command: Command) -> None:
        if isinstance(command, SelectModels) and not newer:
            newer.append(await play.says("no wait, a wolf!", approval="plan"))

    await asking(play, asked).handle(message)
    assert play.log.of(RunStarted) == []
    assert await play.heard() == []
    await play.agents().handle(newer[0])
    first = play.plan(1)
    assert first is not None
    assert first.status == ("awaiting_approval" if kept else "rejected")
    assert play.newest.status == "awaiting_approval"
    assert {"a wolf"} <= {step["description"] for step in (await play.shown()).values()}
    assert play.log.of(RunStarted) == []
    assert await play.heard() == (["Changed: “Fox”. Made from that: “Film”."] if kept else [])


async def test_a_plan_that_was_cut_short_is_given_up_where_no_model_answers() -> None:
    said: dict[str, list[Line]] = {
        "context_classifier": ['{"decision": "SAME"}'], "edit_planner": [LlmFailed("connection", "gone")]
    }  # fmt: skip
    play = Play(PLAN, lines=said)
    play.log.refused = [DraftPlan]
    with pytest.raises(Exception, match="lost"):
        await play.agents().handle(await play.says("a fox"))
    await play.hears("that runs")
    assert play.newest.status == "rejected"
    assert "cannot be reached" in (await play.heard())[0]
