"""Turns are never more than allowed, never lost, and go round among organisations."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.failures import Busy
from adapters.llm.turns import Turns

WITHIN_S = 60.0


class Caller:
    def __init__(self, turns: Turns, org: str, served: list[str]) -> None:
        self._leave = asyncio.Event()
        self.inside = False
        self.task = asyncio.create_task(self._call(turns, org, served))

    async def _call(self, turns: Turns, org: str, served: list[str]) -> None:
        async with turns.turn(org, WITHIN_S):
            self.inside = True
            served.append(org)
            try:
                await self._leave.wait()
            finally:
                self.inside = False

    def leave(self) -> None:
        self._leave.set()


async def settled() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


async def test_one_organisation_holds_up_another_by_one_turn() -> None:
    turns, served = Turns(1), list[str]()
    callers = []
    for org in ("a", "a", "a", "a", "b", "c", "b"):
        callers.append(Caller(turns, org, served))
        await settled()
    for _ in range(len(callers)):
        next(caller for caller in callers if caller.inside).leave()
        await settled()
    assert served == ["a", "a", "b", "c", "a", "b", "a"]


async def test_more_than_may_wait_are_refused_at_once() -> None:
    turns, served = Turns(1, waiting_max=1), list[str]()
    callers = [Caller(turns, "a", served) for _ in range(3)]
    await settled()
    assert isinstance(callers[2].task.exception(), Busy)
    for caller in callers[:2]:
        caller.leave()
    await asyncio.gather(*(caller.task for caller in callers[:2]))


async def test_who_waits_too_long_is_told_so_and_its_turn_is_not_lost() -> None:
    turns, served = Turns(1), list[str]()
    caller = Caller(turns, "a", served)
    await settled()
    with pytest.raises(Busy):
        async with turns.turn("b", 0.01):
            raise AssertionError("there was no turn to have")
    caller.leave()
    await caller.task
    async with turns.turn("b", 0.01):
        served.append("b")
    assert served == ["a", "b"]


@given(
    most=st.integers(1, 3),
    moves=st.lists(st.tuples(st.sampled_from(["come", "leave", "cancel"]), st.integers(0, 5)), max_size=25),
)
def test_whoever_leaves_or_gives_up_no_turn_is_lost(most: int, moves: list[tuple[str, int]]) -> None:
    asyncio.run(_play(most, moves))


async def _play(most: int, moves: list[tuple[str, int]]) -> None:
    turns, served, callers = Turns(most), list[str](), list[Caller]()
    for move, who in moves:
        live = [caller for caller in callers if not caller.task.done()]
        if move == "come":
            callers.append(Caller(turns, "abcdef"[who], served))
        elif live and move == "leave":
            live[who % len(live)].leave()
        elif live:
            live[who % len(live)].task.cancel()
        await settled()
        live = [caller for caller in callers if not caller.task.done()]
        assert sum(caller.inside for caller in live) == min(most, len(live))
    for caller in callers:
        caller.leave()
    await asyncio.wait([asyncio.create_task(settled()), *(caller.task for caller in callers)])
    assert [caller for caller in callers if caller.inside] == []
    again = [Caller(turns, "z", served) for _ in range(most)]
    await settled()
    assert all(caller.inside for caller in again)
    for caller in again:
        caller.leave()
    await asyncio.gather(*(caller.task for caller in again))
