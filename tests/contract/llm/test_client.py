"""The client gives an answer wherever one can be had, says by which way, and never more than a `LlmFailed`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.llm import manners
from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from processors.agents.llm import Delta, LlmFailed
from tests.contract.llm.client_calls import ASK, SHORT, ended, said, streamed
from tests.llm_server import (
    Behaviour,
    LlmServer,
    Wire,
    chunk,
    cut,
    cut_bytes,
    dropped,
    empty,
    endless,
    endless_event,
    failing_midway,
    garbage,
    mute,
    odd_shapes,
    quota_used_up,
    rate_limited,
    raw,
    refuse,
    serving,
    silent,
    stalling,
    thinking_silently,
    too_large_for_limit,
    whole,
    wordless,
)


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        yield it


async def test_a_stream_gives_reasoning_then_content_then_the_figures(server: LlmServer) -> None:
    pieces = await streamed(server, whole("hello world", reasoning="hm"))
    assert pieces[0] == Delta("reasoning", "hm")
    assert said(pieces) == "hello world"
    done = ended(pieces)
    assert (done.text, done.model, done.tokens_in, done.tokens_out, done.fallback) == ("hello world", "one", 7, 5, None)
    assert done.ended_at - done.started_at == pytest.approx(done.ms / 1000, abs=1e-6)


async def test_agent_and_variant_are_in_the_headers(server: LlmServer) -> None:
    await streamed(server, whole("x"))
    assert server.requests[0].agent == "planner"
    assert server.requests[0].variant == "b"
    assert server.requests[0].body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    "broken",
    [
        cut("half"),
        silent(),
        empty(),
        garbage(),
        failing_midway(),
        dropped("half"),
        odd_shapes(),
        refuse(500),
        refuse(503),
        endless("x" * 200_000),
        endless_event(),
    ],
    ids=[
        "cut",
        "silent",
        "empty",
        "garbage",
        "error event",
        "dropped",
        "odd shapes",
        "500",
        "503",
        "endless",
        "endless event",
    ],
)
async def test_a_broken_stream_becomes_the_same_call_without_streaming(server: LlmServer, broken: Behaviour) -> None:
    pieces = await streamed(server, broken, whole("all of it"))
    assert server.asked == [("one", True), ("one", False)]
    assert said(pieces) == "all of it"
    assert ended(pieces).fallback == "unstreamed"


async def test_a_stalled_stream_becomes_the_same_call_without_streaming(server: LlmServer) -> None:
    released = asyncio.Event()
    pieces = await streamed(server, stalling("ha", released), whole("all of it"))
    released.set()
    assert said(pieces) == "all of it"
    assert ended(pieces).fallback == "unstreamed"


LIMITS = {
    "too many now": (rate_limited(), "rate_limit"),
    "too many now, come again": (rate_limited("1"), "rate_limit"),
    "the quota is used up": (quota_used_up(), "billing"),
    "too large for the limit": (too_large_for_limit(), "too_long"),
    "no money": (refuse(402), "billing"),
    "no such model": (refuse(404), "unknown_model"),
    "too long a context": (refuse(400, code="context_length_exceeded"), "too_long"),
}


@pytest.mark.parametrize("limit", [limit for limit, _ in LIMITS.values()], ids=[*LIMITS])
async def test_a_limit_leads_to_the_secondary_model_at_once(server: LlmServer, limit: Behaviour) -> None:
    pieces = await streamed(server, limit, whole("from two"))
    assert server.asked == [("one", True), ("two", True)]
    assert (ended(pieces).model, ended(pieces).fallback) == ("two", "secondary")


@pytest.mark.parametrize(("limit", "category"), LIMITS.values(), ids=[*LIMITS])
async def test_a_limit_without_another_model_says_which_it_was(
    server: LlmServer, limit: Behaviour, category: str
) -> None:
    with pytest.raises(LlmFailed) as failed:
        await streamed(server, *[limit] * 3, secondary=None)
    assert failed.value.category == category


@pytest.mark.parametrize("after", ["0", "0.1"])
async def test_who_says_when_to_come_again_is_asked_again_once(server: LlmServer, after: str) -> None:
    server.behaviours.extend([rate_limited(after), rate_limited(), whole("at last")])
    async with LlmClient(server.url, None, "one", "two", patience=SHORT) as client:
        assert (await client.complete("planner", ASK)).text == "at last"
    assert [model for model, _ in server.asked] == ["one", "two", "one"]


@pytest.mark.parametrize("after", ["600", "-1", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_nobody_waits_for_long_or_for_a_time_that_cannot_be_read(server: LlmServer, after: str) -> None:
    server.behaviours.extend([rate_limited(after)] * 2)
    async with LlmClient(server.url, None, "one", "two", patience=SHORT) as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("planner", ASK)
    assert (failed.value.category, len(server.requests)) == ("rate_limit", 2)


async def test_a_model_that_never_answers_leaves_time_for_the_other(server: LlmServer) -> None:
    released = asyncio.Event()
    server.behaviours.extend([mute(released), mute(released), whole("from two")])
    patience = Patience(first_s=0.2, whole_s=0.2)
    async with LlmClient(server.url, None, "one", "two", patience=patience) as client:
        pieces = [piece async for piece in client.stream("planner", ASK)]
    released.set()
    assert server.asked == [("one", True), ("one", False), ("two", True)]
    assert (said(pieces), ended(pieces).fallback) == ("from two", "secondary")


async def test_chunks_without_a_word_keep_no_stalled_stream_alive(server: LlmServer) -> None:
    async with asyncio.timeout(5):
        pieces = await streamed(server, cut_into_nothing("hello"), whole("hello world"))
    assert ended(pieces).fallback == "unstreamed"


async def test_silent_thoughts_after_the_role_have_the_time_of_a_first_word(server: LlmServer) -> None:
    pieces = await streamed(server, thinking_silently("hello world", 3 * SHORT.stall_s))
    assert said(pieces) == "hello world"
    assert ended(pieces).fallback is None


def cut_into_nothing(text: str) -> Behaviour:
    """Begins, and then goes on with chunks that say nothing."""

    async def behave(wire: Wire) -> None:
        await wire.event(chunk({"content": text}))
        await wordless()(wire)

    return behave


async def test_comments_keep_no_stalled_stream_alive(server: LlmServer) -> None:
    async def pinging(to: Wire) -> None:
        await to.event(chunk({"content": "ha"}))
        while True:
            await to.bytes(b": still here\n\n")
            await asyncio.sleep(0.02)

    pieces = await streamed(server, pinging, whole("all of it"))
    assert (said(pieces), ended(pieces).fallback) == ("all of it", "unstreamed")


@pytest.mark.parametrize("part", [n / 12 for n in range(12)])
async def test_bytes_that_end_anywhere_are_no_answer_and_no_error(server: LlmServer, part: float) -> None:
    text = "Füße 😀 " * 9
    pieces = await streamed(server, cut_bytes(text, part), cut_bytes(text, part), whole(text))
    assert (said(pieces), ended(pieces).model) == (text, "two")


async def test_all_ways_are_tried_in_order(server: LlmServer) -> None:
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
    server: LlmServer, behaviours: list[Behaviour], calls: int, category: str
) -> None:
    with pytest.raises(LlmFailed) as failed:
        await streamed(server, *behaviours)
    assert failed.value.category == category
    assert len(server.requests) == calls


async def test_a_server_that_refuses_what_is_optional_is_asked_without_it_from_then_on(server: LlmServer) -> None:
    server.behaviours.extend([refuse(400, "response_format"), whole("one"), whole("two")])
    async with LlmClient(server.url, None, "m") as client:
        assert (await client.complete("writer", ASK, as_json=True)).text == "one"
        assert (await client.complete("writer", ASK, as_json=True)).text == "two"
    assert ["response_format" in one.body for one in server.requests] == [True, False, False]


async def test_what_a_server_refused_is_asked_for_again_after_a_while(
    server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "REMEMBERED_S", 0.0)
    server.behaviours.extend([refuse(400, "response_format"), whole("one"), whole("two")])
    async with LlmClient(server.url, None, "m") as client:
        await client.complete("writer", ASK, as_json=True)
        await client.complete("writer", ASK, as_json=True)
    assert ["response_format" in one.body for one in server.requests] == [True, False, True]


async def test_a_request_that_is_wrong_itself_is_not_repeated(server: LlmServer) -> None:
    server.behaviours.extend([refuse(400), refuse(400)])
    async with LlmClient(server.url, None, "one", "two") as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("writer", ASK, as_json=True)
    assert failed.value.category == "refused"
    assert [model for model, _ in server.asked] == ["one", "one"]


async def test_whole_answers_fall_back_too(server: LlmServer) -> None:
    server.behaviours.extend([refuse(429), whole("text", finish="length")])
    async with LlmClient(server.url, None, "one", "two") as client:
        done = await client.complete("writer", ASK)
    assert (done.text, done.model, done.fallback, done.truncated) == ("text", "two", "secondary", True)


async def test_the_whole_call_is_bounded_in_time(server: LlmServer) -> None:
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


async def test_halves_of_characters_are_put_together_and_never_given_on_alone(server: LlmServer) -> None:
    halves = raw([chunk({"content": "a \ud83d"}), chunk({"content": "\ude00 \ud83d"}), chunk({}, "stop"), "[DONE]"])
    pieces = await streamed(server, halves)
    assert ended(pieces).text == "a \U0001f600 \ufffd"
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)).encode()


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": None, "completion_tokens": "7"}, {"prompt_tokens": -1}])
async def test_a_server_that_counts_badly_is_counted_for(server: LlmServer, usage: dict[str, object]) -> None:
    events = [chunk({"content": "four"}), chunk({}, "stop"), {**chunk({}), "choices": [], "usage": usage}, "[DONE]"]
    done = ended(await streamed(server, raw(events)))
    assert (done.tokens_in > 0, done.tokens_out) == (True, 1)


async def test_a_preferred_model_is_asked_first_and_the_configured_ones_stand_behind_it(server: LlmServer) -> None:
    async with LlmClient(server.url, "key", "one", "two", patience=SHORT) as client:
        server.behaviours.append(whole("by three"))
        first = await client.complete("planner", ASK, prefer="three")
        server.behaviours.extend([refuse(404), whole("by one")])
        second = ended([piece async for piece in client.stream("planner", ASK, prefer="nowhere")])
    assert [model for model, _ in server.asked] == ["three", "nowhere", "one"]
    assert (first.text, first.fallback) == ("by three", None)
    assert (second.text, second.model, second.fallback) == ("by one", "one", "secondary")
