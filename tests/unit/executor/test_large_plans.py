"""Plans of the largest size, in three shapes: each event stays small, and no step loses what came out before it."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from commands.canvas.carried import CARRIED_MAX, FILE_BYTES, carried
from commands.canvas.commands import RecordStepResult
from commands.orgs.commands import RecordJobSucceeded
from commands.refusals import InvalidInput
from events.assets import AssetRef
from events.canvas.plan_events import RunCompleted, StepReady
from events.canvas.session_events import MessagePosted
from processors.executor.executor import reads
from tests.given import ORG, PLAN, RUN, SESSION, asset, draft, message, sealed, select, step
from tests.specification import World
from tests.unit.executor.house import House, Steps, said

EVENT_BYTES_MAX = 64 * 1024
STEPS_MAX = 500
LABELS = tuple(f"s{n}" for n in range(STEPS_MAX))
SHAPES: dict[str, dict[str, tuple[str, ...]]] = {
    "wide": dict.fromkeys(LABELS, ()),
    "deep": {label: LABELS[n - 1 : n] if n else () for n, label in enumerate(LABELS)},
    "diamond": {LABELS[0]: (), **dict.fromkeys(LABELS[1:-1], LABELS[:1]), LABELS[-1]: LABELS[1:-1]},
}
HALF = 70
"""Of a plan in which every second step waits for every first one: as many dependencies as a plan may have."""
BIPARTITE = {
    **dict.fromkeys(LABELS[:HALF], ()),
    **dict.fromkeys(LABELS[HALF : 2 * HALF], LABELS[:HALF]),
}
WORDS = "w" * 3_000


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_of_500_steps_runs_to_its_end_in_small_events(shape: str) -> None:
    world = House().canvas
    for command in (*message(), draft(SHAPES[shape]), select(LABELS)):
        world.handle(command)
    for label in LABELS:
        world.handle(result(world, label))
    assert world.log[-1][1].name == "run_completed"
    assert max(len(event.model_dump_json(exclude_none=True)) for _, event in world.log) <= EVENT_BYTES_MAX


def result(world: World, label: str) -> RecordStepResult:
    ready = next(e for _, e in reversed(world.log) if isinstance(e, StepReady) and e.step_id == step(label))
    return RecordStepResult(
        org_id=ORG,
        session_id=SESSION,
        plan_id=PLAN,
        run_id=RUN,
        step_id=step(label),
        job_id=ready.job_id,
        status="succeeded",
        outputs=(asset(),),
        cost=1,
    )


def test_a_plan_has_so_many_dependencies_and_no_more() -> None:
    world = House().canvas
    for command in message():
        world.handle(command)
    with pytest.raises(InvalidInput):
        world.decide(draft({**BIPARTITE, **dict.fromkeys(LABELS[2 * HALF : 2 * HALF + 2], LABELS[:HALF])}))
    world.handle(draft(BIPARTITE))


def test_whether_an_event_can_carry_files_is_known_after_looking_at_as_many_as_it_could() -> None:
    looked: list[int] = []

    def outputs() -> Iterator[tuple[AssetRef, ...]]:
        for n in range(STEPS_MAX):
            looked.append(n)
            yield (asset(n=n + 1),)

    assert not carried(outputs())
    assert len(looked) == CARRIED_MAX // FILE_BYTES + 1
    assert carried([(asset(),)] * (CARRIED_MAX // FILE_BYTES))


async def test_steps_that_wait_for_the_same_are_told_of_it_by_one_reading() -> None:
    house = House(credit=100_000)
    words: Steps = {label: ("painter", "image", after, "A bottle", {}) for label, after in BIPARTITE.items()}
    house.plan(words)
    await house.react()
    for label in LABELS[:HALF]:
        house.dispatch(label)
        text = asset("text/plain").model_copy(update={"text": sealed(f"{label} {WORDS[:1_000]}")})
        job_id = house.jobs[label].job_id
        house.orgs.handle(RecordJobSucceeded(org_id=ORG, job_id=job_id, lease=1, outputs=(text,), cost=1))
    await house.react()
    assert set(house.statuses.values()) == {"succeeded", "ready"}
    assert house.streams_read == [PLAN]


async def test_a_step_below_more_words_than_an_event_holds_gets_all_of_them() -> None:
    house, above = House(), [f"s{n}" for n in range(60)]
    steps: Steps = {label: ("painter", "image", (), "A bottle", {}) for label in above}
    house.plan({**steps, "last": ("painter", "image", tuple(above), "All of it", {})})
    await house.react()
    for label in above:
        house.dispatch(label)
        text = asset("text/plain").model_copy(update={"text": sealed(f"{label} {WORDS}")})
        job_id = house.jobs[label].job_id
        house.orgs.handle(RecordJobSucceeded(org_id=ORG, job_id=job_id, lease=1, outputs=(text,), cost=1))
    await house.react()
    ready = next(e for _, e in house.canvas.log if isinstance(e, StepReady) and e.step_id == step("last"))
    assert (ready.upstream, ready.upstream_stored) == ((), True)
    assert len(ready.model_dump_json()) <= EVENT_BYTES_MAX
    assert [one.data for one in house.recorded(house.canvas) if reads(one)] == [ready]
    prompt = orjson.loads(said(house.jobs["last"].input))["prompt"]
    assert prompt == "\n\n".join(["All of it", *(f"{label} {WORDS}" for label in above)])


async def test_files_that_no_event_holds_are_told_of_from_the_plans_stream() -> None:
    house, many = House(), LABELS[:130]
    for command in (*message(), draft(dict.fromkeys(many, ())), select(many)):
        house.canvas.handle(command)
    for label in many:
        house.canvas.handle(result(house.canvas, label))
    over = house.recorded(house.canvas)[-1]
    assert isinstance(over.data, RunCompleted)
    assert reads(over)
    await house.executor.handle(over)
    told = house.canvas.log[-1][1]
    assert (over.data.report, house.streams_read) == (None, [PLAN])
    assert isinstance(told, MessagePosted)
    assert said(told.text).endswith("is done: 130 images.")
