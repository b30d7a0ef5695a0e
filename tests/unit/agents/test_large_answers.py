"""An answer that is too large for the log is kept in storage: a restart reads it there and asks no model again."""

from __future__ import annotations

import json
import random

import pytest

from commands.ask import Unavailable
from commands.canvas.commands import DraftPlan, SelectModels
from commands.model import Command
from events.canvas.plan_events import PlanDrafted
from events.canvas.session_events import AgentCallRecorded
from events.sealed import Sealed
from processors.agents.sealing import PACKED_CHARS_MAX, Kept, keep_answer, kept_answer
from tests.unit.agents.play import ORG, Play


def large_plan(steps: int) -> str:
    """Of words that cannot be packed."""
    chance = random.Random(steps)
    words = [" ".join(f"{chance.getrandbits(28):x}" for _ in range(60)) for _ in range(steps)]
    drafted = [{"id": f"s{n}", "title": "t", "agent_type": "image", "description": one} for n, one in enumerate(words)]
    return json.dumps({"title": "Many", "steps": drafted})


@pytest.mark.parametrize("lost", [DraftPlan, SelectModels])
async def test_a_restart_asks_nobody_again(lost: type[Command]) -> None:
    play = Play(large_plan(100), large_plan(101))
    message = await play.says("a hundred pictures")
    play.log.refused = [lost]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator"]
    assert len(play.log.of(PlanDrafted)) == 1
    assert (play.newest.status, len(play.newest.steps)) == ("awaiting_approval", 100)


async def test_what_is_in_storage_is_sealed_and_gone_with_its_person() -> None:
    play, answer = Play(large_plan(100)), large_plan(100)
    await play.hears("a hundred pictures")
    kept = play.log.of(AgentCallRecorded)[0]
    assert kept.answer is None
    assert kept.answer_sha256 is not None
    body = b"".join([chunk async for chunk in play.storage.get(ORG, kept.answer_sha256)])
    assert b"steps" not in body
    where = Kept(None, kept.answer_sha256)
    assert await kept_answer(play.vault, play.storage, ORG, where) == answer
    await play.vault.forget(ORG, "usr_1")
    assert await kept_answer(play.vault, play.storage, ORG, where) == "[erased]"


async def test_a_small_answer_stays_on_the_log_and_one_that_is_lost_is_none() -> None:
    play = Play()
    like: Sealed = await play.vault.seal(ORG, "usr_1", "words")
    small = await keep_answer(play.vault, play.storage, ORG, like, "x" * PACKED_CHARS_MAX)
    assert small.answer is not None
    assert await kept_answer(play.vault, play.storage, ORG, small) == "x" * PACKED_CHARS_MAX
    assert await kept_answer(play.vault, play.storage, ORG, Kept(None, "0" * 64)) is None
    assert await kept_answer(play.vault, play.storage, ORG, Kept(None, None)) is None
