"""One attempt on the Chat Completions wire, streamed or whole: in time, in bounds, whatever the server sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from itertools import groupby
from typing import Any, Final

import openai

from adapters.llm.call import Call, Patience
from adapters.llm.failures import WIRE_ERRORS, Broken, OutOfTime, Refused, Stalled, is_too_long
from adapters.llm.manners import TRIES_MAX, Manners, names_a_limit
from adapters.llm.pace import Pace
from adapters.llm.sse import EventReader, value_of
from adapters.llm.watch import Watch
from processors.agents.asking.turnstile import Turnstile
from processors.agents.llm import TIMEOUT_S, Completion, Delta, tokens_of

ANSWER_CHARS_MAX: Final = 2_000_000
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
LAST_BYTES_S: Final = 0.05
"""After the last event: a body that ends leaves its connection for the next request."""
TOKENS_MAX: Final = 100_000_000


class Wire:
    def __init__(self, base_url: str, api_key: str | None, patience: Patience, max_tokens: int | None = None) -> None:
        self._patience = patience
        self._pace = Pace()
        self._asking = Turnstile()
        self._manners = Manners()
        self._max_tokens = max_tokens
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=openai.Timeout(TIMEOUT_S, connect=10.0),
            http_client=openai.DefaultAioHttpClient(),
        )
        # The library loads what it calls at its first use: here, and not while somebody waits for a first plan.
        self._create = self._client.chat.completions.with_streaming_response.create

    async def aclose(self) -> None:
        await self._client.close()

    async def whole(self, model: str, call: Call, within_s: float) -> Completion:
        """Raises one of `FAILURES`."""
        body = bytearray()
        try:
            async with asyncio.timeout(within_s), AsyncExitStack() as stack:
                answer = await self._ask(stack, model, call, stream=False)
                async for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > BODY_BYTES_MAX:
                        raise Broken("an answer without end")
        except TimeoutError as error:
            raise OutOfTime("no answer in time") from error
        answered = value_of(bytes(body))
        choice = _choice(answered)
        message = _mapping(choice, "message")
        text = text_of(message.get("content"))
        if _is_refused(message, choice.get("finish_reason")):
            raise Refused("the model refused")
        if not text.strip():
            raise Broken("an answer without a word")
        return _completion(text, 0, model, call, _mapping(answered, "usage"), choice.get("finish_reason"))

    async def streamed(self, model: str, call: Call) -> AsyncGenerator[Delta | Completion]:
        """Deltas, and the completion last. Raises one of `FAILURES`."""
        text, thought, written, refused = list[str](), 0, 0, False
        finish: Any = None
        usage: Mapping[str, Any] = {}
        async with aclosing(self._chunks(model, call)) as pieces:
            async for chunks in pieces:
                deltas = list[Delta]()
                for chunk in chunks:
                    usage = _mapping(chunk, "usage") or usage
                    choice = _choice(chunk)
                    finish = choice.get("finish_reason") or finish
                    delta = _mapping(choice, "delta")
                    refused = refused or _is_refused(delta, finish)
                    deltas += _deltas(delta)
                for said in _joined(deltas):
                    if said.kind == "content":
                        text.append(said.text)
                        written += len(said.text)
                    else:
                        thought += len(said.text)
                    yield Delta(said.kind, _clean(said.text))
                if written + thought > ANSWER_CHARS_MAX:
                    raise Broken("an answer without end")
        if refused:
            raise Refused("the model refused")
        if finish is None:
            raise Broken("the stream broke off")
        if not (whole := "".join(text)).strip():
            raise Broken("a stream without a word")
        yield _completion(whole, thought, model, call, usage, finish)

    async def _chunks(self, model: str, call: Call) -> AsyncGenerator[list[Any]]:
        """The stream's JSON values as they come, words coming in time.

        Once it has begun, whatever goes wrong is a broken stream.
        """
        until = time.monotonic() + self._patience.first_s
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(min(self._patience.first_s, call.left_s)):
                    answer = await self._ask(stack, model, call, stream=True)
            except TimeoutError as error:
                raise _late(call) from error
            reader, pieces, watch = EventReader(), answer.iter_bytes(), stack.enter_context(Watch())
            stack.enter_context(self._pace.stream())
            while True:
                try:
                    piece = await watch.next(pieces, min(until, call.deadline))
                except TimeoutError as error:
                    raise _late(call) from error
                except WIRE_ERRORS as error:
                    raise Broken("the stream broke") from error
                if piece is None:
                    return
                chunks = list[Any]()
                try:
                    ended = _read(reader.feed(piece), chunks)
                except Broken:
                    yield chunks
                    raise
                if any(_deltas(_mapping(_choice(chunk), "delta")) for chunk in chunks):
                    until = time.monotonic() + self._patience.stall_s  # a chunk without a word is no sign of life
                yield chunks
                if ended:
                    await _last_bytes(pieces)
                    return
                if pause_s := self._pace.pause_s:
                    await asyncio.sleep(pause_s)

    async def _ask(self, stack: AsyncExitStack, model: str, call: Call, *, stream: bool) -> Any:
        """Asks in the manner that the model's server is known to take, and in another one where it refuses that.

        Leaving the stack closes the connection where the answer has not come to its end.
        """
        await self._asking.turn()
        optional: dict[str, Any] = {"response_format": {"type": "json_object"}} if call.as_json else {}
        if stream:
            optional["stream_options"] = {"include_usage": True}
        manner, max_tokens = self._manners.of(model), min(call.max_tokens, self._max_tokens or call.max_tokens)
        for tries in range(TRIES_MAX):
            request: dict[str, Any] = {
                "model": model,
                "messages": list(call.messages),
                "stream": stream,
                "timeout": max(0.1, call.left_s),
                "extra_headers": {"X-Studio-Agent": call.agent, "X-Studio-Variant": call.variant},
                **manner.request(max_tokens, optional),
            }
            try:
                answer = await stack.enter_async_context(self._create(**request))
            except openai.APIStatusError as error:
                other = manner.after(error, max_tokens, optional=bool(optional))
                if other is None or tries + 1 == TRIES_MAX or (is_too_long(error) and not names_a_limit(error)):
                    raise
                manner = other
            else:
                if tries:
                    self._manners.learnt(model, manner)
                return answer
        raise AssertionError("the last try returns or raises")


def _late(call: Call) -> Exception:
    return OutOfTime("no answer in time") if call.left_s <= 0 else Stalled("the stream stalled")


async def _last_bytes(pieces: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, *WIRE_ERRORS):
        async with asyncio.timeout(LAST_BYTES_S):
            async for _ in pieces:
                continue


def _read(events: Iterable[bytes], chunks: list[Any]) -> bool:
    """Adds what the events say to `chunks`; whether the last event of all was among them. Raises Broken."""
    for data in events:
        if data.startswith(b"[DONE]"):
            return True
        chunk = value_of(data)
        if isinstance(chunk, dict) and chunk.get("error"):
            raise Broken("the server failed midway")
        chunks.append(chunk)
    return False


def _joined(deltas: list[Delta]) -> list[Delta]:
    """What came at once is told at once: whoever lags behind catches up."""
    if len(deltas) < 2:
        return deltas
    runs = groupby(deltas, key=lambda delta: delta.kind)
    return [Delta(kind, "".join(delta.text for delta in run)) for kind, run in runs]


def _choice(value: Any) -> Mapping[str, Any]:
    """The first choice of a chunk or an answer; empty where there is none."""
    choices = value.get("choices") if isinstance(value, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    inner = value.get(name) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}


def _deltas(delta: Mapping[str, Any]) -> list[Delta]:
    """Halves of characters are left as they are, for the other half may come with the next one."""
    reasoning, content = text_of(delta.get("reasoning_content") or delta.get("reasoning")), delta.get("content")
    thought = [Delta("reasoning", reasoning)] if reasoning else []
    return [*thought, Delta("content", text)] if (text := text_of(content)) else thought


def text_of(content: Any) -> str:
    """Text, or a list of parts some of which are text: thoughts and others are left out."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part if isinstance(part, str) else _text_of_part(part) for part in parts)


