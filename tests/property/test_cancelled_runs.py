"""A run that is cancelled leaves no job behind, in whatever order the executor comes to its events."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.canvas.commands import CancelRun, CancelStep
from commands.orgs.streams import book_ref, job_ref
from events.jobs.events import JobAccepted
from events.jobs.state import LiveJob
from tests.given import ORG, PLAN, SESSION, step
from tests.unit.executor.house import House, Steps


@settings(max_examples=60, deadline=None)
@given(data=st.data(), wide=st.integers(1, 5), one_by_one=st.booleans())
def test_no_job_lives_and_no_money_is_held_once_the_executor_is_idle(
    data: st.DataObject, wide: int, one_by_one: bool
) -> None:
    house = House()
    steps: Steps = {f"s{n}": ("painter", "image", (), "A bottle", {}) for n in range(wide)}
    house.plan(steps)
    of: dict[str, Any] = {"org_id": ORG, "session_id": SESSION, "plan_id": PLAN}
    said = [CancelStep(**of, step_id=step(label)) for label in steps] if one_by_one else [CancelRun(**of)]
    for command in said:
        house.canvas.handle(command)
    asyncio.run(house.react_in_any_order(lambda keys: data.draw(st.sampled_from(list(keys)))))
    jobs = [event.job_id for _, event in house.orgs.log if isinstance(event, JobAccepted)]
    assert not [job for job in jobs if isinstance(house.orgs(job_ref(job)).state, LiveJob)]
    assert house.orgs(book_ref(ORG)).state.reserved == 0
