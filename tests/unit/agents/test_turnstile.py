"""Who computes passes one at a time; whoever else is on the loop is heard in between."""

import asyncio
import itertools

import pytest

from processors.agents.asking.turnstile import Turnstile

WAIT_S = 10


async def bystander(rounds: list[str]) -> None:
    while True:
        rounds.append("heard")
        await asyncio.sleep(0)


async def computing(turnstile: Turnstile, rounds: list[str]) -> None:
    await turnstile.turn()
    rounds.append("computed")


async def test_between_two_who_compute_everybody_else_is_heard() -> None:
    # given: a hundred that want to go on in the same round, and one that is always ready
    turnstile, rounds = Turnstile(), list[str]()
    other = asyncio.create_task(bystander(rounds))
    # when
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(computing(turnstile, rounds) for _ in range(100)))
    other.cancel()
    # then
    assert rounds.count("computed") == 100
    assert all("computed" not in pair or "heard" in pair for pair in itertools.pairwise(rounds))


async def test_who_is_cancelled_while_it_waits_holds_up_nobody() -> None:
    turnstile, rounds = Turnstile(), list[str]()
    first, given_up, last = (asyncio.create_task(computing(turnstile, rounds)) for _ in range(3))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(first, last)
        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert rounds == ["computed", "computed"]
