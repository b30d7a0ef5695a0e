"""The client's calls on the wire: left, taken in turns, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.llm.client import LlmClient
from processors.agents.llm import Completion, LlmFailed
from tests.contract.llm.client_calls import ASK, SHORT, Piece, ended, said
from tests.llm_server import (
    LlmServer,
    at_rate,
    cut,
    endless,
    held,
    mute,
    refuse,
    serving,
    stalling,
    whole,
)

WITHIN_S = 60


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        yield it


async def test_leaving_a_stream_closes_its_connection(server: LlmServer) -> None:
    server.behaviours.append(endless("word"))
    async with LlmClient(server.url, None, "one") as client:

        async def listening() -> None:
            async for _ in client.stream("planner", ASK):
                heard.set()

        heard = asyncio.Event()
        task = asyncio.create_task(listening())
        async with asyncio.timeout(10):
            await heard.wait()
            task.cancel()
            await asyncio.wait([task])
            await server.requests[0].over.wait()
    assert server.requests[0].left


async def test_leaving_a_whole_call_closes_its_connection(server: LlmServer) -> None:
    server.behaviours.append(mute(asyncio.Event()))
    async with LlmClient(server.url, None, "one") as client:
        task = asyncio.create_task(client.complete("validator", ASK))
        async with asyncio.timeout(10):
            await server.until_asked(1)
            task.cancel()
            await asyncio.wait([task])
            await server.requests[0].over.wait()
    assert server.requests[0].left


async def test_no_more_calls_than_allowed_are_on_the_wire_and_organisations_take_turns(server: LlmServer) -> None:
    gates = [asyncio.Event() for _ in range(5)]

    server.behaviours.extend(held(gate, whole("done")) for gate in gates)
    async with LlmClient(server.url, None, "one", concurrent=1) as client, asyncio.timeout(20):
        calls = list[asyncio.Task[Completion]]()
        for org in ("a", "a", "a", "b", "a"):
            question = [{"role": "user", "content": f"{org}{len(calls)}"}]
            calls.append(asyncio.create_task(client.complete("planner", question, org_id=org)))
            await asyncio.sleep(0)
        for number, gate in enumerate(gates, 1):
            await server.until_asked(number)
            assert len(server.requests) == number
            gate.set()
        await asyncio.gather(*calls)
    assert [one.body["messages"][0]["content"] for one in server.requests] == ["a0", "a1", "b3", "a2", "a4"]


async def test_a_turn_is_waited_for_no_longer_than_the_call_may_last(server: LlmServer) -> None:
    released = asyncio.Event()
    server.behaviours.append(held(released, whole("late")))
    async with LlmClient(server.url, "key", "one", concurrent=1) as client:
        first = asyncio.create_task(client.complete("planner", ASK))
        async with asyncio.timeout(10):
            await server.until_asked(1)
            with pytest.raises(LlmFailed) as failed:
                await client.complete("planner", ASK, timeout_s=0.1)
            with pytest.raises(LlmFailed):
                _ = [piece async for piece in client.stream("planner", ASK, timeout_s=0.1)]
            released.set()
            assert (await first).text == "late"
    assert failed.value.category == "busy"


async def test_all_attempts_are_counted(server: LlmServer) -> None:
    prices = {"one": (1_000_000, 1_000_000), "two": (2_000_000, 2_000_000)}
    server.behaviours.extend([cut("x" * 40), refuse(500), stalling("y" * 8, asyncio.Event()), whole("at last")])
    question = [{"role": "user", "content": "q" * 400}]
    async with LlmClient(server.url, None, "one", "two", patience=SHORT, prices=prices) as client:
        *_, done = [piece async for piece in client.stream("planner", question)]
    assert isinstance(done, Completion)
    assert (done.tokens_in, done.tokens_out) == (100 + 100 + 7, 10 + 2 + 5)
    assert done.cost == (100 + 10) + 2 * (100 + 2) + 2 * (7 + 5)


async def test_what_failed_altogether_is_counted_too(server: LlmServer) -> None:
    server.behaviours.extend([cut("x" * 40), refuse(500)])
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        with pytest.raises(LlmFailed) as failed:
            _ = [piece async for piece in client.stream("planner", [{"role": "user", "content": "q" * 400}])]
    assert (failed.value.tokens_in, failed.value.tokens_out, failed.value.cost) == (100, 10, None)


async def test_where_many_are_heard_at_once_words_come_together_and_none_is_lost(server: LlmServer) -> None:
    text = "word " * 60
    server.always["planner"] = at_rate(text, 50.0, piece=5)

    async def heard(client: LlmClient) -> list[Piece]:
        return [piece async for piece in client.stream("planner", ASK)]

    async with LlmClient(server.url, "key", "one") as client, asyncio.timeout(WITHIN_S):
        everything = await asyncio.gather(*(heard(client) for _ in range(120)))
    assert all(said(pieces) == text for pieces in everything)
    assert all(ended(pieces).text == text for pieces in everything)
    assert sum(len(pieces) - 1 for pieces in everything) < 120 * 60 * 3 / 4
