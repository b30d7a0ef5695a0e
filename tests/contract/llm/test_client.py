"""The client gives an answer wherever one can be had, says by which way, and never more than a `LlmFailed`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.llm.client import LlmClient, Patience
from processors.agents.llm import Completion, Delta, LlmFailed, Restarted
from tests.contract.llm.hostile import (
    Behaviour,
    Hostile,
    chunk,
    cut,
    dropped,
    failing_midway,
    garbage,
    raw,
    refuse,
    serving,
    silent,
    stalling,
    whole,
)

ASK = [{"role": "user", "content": "hi"}]
SHORT = Patience(first_s=5.0, stall_s=0.2)
Piece = Delta | Restarted | Completion


@pytest.fixture
async def server() -> AsyncIterator[Hostile]:
    async with serving(Hostile()) as hostile:
        yield hostile


async def streamed(server: Hostile, *behaviours: Behaviour, secondary: str | None = "two") -> list[Piece]:
    server.behaviours.extend(behaviours)
    async with LlmClient(server.url, "key", "one", secondary, patience=SHORT) as client:
        return [piece async for piece in client.stream("planner", ASK, variant="b", as_json=True)]


def said(pieces: list[Piece]) -> str:
    """What the page shows: the deltas since the last restart."""
    text = ""
    for piece in pieces:
        text = "" if isinstance(piece, Restarted) else text
        text += piece.text if isinstance(piece, Delta) and piece.kind == "content" else ""
    return text


def ended(pieces: list[Piece]) -> Completion:
    last = pieces[-1]
    assert isinstance(last, Completion)
    return last


async def test_a_stream_gives_reasoning_then_content_then_the_figures(server: Hostile) -> None:
    pieces = await streamed(server, whole("hello world", reasoning="hm"))
    assert pieces[0] == Delta("reasoning", "hm")
    assert said(pieces) == "hello world"
    done = ended(pieces)
    assert (done.text, done.model, done.tokens_in, done.tokens_out, done.fallback) == ("hello world", "one", 7, 5, None)
    assert done.ended_at - done.started_at == pytest.approx(done.ms / 1000, abs=1e-6)


async def test_agent_and_variant_are_in_the_headers(server: Hostile) -> None:
    await streamed(server, whole("x"))
    assert server.headers[0]["x-studio-agent"] == "planner"
    assert server.headers[0]["x-studio-variant"] == "b"
    assert server.requests[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    "broken",
    [cut("half"), silent(), garbage(), failing_midway(), dropped("half"), refuse(500), refuse(503)],
    ids=["cut", "silent", "garbage", "error event", "dropped", "500", "503"],
)
async def test_a_broken_stream_becomes_the_same_call_without_streaming(server: Hostile, broken: Behaviour) -> None:
    pieces = await streamed(server, broken, whole("all of it"))
    assert server.asked == [("one", True), ("one", False)]
    assert said(pieces) == "all of it"
    assert ended(pieces).fallback == "unstreamed"


async def test_a_stalled_stream_becomes_the_same_call_without_streaming(server: Hostile) -> None:
    released = asyncio.Event()
    pieces = await streamed(server, stalling("ha", released), whole("all of it"))
    released.set()
    assert said(pieces) == "all of it"
    assert ended(pieces).fallback == "unstreamed"


@pytest.mark.parametrize(("status", "code"), [(429, None), (429, "insufficient_quota"), (402, None), (404, None)])
async def test_a_limit_leads_to_the_secondary_model_at_once(server: Hostile, status: int, code: str | None) -> None:
    pieces = await streamed(server, refuse(status, code=code), whole("from two"))
    assert server.asked == [("one", True), ("two", True)]
    assert (ended(pieces).model, ended(pieces).fallback) == ("two", "secondary")


async def test_all_ways_are_tried_in_order(server: Hostile) -> None:
    pieces = await streamed(server, cut("a"), refuse(500), cut("b"), whole("at last"))
    assert server.asked == [("one", True), ("one", False), ("two", True), ("two", False)]
    assert (said(pieces), ended(pieces).fallback) == ("at last", "secondary-unstreamed")


@pytest.mark.parametrize(
    ("behaviours", "calls", "category"),
    [
        ([refuse(401)], 1, "unauthorised"),
        ([refuse(429), refuse(429)], 2, "rate_limit"),
        ([cut("a"), refuse(503), cut("b"), refuse(503)], 4, "outage"),
    ],
)
async def test_when_nothing_helps_the_failure_says_why(
    server: Hostile, behaviours: list[Behaviour], calls: int, category: str
) -> None:
    with pytest.raises(LlmFailed) as failed:
        await streamed(server, *behaviours)
    assert failed.value.category == category
    assert len(server.requests) == calls


async def test_a_server_that_refuses_what_is_optional_is_asked_without_it_from_then_on(server: Hostile) -> None:
    server.behaviours.extend([refuse(400, "response_format"), whole("one"), whole("two")])
    async with LlmClient(server.url, None, "m") as client:
        assert (await client.complete("writer", ASK, as_json=True)).text == "one"
        assert (await client.complete("writer", ASK, as_json=True)).text == "two"
    assert ["response_format" in body for body in server.requests] == [True, False, False]


async def test_a_request_that_is_wrong_itself_is_not_repeated(server: Hostile) -> None:
    server.behaviours.extend([refuse(400), refuse(400)])
    async with LlmClient(server.url, None, "one", "two") as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("writer", ASK, as_json=True)
    assert failed.value.category == "refused"
    assert [model for model, _ in server.asked] == ["one", "one"]


async def test_whole_answers_fall_back_too(server: Hostile) -> None:
    server.behaviours.extend([refuse(429), whole("text", finish="length")])
    async with LlmClient(server.url, None, "one", "two") as client:
        done = await client.complete("writer", ASK)
    assert (done.text, done.model, done.fallback, done.truncated) == ("text", "two", "secondary", True)


async def test_the_whole_call_is_bounded_in_time(server: Hostile) -> None:
    released = asyncio.Event()
    server.behaviours.extend([stalling("ha", released)])
    async with LlmClient(server.url, None, "one", "two", patience=Patience(5.0, 5.0)) as client:
        with pytest.raises(LlmFailed) as failed:
            async for _ in client.stream("planner", ASK, timeout_s=0.3):
                pass
    released.set()
    assert failed.value.category == "timeout"


async def test_a_server_that_is_not_there_is_a_failure_too() -> None:
    async with LlmClient("http://127.0.0.1:9/v1", None, "one", "two") as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("writer", ASK)
    assert failed.value.category == "connection"


async def test_halves_of_characters_are_put_together_and_never_given_on_alone(server: Hostile) -> None:
    halves = raw([chunk({"content": "a \ud83d"}), chunk({"content": "\ude00 \ud83d"}), chunk({}, "stop"), "[DONE]"])
    pieces = await streamed(server, halves)
    assert ended(pieces).text == "a \U0001f600 \ufffd"
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)).encode()


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": None, "completion_tokens": "7"}, {"prompt_tokens": -1}])
async def test_a_server_that_counts_badly_is_counted_for(server: Hostile, usage: dict[str, object]) -> None:
    events = [chunk({"content": "four"}), chunk({}, "stop"), {**chunk({}), "choices": [], "usage": usage}, "[DONE]"]
    done = ended(await streamed(server, raw(events)))
    assert (done.tokens_in > 0, done.tokens_out) == (True, 1)
