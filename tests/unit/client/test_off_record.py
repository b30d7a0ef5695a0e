"""Whatever an agent was once asked can be put together again, word for word, from the log alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from events.canvas.session_events import AgentCallRecorded, MessagePosted
from processors.agents.asking.prompting import BuiltIn
from processors.agents.catalog import Catalog
from processors.agents.llm import Message
from processors.agents.sessions import Sessions
from processors.agents.stages.edit_planner import Asked
from studio.client.off_record import Question, asked, rooms_of
from studio.client.outcomes import Figures
from studio.client.plan_judging import judge_edit
from tests.unit.agents.makers import wide_catalog
from tests.unit.agents.play import SESSION, Play, own_catalog

PICTURE = {"id": "s1", "title": "A fox", "description": "a fox in the snow", "agent_type": "image", "depends_on": [],
           "input": {"width": "wide"}}  # fmt: skip
FILM = {"id": "s2", "title": "It runs", "description": "the fox runs", "agent_type": "video", "depends_on": ["s1"]}
PLAN = json.dumps({"title": "Fox", "steps": [PICTURE, FILM]})
EDITED = json.dumps({"title": "Fox", "steps": [{**PICTURE, "description": "a fox at night"}, FILM]})
OBJECTION = '{"verdict": "REVISE", "issues": [{"step_id": "s2", "problem": "it does not run"}]}'
SAME = '{"decision": "SAME"}'
ALWAYS = {"context_classifier", "planner", "edit_planner", "validator"}
SMALL, WIDE = own_catalog(), wide_catalog()


async def put_together(play: Play, call: AgentCallRecorded) -> Question | None:
    """From what was on the log when its message came."""
    log = play.log.records()
    answers = {one.call_id: one for one in play.log.of(AgentCallRecorded)}
    for message in log:
        if not isinstance(message.data, MessagePosted) or message.data.role != "user":
            continue
        sessions = Sessions(play.log)
        for event in log[: message.offset + 1]:
            sessions.note(event)
        rooms = rooms_of(play.vault, play.storage, sessions, play.catalog)
        session = await sessions.session(SESSION, message.version)
        if (found := await asked(rooms, message, session, answers, call.call_id)) is not None:
            return found
    return None


def told(question: Question) -> Sequence[Message]:
    pick = BuiltIn().pick
    prompt = pick(question.call.agent, "", None, 0.0)
    beside = question.call.beside
    return question.messages(prompt if beside is None else replace(prompt, beside=pick(beside, "", None, 0.0)))


async def dialogue(mode: str = "subagent", catalog: Catalog = SMALL) -> Play:
    """A plan that is objected to, an edit of it that is objected to, and a run between."""
    lines = {"validator": [OBJECTION, '{"verdict": "PASS"}', OBJECTION, '{"verdict": "PASS"}'],
             "field_verifier": ["{}"] * 4}  # fmt: skip
    play = Play(PLAN, EDITED, SAME, *[EDITED.replace("night", "dusk")] * 2, lines=lines)
    play.catalog = catalog
    await play.hears("a fox that runs", attach=["fox.png"], mode=mode)
    await play.runs()
    await play.hears("at dusk please", mode=mode)
    return play


@pytest.mark.parametrize(
    ("mode", "catalog", "agents"),
    [
        ("subagent", SMALL, {"field_verifier"}),
        ("full", SMALL, {"field_verifier"}),
        ("subagent", WIDE, {"model_selector"}),
        ("full", WIDE, set()),
    ],
)
async def test_every_call_of_a_session_is_put_together_as_it_was_asked(
    mode: str, catalog: Catalog, agents: set[str]
) -> None:
    play = await dialogue(mode, catalog)
    calls = play.log.of(AgentCallRecorded)
    assert {call.agent for call in calls} >= ALWAYS | agents
    assert len(calls) == len(play.script.asked)
    for call in calls:
        question = await put_together(play, call)
        assert question is not None, call.agent
        assert question.call.agent == call.agent
        assert told(question) in play.script.asked, call.agent


async def test_an_edit_is_put_together_with_the_plan_as_it_was_then_whatever_it_is_by_now() -> None:
    play = await dialogue()
    edits = [call for call in play.log.of(AgentCallRecorded) if call.agent == "edit_planner"]
    assert "a fox at dusk" in str(await play.shown())
    question = await put_together(play, edits[1])
    assert question is not None
    words = str(told(question)[-1]["content"])
    assert "at dusk please" in words
    assert "a fox at night" in words
    assert "dusk" not in words.partition("<plan>")[2].partition("</plan>")[0]


async def test_a_repair_is_put_together_with_the_version_that_was_objected_to() -> None:
    play = await dialogue()
    [first, *_] = [call for call in play.log.of(AgentCallRecorded) if call.agent == "edit_planner"]
    question = await put_together(play, first)
    assert question is not None
    repair = question.messages
    assert isinstance(repair, Asked)
    assert [issue.problem for issue in repair.issues] == ["it does not run"]
    assert [step.description for step in repair.present.planned] == ["a fox in the snow", "the fox runs"]
    assert judge_edit(EDITED, Figures(1, 1, 1), repair).as_json()["changed"] == ["s1"]


async def test_nothing_gets_out_on_the_way() -> None:
    play = await dialogue()
    events, frames, heard = len(play.log.records()), len(play.frames), len(play.script.asked)
    for call in play.log.of(AgentCallRecorded):
        await put_together(play, call)
    assert (len(play.log.records()), len(play.frames), len(play.script.asked)) == (events, frames, heard)


async def test_what_would_not_be_asked_today_is_not_put_together() -> None:
    play = await dialogue()
    [first, *_] = [call for call in play.log.of(AgentCallRecorded) if call.agent == "edit_planner"]
    alone = {one.call_id: one for one in play.log.of(AgentCallRecorded) if one.agent == "planner"}
    message = next(one for one in play.log.records() if isinstance(one.data, MessagePosted))
    sessions = Sessions(play.log)
    for event in play.log.records()[: message.offset + 1]:
        sessions.note(event)
    session = await sessions.session(SESSION, message.version)
    rooms = rooms_of(play.vault, play.storage, sessions, play.catalog)
    assert await asked(rooms, message, session, alone, first.call_id) is None
