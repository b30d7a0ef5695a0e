"""A server that wants to be asked otherwise is asked so, and from then on at once; who refuses to answer is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from adapters.llm import manners
from adapters.llm.client import LlmClient
from processors.agents.llm import Completion, LlmFailed
from tests.contract.llm.client_calls import ASK, SHORT, ended, said, streamed
from tests.llm_server import Behaviour, LlmServer, Wire, chunk, completion, raw, refuse, serving, whole

Body = dict[str, Any]


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        yield it


def choosy(objection: Callable[[Body], Body | None], text: str = "all of it") -> Behaviour:
    """Answers where it has no objection to the request's body; else 400 with what it objects to."""

    async def behave(wire: Wire) -> None:
        error = objection(wire.asked.body)
        if error is None:
            await whole(text)(wire)
        else:
            await wire.json(400, {"error": {"type": "invalid_request_error", "param": None, "code": None, **error}})

    return behave


def other_name(body: Body) -> Body | None:
    said_ = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    return {"message": said_, "param": "max_tokens", "code": "unsupported_parameter"} if "max_tokens" in body else None


def other_name_without_a_code(body: Body) -> Body | None:
    return {"message": "max_tokens: Extra inputs are not permitted"} if "max_tokens" in body else None


def no_limit(body: Body) -> Body | None:
    named = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    return {"message": f"Unknown parameter: '{named[0]}'", "code": "unsupported_parameter"} if named else None


def asked_for(body: Body) -> int:
    return int(body.get("max_tokens") or body.get("max_completion_tokens") or 0)


def at_most(limit: int, words: str) -> Callable[[Body], Body | None]:
    def objection(body: Body) -> Body | None:
        asked = asked_for(body)
        return {"message": words.format(asked=asked, limit=limit), "param": "max_tokens"} if asked > limit else None

    return objection


def context_of(size: int, told: int, words: str, code: str | None) -> Callable[[Body], Body | None]:
    def objection(body: Body) -> Body | None:
        asked = asked_for(body)
        said_ = words.format(asked=asked, size=size, told=told, all=asked + told)
        return {"message": said_, "code": code} if asked + told > size else None

    return objection


def both(body: Body) -> Body | None:
    return other_name(body) or at_most(4096, "This model supports at most {limit} completion tokens")(body)


def nothing_optional(body: Body) -> Body | None:
    return {"message": "response_format is not known"} if "response_format" in body else both(body)


WAYS: dict[str, tuple[Callable[[Body], Body | None], str, int]] = {
    "other name": (other_name, "max_completion_tokens", 16_000),
    "other name, no code": (other_name_without_a_code, "max_completion_tokens", 16_000),
    "no limit": (no_limit, "", 0),
    "too large": (at_most(4096, "max_tokens is too large: {asked}. This model supports at most {limit} completion "
                                "tokens, whereas you provided {asked}."), "max_tokens", 4096),
    "too large, in a range": (at_most(8192, "Invalid max_tokens value, the valid range of max_tokens is [1, {limit}]"),
                              "max_tokens", 8192),
    "too large, no number": (at_most(5000, "max_tokens is too large"), "max_tokens", 4000),
    "context, as OpenAI says it": (
        context_of(16_384, 4_000, "This model's maximum context length is {size} tokens. However, you requested {all} "
                   "tokens ({told} in the messages, {asked} in the completion).", "context_length_exceeded"),
        "max_tokens", 12_384),
    "context, as vLLM says it": (
        context_of(8_192, 5_000, "'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's maximum "
                   "context length is {size} tokens and your request has {told} input tokens.", None),
        "max_tokens", 3_192),
    "another name, and less": (both, "max_completion_tokens", 4096),
    "another name, less, and nothing optional": (nothing_optional, "max_completion_tokens", 4096),
}  # fmt: skip


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("objection", "name", "limit"), WAYS.values(), ids=[*WAYS])
async def test_the_same_model_is_asked_as_its_server_wants(
    server: LlmServer, objection: Callable[[Body], Body | None], name: str, limit: int, stream: bool
) -> None:
    server.always["planner"] = choosy(objection)
    async with LlmClient(server.url, None, "one", "two", patience=SHORT) as client:
        done = await _asked(client, stream)
    body = server.requests[-1].body
    assert (done.text, done.model, done.fallback) == ("all of it", "one", None)
    assert {key: value for key, value in body.items() if "tokens" in key} == ({name: limit} if name else {})
    assert len(server.requests) <= manners.TRIES_MAX


