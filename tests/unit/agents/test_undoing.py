"""A real model that is asked to undo has all it takes: what the plan was before its last edits, on the wire.

The model here knows nothing but what it is sent, and answers by it as the edit planner's prompt says.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from processors.agents.telling.blocks import read_block
from tests.llm_server import LlmServer, Wire, serving, whole
from tests.unit.agents.play import Play

FOX = {"id": "s1", "title": "Fox", "description": "a red fox", "agent_type": "image", "depends_on": []}
FILM = {"id": "s2", "title": "Film", "description": "the fox runs", "agent_type": "video", "depends_on": ["s1"]}
MUSIC = {"id": "s3", "title": "Music", "description": "a waltz", "agent_type": "music", "depends_on": []}
BLUE = {**FOX, "description": "a blue fox"}


def plan(*steps: dict[str, Any], **more: Any) -> str:
    return json.dumps({"title": "Fox", "steps": steps, **more})


def same(step: dict[str, Any]) -> dict[str, Any]:
    return {**step, "unchanged": True}


async def undoes(wire: Wire) -> None:
    """Takes back as many edits as the request says, one where it says none."""
    told = wire.asked.body["messages"][-1]["content"]
    back = 2 if "twice" in told.rpartition("<request>")[2] else 1
    now = {step["id"]: step for step in read_block("plan", told)["steps"]}
    then = next(one for one in read_block("before", told) or [] if one["edits_back"] == back)["steps"]
    steps = [same(now[step["id"]]) if step.get("as_now") else step for step in then]
    gone = [name for name in now if name not in {step["id"] for step in then}]
    await whole(plan(*steps, removed=gone))(wire)


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        it.always = {
            "context_classifier": whole('{"decision": "SAME"}'),
            "validator": whole('{"verdict": "PASS", "issues": []}'),
            "edit_planner": undoes,
        }
        it.of_agent = {"planner": [whole(plan(FOX, FILM))]}
        yield it


@pytest.fixture
async def play(server: LlmServer) -> AsyncIterator[Play]:
    patience = Patience(first_s=20, stall_s=20, whole_s=20, retry_after_s=0.1)
    async with LlmClient(server.url, None, "one", "two", patience=patience) as model:
        yield Play(model=model)


async def words(play: Play) -> dict[str, str]:
    return {name: step["description"] for name, step in (await play.shown()).items()}


async def says(play: Play, server: LlmServer, text: str, *answer: str) -> None:
    server.of_agent["edit_planner"] = [whole(one) for one in answer]
    await play.hears(text)


FIRST = {"s1": "a red fox", "s2": "the fox runs"}


async def test_a_change_is_taken_back(play: Play, server: LlmServer) -> None:
    await play.hears("a red fox that runs")
    await says(play, server, "make it blue", plan(BLUE, same(FILM)))
    assert await words(play) == {**FIRST, "s1": "a blue fox"}
    await says(play, server, "undo that")
    assert await words(play) == FIRST
    assert (await play.heard())[-1] == "Changed: “Fox”. Made from that: “Film”."


async def test_what_was_added_goes_and_what_was_taken_out_comes_back(play: Play, server: LlmServer) -> None:
    await play.hears("a red fox that runs")
    await says(play, server, "add music", plan(same(FOX), same(FILM), MUSIC))
    await says(play, server, "go back")
    assert await words(play) == FIRST
    await says(play, server, "remove the film", plan(same(FOX), removed=["s2"]))
    assert await words(play) == {"s1": "a red fox"}
    await says(play, server, "undo")
    assert await words(play) == FIRST
    assert (await play.shown())["s2"]["after"] == ["s1"]


async def test_it_may_be_an_edit_before_the_last(play: Play, server: LlmServer) -> None:
    await play.hears("a red fox that runs")
    await says(play, server, "make it blue", plan(BLUE, same(FILM)))
    await says(play, server, "add music", plan(same(BLUE), same(FILM), MUSIC))
    await says(play, server, "undo twice")
    assert await words(play) == FIRST


async def test_a_restarted_process_tells_the_same(play: Play, server: LlmServer) -> None:
    await play.hears("a red fox that runs")
    await says(play, server, "make it blue", plan(BLUE, same(FILM)))
    server.of_agent["edit_planner"] = []
    agents = play.agents("fresh")
    for record in play.log.records()[-3:]:
        agents.wants(record)
    await agents.handle(await play.says("undo that"))
    assert await words(play) == FIRST


async def test_steps_that_stay_are_named_alone_and_a_plan_without_edits_has_no_earlier_one(
    play: Play, server: LlmServer
) -> None:
    await play.hears("a red fox that runs")
    await says(play, server, "make it blue", plan(BLUE, same(FILM)))
    await says(play, server, "make it blue, and add music", plan(same(BLUE), same(FILM), MUSIC))
    first, second = (str(one.body["messages"][-1]["content"]) for one in server.asked_by("edit_planner"))
    assert read_block("before", first) is None
    [before] = read_block("before", second)
    assert before["steps"][1] == {"id": "s2", "as_now": True}
    assert before["steps"][0]["description"] == "a red fox"
    assert all("<before>" not in str(one.body) for one in server.asked_by("validator"))
