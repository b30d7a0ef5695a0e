"""What the agents know of a session's earlier plans does not depend on when their process began."""

from __future__ import annotations

from processors.agents.sessions import PLANS_BACK, Sessions
from tests.unit.agents.play import ORG, SESSION, Line, Play
from tests.unit.agents.test_reactor import PLAN

ANEW = '{"decision": "NEW"}'


async def session_of(plans: int) -> Play:
    lines: dict[str, list[Line]] = {"context_classifier": [ANEW] * plans}
    play = Play(*[PLAN.replace("Fox", f"Fox {number}") for number in range(1, plans + 2)], lines=lines)
    for number in range(plans):
        await play.hears(f"fox {number}")
    return play


async def test_a_restarted_process_tells_the_planner_of_them() -> None:
    play = await session_of(3)
    before = len(play.script.asked)
    await play.agents().handle(await play.says("something else"))
    asked = zip(play.script.agents[before:], play.script.asked[before:], strict=True)
    (told,) = [str(messages[-1]["content"]) for agent, messages in asked if agent == "planner"]
    assert all(f"Fox {number}" in told for number in (1, 2, 3))


async def test_they_are_the_last_up_to_the_one_that_was_there_when_it_was_said() -> None:
    play = await session_of(PLANS_BACK + 2)
    sessions = Sessions(play.log)
    newest = f"pln_X.{PLANS_BACK + 1}"
    found = await sessions.plans(SESSION, newest)
    assert [plan.plan_id for plan in found] == [f"pln_X.{number}" for number in range(2, PLANS_BACK + 2)]
    assert await sessions.plans(SESSION, None) == []
    assert all(plan.drafted.org_id == ORG for plan in found)


async def test_one_that_was_dropped_from_memory_is_read_again() -> None:
    play = await session_of(2)
    sessions = Sessions(play.log, most=1)
    for record in play.log.records():
        sessions.note(record)
    assert [plan.plan_id for plan in await sessions.plans(SESSION, "pln_X.2")] == ["pln_X.1", "pln_X.2"]
