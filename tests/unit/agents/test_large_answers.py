"""An answer that is too large for the log is kept in storage: a restart reads it there and asks no model again."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.ask import Unavailable
from commands.canvas.commands import BeginStage, DraftPlan, RecordAgentCall, SelectModels
from commands.model import Command
from events.canvas.plan_events import PlanDrafted
from events.canvas.session_events import AgentCallRecorded
from events.sealed import Sealed
from processors.agents.asking.sealing import PACKED_BYTES_MAX, Kept, keep_answer, kept_answer, pack, unpack
from processors.runners.decide import RESULT_BYTES_MAX
from tests.given import SESSION, message
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
    small = await keep_answer(play.vault, play.storage, ORG, like, "x" * PACKED_BYTES_MAX)
    assert small.answer is not None
    assert await kept_answer(play.vault, play.storage, ORG, small) == "x" * PACKED_BYTES_MAX
    assert await kept_answer(play.vault, play.storage, ORG, Kept(None, "0" * 64)) is None
    assert await kept_answer(play.vault, play.storage, ORG, Kept(None, None)) is None


ALPHABETS = {1: (0x20, 0x7E), 2: (0x400, 0x4FF), 3: (0x4E00, 0x9FFF), 4: (0x20000, 0x2A6DF)}
"""Bytes of a character in UTF-8 → characters of that length."""


def words_of(width: int, count: int, kinds: int, seed: int) -> str:
    """`count` characters of `width` bytes, of so many different ones: the fewer, the better they pack."""
    chance = random.Random(seed)
    first, last = ALPHABETS[width]
    return "".join(map(chr, chance.choices(range(first, first + min(kinds, last - first)), k=count)))


@given(
    st.sampled_from([1, 2, 3, 4]),
    st.one_of(st.integers(0, 12_100), st.integers(12_100, 40_000)),
    st.sampled_from([2, 64, 20_000]),
    st.integers(0, 3),
)
@example(3, 11_990, 20_000, 0)
@example(4, 11_999, 20_000, 0)
@example(1, 20_000, 64, 0)
def test_whatever_stays_on_the_log_fits_in_the_answer_of_its_stage(
    width: int, count: int, kinds: int, seed: int
) -> None:
    text = words_of(width, count, kinds, seed)
    assert unpack(pack(text)) == text
    assert len(orjson.dumps(asyncio.run(answered_again(text)))) <= RESULT_BYTES_MAX


async def answered_again(text: str) -> dict[str, Any]:
    """What a stage is begun with whose answer is on the log, under the longest labels that there are."""
    play = Play()
    like = await play.vault.seal(ORG, "usr_1", "words")
    kept = await keep_answer(play.vault, play.storage, ORG, like, text)
    label, model = "l" * 64, "語" * 200
    ids = {"org_id": ORG, "session_id": SESSION, "call_id": f"call_{'0' * 26}", "agent": label, "variant": label}
    figures = {"tokens_in": 10**9, "tokens_out": 10**9, "ms": 10**9, "cost": 10**12}
    begin = BeginStage.model_validate({**ids, "owner": f"{label}/{label}"})
    call = RecordAgentCall.model_validate(
        {**ids, **figures, "attempt": 1, "model": model, "fallback": f"{model} {label}", **kept._asdict()}
    )
    for command in (*message(), begin, call):
        play.log.world.handle(command)
    result = play.log.world.handle(begin).result
    assert result is not None
    assert "recorded" in result
    return dict(result)
