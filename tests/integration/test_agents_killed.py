"""A process that is killed while it plans goes on after its restart, and asks no model again for what is on the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from events.canvas.plan_events import FieldsVerified, RunStarted
from tests.chaos.director import EDITED, PLANNED, REVISED, Held, half, plan
from tests.chaos.killed import as_asked, unlike, wrong
from tests.chaos.planning import Planning, planning

pytestmark = [pytest.mark.servers, pytest.mark.slow]

NEW = {f"new {stage}": stage for stage in REVISED}
EDITS = {f"edit {stage}": stage for stage in EDITED}
"""Sessions, and the stage in which each is struck."""
CONTROLS = (
    dict.fromkeys(NEW, "revised")
    | dict.fromkeys(EDITS, "edited")
    | dict.fromkeys(("half", "ready", "begun", "over"), "planned")
)
"""By session, one that has ended before, and what came of it."""


@pytest.mark.flaky(reruns=0)
async def test_each_stage_that_was_cut_short_is_asked_once_more_and_no_other(tmp_path: Path) -> None:
    """One kill hits a session in each stage, with its call in flight and all before it on the log; and one with half of
    its plan told, one whose plan waits for a yes, one whose run has just begun, and one that is over."""
    async with planning(tmp_path) as it:
        await leave_alone(it)
        ready, begun = await bring_into_flight(it)
        victim = it.victim()
        ready.released.set()
        await it.until("ready", FieldsVerified)
        begun.released.set()
        await it.until("begun", RunStarted)
        it.kill(victim)
        await it.approve("ready")
        await it.until_over(it.sessions)

        assert it.director.asked == (
            {name: again(REVISED, stage) for name, stage in NEW.items()}
            | {name: [*PLANNED, *again(EDITED, stage)] for name, stage in EDITS.items()}
            | {"half": again(PLANNED, "planner"), "revised": [*REVISED], "edited": [*PLANNED, *EDITED]}
            | {name: [*PLANNED] for name in ("ready", "begun", "over", "planned")}
        )
        assert {name: it.calls(name) for name in it.sessions} == {
            name: as_asked(stages) for name, stages in it.director.asked.items()
        }
        told = [one for one in it.told("half") if one in ("agent.started", "step.drafting")]
        assert told[:5] == ["agent.started", "step.drafting", "agent.started", "step.drafting", "step.drafting"]
        faults = [fault async for fault in unlike(it, CONTROLS)] + await wrong(it)
        assert not faults, "\n".join(faults)


async def leave_alone(it: Planning) -> None:
    """Sessions that nothing happens to, beside those that wait for what they are to be told next."""
    await asyncio.gather(
        it.says("planned", "a fox"),
        it.says("revised", "a flawed fox"),
        *(it.says(name, "a fox", "assist") for name in (*EDITS, "edited")),
    )
    await it.until_all((*EDITS, "edited"), FieldsVerified)
    await it.says("edited", "make it blue")
    await it.until_over(("planned", "revised", "edited"))


async def bring_into_flight(it: Planning) -> tuple[Held, Held]:
    """The last calls of those that shall be further on when they are struck; all others are lost."""
    hold = it.director.hold
    lost = [hold(name, stage) for name, stage in (NEW | EDITS).items()]
    lost.append(hold("half", "planner", half(plan("half", "red"))))
    ready, begun = hold("ready", "field_verifier"), hold("begun", "field_verifier")
    await asyncio.gather(
        *(it.says(name, "a flawed fox") for name in NEW),
        *(it.says(name, "make it blue") for name in EDITS),
        *(it.says(name, "a fox") for name in ("half", "begun")),
        it.says("ready", "a fox", "assist"),
    )
    await it.director.until_asked([*lost, ready, begun])
    await it.until_told("half", "step.drafting")
    await it.says("over", "a fox")
    await it.until_over(["over"])
    return ready, begun


def again(stages: Sequence[str], stage: str) -> list[str]:
    """As they are asked for where that one's first call is lost."""
    at = stages.index(stage)
    return [*stages[: at + 1], *stages[at:]]
