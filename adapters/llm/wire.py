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
from adapters.llm.failures import WIRE_ERRORS, Broken, OutOfTime, Stalled, category
from adapters.llm.pace import Pace
from adapters.llm.sse import EventReader, value_of
from adapters.llm.watch import Watch
from processors.agents.asking.turnstile import Turnstile
from processors.agents.llm import TIMEOUT_S, Completion, Delta, tokens_of

ANSWER_CHARS_MAX: Final = 2_000_000
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
MODEST_S: Final = 600.0
"""How long it is remembered that a model's server refused what is optional."""
LAST_BYTES_S: Final = 0.05
"""After the last event: a body that ends leaves its connection for the next request."""
TOKENS_MAX: Final = 100_000_000
_UNPROCESSABLE: Final = (400, 422)


class Wire:
    def __init__(self, base_url: str, api_key: str | None, patience: Patience) -> None:
        self._patience = patience
        self._pace = Pace()
        self._asking = Turnstile()
        self._modest: dict[str, float] = {}
        """Until when a model is asked without structured output and usage in streams."""
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
        text = _mapping(choice, "message").get("content")
        if not isinstance(text, str) or not text.strip():
            raise Broken("an answer without a word")
        return _completion(text, 0, model, call, _mapping(answered, "usage"), choice.get("finish_reason"))

    async def streamed(self, model: str, call: Call) -> AsyncGenerator[Delta | Completion]:
        """Deltas, and the completion last. Raises one of `FAILURES`."""
        text, thought, written = list[str](), 0, 0
        finish: Any = None
        usage: Mapping[str, Any] = {}
        async with aclosing(self._chunks(model, call)) as pieces:
            async for chunks in pieces:
                deltas = list[Delta]()
                for chunk in chunks:
                    usage = _mapping(chunk, "usage") or usage
                    choice = _choice(chunk)
                    finish = choice.get("finish_reason") or finish
                    deltas += _deltas(_mapping(choice, "delta"))
                for delta in _joined(deltas):
                    if delta.kind == "content":
                        text.append(delta.text)
                        written += len(delta.text)
                    else:
                        thought += len(delta.text)
                    yield Delta(delta.kind, _clean(delta.text))
                if written + thought > ANSWER_CHARS_MAX:
                    raise Broken("an answer without end")
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
        """Asks for structured output and usage where they are known or hoped to be supported, and without them else.

        Leaving the stack closes the connection where the answer has not come to its end.
        """
        await self._asking.turn()
        request: dict[str, Any] = {
            "model": model,
            "messages": list(call.messages),
            "max_tokens": call.max_tokens,
            "stream": stream,
            "timeout": max(0.1, call.left_s),
            "extra_headers": {"X-Studio-Agent": call.agent, "X-Studio-Variant": call.variant},
        }
        optional: dict[str, Any] = {"response_format": {"type": "json_object"}} if call.as_json else {}
        if stream:
            optional["stream_options"] = {"include_usage": True}
        if not optional or time.monotonic() < self._modest.get(model, 0.0):
            return await stack.enter_async_context(self._create(**request))
        try:
            return await stack.enter_async_context(self._create(**request, **optional))
        except openai.APIStatusError as error:
            if error.status_code not in _UNPROCESSABLE or category(error) == "too_long":
                raise
            answer = await stack.enter_async_context(self._create(**request))
            self._modest[model] = time.monotonic() + MODEST_S
            return answer


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
    reasoning, content = delta.get("reasoning_content") or delta.get("reasoning"), delta.get("content")
    thought = [Delta("reasoning", reasoning)] if isinstance(reasoning, str) and reasoning else []
    return [*thought, Delta("content", content)] if isinstance(content, str) and content else thought


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
