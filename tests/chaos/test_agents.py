"""A process is killed again and again while it plans: in stage after stage of a session, and at each of its events."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.canvas.plan_events import FieldsVerified, RunStarted
from events.canvas.session_events import MessagePosted
from tests.chaos.director import REVISED
from tests.chaos.killed import as_asked, asked_too_often, unlike, wrong
from tests.chaos.planning import Planning, planning

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.flaky(reruns=0)
async def test_killed_twice_in_each_stage_it_is_asked_three_times_and_recorded_once(tmp_path: Path) -> None:
    async with planning(tmp_path) as it:
        lost = [it.director.hold("struck", stage) for stage in REVISED for _ in range(2)]
        await it.says("struck", "a flawed fox")
        await it.says("spared", "a flawed fox")
        for held in lost:
            await it.director.until_asked([held])
            it.kill(it.victim())
        await it.until_over(("struck", "spared"))
        assert it.director.asked["struck"] == [stage for stage in REVISED for _ in range(3)]
        assert it.calls("struck") == as_asked(it.director.asked["struck"])
        faults = [fault async for fault in unlike(it, {"struck": "spared"})] + await wrong(it)
        assert not faults, "\n".join(faults)


@pytest.mark.flaky(reruns=0)
@pytest.mark.parametrize("words", [("a flawed fox",), ("a fox", "make it blue")])
async def test_killed_at_any_event_no_model_is_asked_again_for_what_is_recorded(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """Sessions of the same words, each struck one event later than the one before, from the last words to the run."""
    async with planning(tmp_path) as it:
        await say(it, "spared", words)
        await it.until_over(["spared"])
        kinds = [type(event.data) for event in it.events("spared")]
        [*_, first] = [at for at, kind in enumerate(kinds[: kinds.index(RunStarted)]) if kind is MessagePosted]
        faults: list[str] = []
        for at in range(first, kinds.index(RunStarted) + 1):
            name, victim = f"at {at}", it.victim()
            await say(it, name, words)
            await it.until_events(name, at + 1)
            it.kill(victim)
            await it.until_over([name])
            faults += asked_too_often(it, name)
        faults += [fault async for fault in unlike(it, dict.fromkeys(it.sessions, "spared"))] + await wrong(it)
        assert not faults, "\n".join(faults)


async def say(it: Planning, name: str, words: tuple[str, ...]) -> None:
    """All that is said before the last is about a plan that waits for a yes."""
    for count, one in enumerate(words[:-1], start=1):
        await it.says(name, one, "assist")
        await it.until(name, FieldsVerified, count)
    await it.says(name, words[-1])
