"""The hand-off: order per key, urgent messages, the cap, and what counts as finished."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.ask import Unavailable
from processors.runners import hand_off
from processors.runners.hand_off import HandOff
from processors.runners.reactor import Prefix


class Desk:
    """Handles messages `key:number`, each until it is let go."""

    def __init__(self, *, in_flight_max: int = 8, timeout_s: float = 60.0) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.finished: list[str] = []
        self.failures: list[BaseException] = []
        self.failed = asyncio.Event()
        self.gates: dict[str, asyncio.Event] = {}
        self.hand_off: HandOff[str] = HandOff(
            self.handle,
            in_flight_max=in_flight_max,
            timeout_of=lambda _: timeout_s,
            finished=self.finished.append,
            failed=self.fail,
            apart=lambda message: message.startswith("slow"),
            apart_max=2,
        )

    def fail(self, error: BaseException) -> None:
        self.failures.append(error)
        self.failed.set()

    def put(self, *messages: str, urgent: bool = False) -> None:
        for message in messages:
            self.hand_off.put(message.split(":")[0], message, urgent=urgent)

    async def handle(self, message: str) -> None:
        self.started.append(message)
        gate = self.gates.setdefault(message, asyncio.Event())
        try:
            await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(message)
            raise

    async def let_go(self, *messages: str) -> None:
        for message in messages:
            self.gates.setdefault(message, asyncio.Event()).set()
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_key_is_handled_in_order_and_others_beside_it() -> None:
    desk = Desk()
    desk.put("a:1", "a:2", "b:1")
    await settle()
    assert desk.started == ["a:1", "b:1"]
    await desk.let_go("a:1")
    assert desk.started == ["a:1", "b:1", "a:2"]
    await desk.let_go("a:2", "b:1")
    assert desk.finished == ["a:1", "a:2", "b:1"]
    assert desk.hand_off.backlog == 0


async def test_an_urgent_message_starts_at_once_and_cancels_what_runs() -> None:
    desk = Desk(in_flight_max=1)
    desk.put("a:1", "a:2")
    await settle()
    desk.put("a:3", urgent=True)
    await settle()
    assert desk.started == ["a:1", "a:3"]
    assert desk.cancelled == ["a:1"]
    assert desk.finished == ["a:1"]
    await desk.let_go("a:3")
    assert desk.started == ["a:1", "a:3", "a:2"]
    await desk.let_go("a:2")
    assert desk.hand_off.backlog == 0


async def test_an_urgent_message_leaves_other_keys_alone() -> None:
    desk = Desk()
    desk.put("a:1", "b:1")
    await settle()
    desk.put("a:2", urgent=True)
    await settle()
    assert desk.cancelled == ["a:1"]
    await desk.let_go("b:1", "a:2")
    assert desk.finished == ["a:1", "b:1", "a:2"]


async def test_no_more_run_than_the_cap_and_the_next_key_gets_the_place() -> None:
    desk = Desk(in_flight_max=2)
    desk.put("a:1", "b:1", "c:1", "c:2", "d:1")
    await settle()
    assert desk.started == ["a:1", "b:1"]
    await desk.let_go("b:1")
    assert desk.started == ["a:1", "b:1", "c:1"]
    await desk.let_go("a:1")
    assert desk.started[3:] == ["d:1"]
    await desk.let_go("c:1", "d:1", "c:2")
    assert desk.hand_off.backlog == 0


async def test_those_apart_have_places_of_their_own_and_take_none_of_the_others() -> None:
    desk = Desk(in_flight_max=2)
    desk.put(*(f"slow{n}:1" for n in range(9)))
    assert desk.hand_off.has_room
    desk.put("a:1", "b:1", "c:1")
    await settle()
    assert desk.started == ["slow0:1", "slow1:1", "a:1", "b:1"]
    await desk.let_go("a:1")
    assert desk.started[4:] == ["c:1"]
    await desk.let_go("slow1:1")
    assert desk.started[5:] == ["slow2:1"]
    await desk.let_go("b:1", "c:1", *(f"slow{n}:1" for n in range(9)))
    assert desk.hand_off.backlog == 0


async def test_a_key_with_both_kinds_of_messages_keeps_their_order() -> None:
    desk = Desk(in_flight_max=1)
    desk.hand_off.put("k", "slow:1")
    desk.hand_off.put("k", "k:2")
    desk.hand_off.put("k", "slow:3")
    desk.put("a:1")
    await settle()
    assert desk.started == ["slow:1", "a:1"]
    await desk.let_go("slow:1")
    assert desk.started == ["slow:1", "a:1"]
    await desk.let_go("a:1")
    await desk.let_go("k:2")
    await desk.let_go("slow:3")
    assert desk.started[2:] == ["k:2", "slow:3"]
    assert desk.hand_off.backlog == 0


async def test_unavailable_is_tried_again_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_off, "RETRY_FIRST_S", 0.001)
    attempts: list[str] = []
    done: list[str] = []
    all_done = asyncio.Event()

    async def handle(message: str) -> None:
        attempts.append(message)
        if len(attempts) < 3:
            raise Unavailable("not now")
        if message == "a:2":
            all_done.set()

    desk = _hand_off(handle, done)
    desk.put("a", "a:1")
    desk.put("a", "a:2")
    await asyncio.wait_for(all_done.wait(), 5)
    await settle()
    assert done == ["a:1", "a:2"]
    assert attempts == ["a:1", "a:1", "a:1", "a:2"]


async def test_anything_else_that_is_raised_is_a_failure_and_not_finished() -> None:
    failures: list[BaseException] = []
    done: list[str] = []

    async def handle(_message: str) -> None:
        raise KeyError("bug")

    desk = _hand_off(handle, done, failures)
    desk.put("a", "a:1")
    await settle()
    assert [type(failure) for failure in failures] == [KeyError]
    assert done == []
    assert desk.backlog == 1


async def test_a_call_that_takes_too_long_is_a_failure() -> None:
    desk = Desk(timeout_s=0.01)
    desk.put("a:1")
    await asyncio.wait_for(desk.failed.wait(), 5)
    assert isinstance(desk.failures[0], TimeoutError)
    assert desk.finished == []


async def test_a_drain_lets_calls_end_and_what_it_cuts_off_is_not_finished() -> None:
    desk = Desk()
    desk.put("a:1", "b:1", "b:2")
    await settle()
    draining = asyncio.create_task(desk.hand_off.drain(0.2))
    await settle()
    await desk.let_go("a:1")
    await draining
    assert desk.finished == ["a:1"]
    assert desk.cancelled == ["b:1"]
    assert desk.started == ["a:1", "b:1"]


async def test_it_has_room_while_one_more_would_start_at_once() -> None:
    desk = Desk(in_flight_max=2)
    desk.put("a:1")
    assert desk.hand_off.has_room
    desk.put("b:1", "c:1")
    assert not desk.hand_off.has_room
    await settle()
    await desk.let_go("a:1")
    assert not desk.hand_off.has_room
    await desk.let_go("b:1")
    assert desk.hand_off.has_room
    await desk.hand_off.drain(0)
    assert not desk.hand_off.has_room


def _hand_off(
    handle: Callable[[str], Awaitable[None]], done: list[str], failures: list[BaseException] | None = None
) -> HandOff[str]:
    return HandOff(
        handle,
        in_flight_max=4,
        timeout_of=lambda _: 5.0,
        finished=done.append,
        failed=(failures if failures is not None else []).append,
    )


@given(st.permutations(range(12)), st.integers(0, 12))
def test_only_the_contiguous_finished_prefix_is_committed(order: list[int], count: int) -> None:
    prefix = Prefix()
    offsets = [3 * number + 7 for number in range(12)]
    for offset in offsets:
        prefix.began(offset)
    finished = {offsets[index] for index in order[:count]}
    for index in order[:count]:
        prefix.finished(offsets[index])
    expected = None
    for offset in offsets:
        if offset not in finished:
            break
        expected = offset + 1
    assert prefix.to_commit == expected