async def test_what_was_learnt_is_remembered_by_model_and_forgotten_after_a_while(
    server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.always["planner"] = choosy(both)
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        await client.complete("planner", ASK)
        first = len(server.requests)
        await client.complete("planner", ASK)
        assert len(server.requests) == first + 1
        await client.complete("planner", ASK, prefer="other")
        assert len(server.requests) == 2 * first + 1
    monkeypatch.setattr(manners, "REMEMBERED_S", 0.0)
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        await client.complete("planner", ASK)
        await client.complete("planner", ASK)
    assert len(server.requests) == 4 * first + 1


async def test_what_one_long_request_left_of_the_context_holds_for_no_other(server: LlmServer) -> None:
    words = "maximum context length is {size} tokens: {told} in the messages, {asked} in the completion"
    server.always["planner"] = choosy(context_of(8_192, 7_000, words, "context_length_exceeded"))
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        await client.complete("planner", ASK)
        server.always["planner"] = whole("short")
        await client.complete("planner", ASK)
    assert [asked_for(one.body) for one in server.requests] == [16_000, 1_192, 16_000]


@pytest.mark.parametrize(
    "objection",
    [
        lambda _: {"message": "max_tokens is too large", "param": "max_tokens"},
        lambda _: {"message": "max_tokens is too large: at most 7", "param": "max_tokens"},
    ],
    ids=["always too large", "hardly anything"],
)
async def test_what_no_manner_pleases_goes_to_the_secondary_model(
    server: LlmServer, objection: Callable[[Body], Body | None]
) -> None:
    async def only_two(wire: Wire) -> None:
        await (whole("from two") if wire.asked.model == "two" else choosy(objection))(wire)

    server.always["planner"] = only_two
    async with LlmClient(server.url, None, "one", "two", patience=SHORT) as client:
        assert (await client.complete("planner", ASK)).text == "from two"
    assert len(server.requests) <= manners.TRIES_MAX + 1
    server.always["planner"] = choosy(objection)
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("planner", ASK)
    assert failed.value.category == "unsupported"


async def test_a_context_that_is_full_is_too_long_and_not_a_matter_of_manners(server: LlmServer) -> None:
    words = "maximum context length is {size} tokens: {told} in the messages, {asked} in the completion"
    server.always["planner"] = choosy(context_of(8_192, 8_100, words, "context_length_exceeded"))
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("planner", ASK)
    assert (failed.value.category, len(server.requests)) == ("too_long", 1)


async def test_the_operator_sets_how_long_an_answer_may_be(server: LlmServer) -> None:
    server.behaviours.append(whole("x"))
    async with LlmClient(server.url, None, "one", patience=SHORT, max_tokens=2_000) as client:
        await client.complete("planner", ASK)
    assert asked_for(server.requests[0].body) == 2_000


PARTS = [
    [{"type": "text", "text": "all "}, {"type": "text", "text": "of it"}],
    [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "all of it"}],
    ["all ", {"text": "of it"}, {"type": "image_url", "image_url": {"url": "x"}}, 7, None],
]


@pytest.mark.parametrize("parts", PARTS)
async def test_content_may_come_as_a_list_of_parts(server: LlmServer, parts: list[Any]) -> None:
    pieces = await streamed(server, raw([chunk({"content": parts}), chunk({}, "stop"), "[DONE]"]))
    assert (said(pieces), ended(pieces).fallback) == ("all of it", None)

    async def at_once(wire: Wire) -> None:
        await wire.json(200, completion(parts, wire.asked.model, "stop"))  # type: ignore[arg-type]

    server.behaviours.append(at_once)
    async with LlmClient(server.url, None, "one", patience=SHORT) as client:
        assert (await client.complete("planner", ASK)).text == "all of it"


REFUSALS: dict[str, Behaviour] = {
    "filtered": raw([chunk({"content": "I'm sorry"}), chunk({}, "content_filter"), "[DONE]"]),
    "filtered at once": raw([chunk({}, "content_filter"), "[DONE]"]),
    "by its own word": raw([chunk({"refusal": "I can't help with that."}), chunk({}, "stop"), "[DONE]"]),
    "refused by the filter before": refuse(400, "The response was filtered", "content_filter"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=[*REFUSALS])
async def test_a_refusal_is_heard_as_one_and_not_asked_again(server: LlmServer, refusal: Behaviour) -> None:
    server.always["planner"] = refusal
    with pytest.raises(LlmFailed) as failed:
        await streamed(server)
    assert failed.value.category == "content_policy"
    assert {one.model for one in server.requests} == {"one"}


async def test_a_refusal_that_comes_whole_is_one_too(server: LlmServer) -> None:
    server.behaviours.append(whole("I'm sorry", finish="content_filter"))
    async with LlmClient(server.url, None, "one", "two", patience=SHORT) as client:
        with pytest.raises(LlmFailed) as failed:
            await client.complete("planner", ASK)
    assert failed.value.category == "content_policy"


async def _asked(client: LlmClient, stream: bool) -> Completion:
    if not stream:
        return await client.complete("planner", ASK, as_json=True)
    return ended([piece async for piece in client.stream("planner", ASK, as_json=True)])
