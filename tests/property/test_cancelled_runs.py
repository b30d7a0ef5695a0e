"""A run that is cancelled leaves no job behind, in whatever order the executor comes to its events."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.canvas.commands import CancelRun
from commands.orgs.streams import book_ref, job_ref
from events.jobs.events import JobAccepted
from events.jobs.state import LiveJob
from tests.given import ORG, PLAN, SESSION
from tests.unit.executor.house import House, Steps


@settings(max_examples=60, deadline=None)
@given(data=st.data(), wide=st.integers(1, 5))
def test_no_job_lives_and_no_money_is_held_once_the_executor_is_idle(data: st.DataObject, wide: int) -> None:
    house = House()
    steps: Steps = {f"s{n}": ("painter", "image", (), "A bottle", {}) for n in range(wide)}
    house.plan(steps)
    house.canvas.handle(CancelRun(org_id=ORG, session_id=SESSION, plan_id=PLAN))
    asyncio.run(house.react_in_any_order(lambda keys: data.draw(st.sampled_from(list(keys)))))
    jobs = [event.job_id for _, event in house.orgs.log if isinstance(event, JobAccepted)]
    assert not [job for job in jobs if isinstance(house.orgs(job_ref(job)).state, LiveJob)]
    assert house.orgs(book_ref(ORG)).state.reserved == 0