def _text_of_part(part: Any) -> str:
    is_text = isinstance(part, dict) and part.get("type", "text") in ("text", "output_text")
    text = part.get("text") if is_text else None
    return text if isinstance(text, str) else ""


def _is_refused(said: Mapping[str, Any], finish: Any) -> bool:
    """By a filter of its server, or by its own word for it."""
    refusal = said.get("refusal")
    return finish == "content_filter" or (isinstance(refusal, str) and bool(refusal.strip()))


def _completion(text: str, thought: int, model: str, call: Call, usage: Mapping[str, Any], finish: Any) -> Completion:
    """Not stamped yet. `thought`: characters of reasoning, which are paid for like the others."""
    return Completion(
        _clean(text[:ANSWER_CHARS_MAX]),
        model,
        _counted(usage, "prompt_tokens", tokens_of(len(str(call.messages)))),
        _counted(usage, "completion_tokens", tokens_of(len(text)) + tokens_of(thought)),
        ms=0,
        started_at=0.0,
        ended_at=0.0,
        truncated=finish == "length",
    )


def _clean(text: str) -> str:
    """Halves of characters that a server cut apart are put together; what stays half can stand in no UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _counted(usage: Mapping[str, Any], name: str, otherwise: int) -> int:
    """What the server counted: some servers leave it out, empty, or count to nonsense."""
    count = usage.get(name)
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= TOKENS_MAX else otherwise
