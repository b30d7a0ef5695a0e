"""Language models over the Chat Completions wire: streamed, then whole, then the secondary model; always in time."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import openai

from adapters.llm.failures import WIRE_ERRORS, Broken, OutOfTime, category, next_way
from processors.agents.llm import MAX_TOKENS, TIMEOUT_S, Completion, Delta, LlmFailed, Message, Restarted

log = logging.getLogger(__name__)

ANSWER_CHARS_MAX: Final = 2_000_000
_UNPROCESSABLE: Final = (400, 422)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a stream may be silent, before its first word and between two."""

    first_s: float = 45.0
    stall_s: float = 20.0


@dataclass(frozen=True, slots=True)
class _Call:
    agent: str
    variant: str
    messages: Sequence[Message]
    max_tokens: int
    as_json: bool
    started_at: float
    started: float
    """By the monotonic clock."""
    deadline: float

    @property
    def left_s(self) -> float:
        return self.deadline - time.monotonic()


class LlmClient:
    """Close it with `aclose`, or use it as an async context manager."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        primary: str,
        secondary: str | None = None,
        *,
        patience: Patience = Patience(),
    ) -> None:
        self._models = [primary, *([secondary] if secondary and secondary != primary else [])]
        self._patience = patience
        self._modest: set[str] = set()
        """Models whose server refused what is optional: structured output, usage in streams."""
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=openai.Timeout(TIMEOUT_S, connect=10.0),
        )

    async def __aenter__(self) -> LlmClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.close()

    async def complete(
        self, agent: str, messages: Sequence[Message], *, variant: str = "default", max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S, as_json: bool = False,
    ) -> Completion:  # fmt: skip
        """The whole answer of the first model that gives one. Raises LlmFailed."""
        call = _begin(agent, messages, variant, max_tokens, timeout_s, as_json)
        failure: BaseException | None = None
        for place, model in enumerate(self._models):
            try:
                return _stamped(await self._whole(model, call), call, ["secondary"] if place else [])
            except (*WIRE_ERRORS, Broken, OutOfTime) as error:
                _note(call, model, error)
                failure = error
                if next_way(error, streamed=False) == "give_up" or call.left_s <= 0:
                    break
        raise _failed(failure)

    async def stream(
        self, agent: str, messages: Sequence[Message], *, variant: str = "default", max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S, as_json: bool = False,
    ) -> AsyncIterator[Delta | Restarted | Completion]:  # fmt: skip
        """Deltas, and the completion last. Where a stream fails, the same call comes whole. Raises LlmFailed."""
        call = _begin(agent, messages, variant, max_tokens, timeout_s, as_json)
        ways = [(model, streamed) for model in self._models for streamed in (True, False)]
        failure: BaseException | None = None
        while ways:
            model, streamed = ways.pop(0)
            way = [
                name for name, used in (("secondary", model != self._models[0]), ("unstreamed", not streamed)) if used
            ]
            if failure is not None:
                yield Restarted(model, category(failure))
            try:
                if streamed:
                    async for piece in self._streamed(model, call):
                        yield _stamped(piece, call, way) if isinstance(piece, Completion) else piece
                else:
                    whole = await self._whole(model, call)
                    yield Delta("content", whole.text)
                    yield _stamped(whole, call, way)
            except (*WIRE_ERRORS, Broken, OutOfTime) as error:
                _note(call, model, error)
                failure = error
                ways = _after(error, ways, model, streamed) if call.left_s > 0 else []
            else:
                return
        raise _failed(failure)

    async def _whole(self, model: str, call: _Call) -> Completion:
        try:
            async with asyncio.timeout(max(0.0, call.left_s)):
                answer = await self._create(model, call, stream=False)
        except TimeoutError as error:
            raise OutOfTime("no answer in time") from error
        choice = next(iter(answer.choices or ()), None)
        text = (choice.message.content or "") if choice is not None and choice.message is not None else ""
        if not text.strip():
            raise Broken("an answer without a word")
        return Completion(
            _clean(text[:ANSWER_CHARS_MAX]),
            model,
            _counted(answer.usage, "prompt_tokens", _tokens(str(call.messages))),
            _counted(answer.usage, "completion_tokens", _tokens(text)),
            ms=0,
            started_at=0.0,
            ended_at=0.0,
            truncated=choice is not None and choice.finish_reason == "length",
        )

    async def _streamed(self, model: str, call: _Call) -> AsyncIterator[Delta | Completion]:
        text, thought, written, finish, usage = list[str](), 0, 0, None, None
        async for chunk in self._chunks(model, call):
            usage = getattr(chunk, "usage", None) or usage
            choice = next(iter(getattr(chunk, "choices", None) or ()), None)
            if choice is None:
                continue
            finish = choice.finish_reason or finish
            delta = choice.delta
            reasoning = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
            if isinstance(reasoning, str) and reasoning:
                thought += len(reasoning)
                yield Delta("reasoning", _clean(reasoning))
            if delta is not None and isinstance(delta.content, str) and delta.content:
                text.append(delta.content)
                written += len(delta.content)
                yield Delta("content", _clean(delta.content))
            if written + thought > ANSWER_CHARS_MAX:
                raise Broken("an answer without end")
        whole = "".join(text)
        if finish is None:
            raise Broken("the stream broke off")
        if not whole.strip():
            raise Broken("a stream without a word")
        yield Completion(
            _clean(whole[:ANSWER_CHARS_MAX]),
            model,
            _counted(usage, "prompt_tokens", _tokens(str(call.messages))),
            _counted(usage, "completion_tokens", _tokens(whole) + math.ceil(thought / 4)),
            ms=0,
            started_at=0.0,
            ended_at=0.0,
            truncated=finish == "length",
        )

    async def _chunks(self, model: str, call: _Call) -> AsyncIterator[Any]:
        """The stream's chunks, each in time. Once it has begun, whatever goes wrong is a broken stream."""
        try:
            async with asyncio.timeout(min(self._patience.first_s, max(0.0, call.left_s))):
                stream = await self._create(model, call, stream=True)
        except TimeoutError as error:
            raise _late(call) from error
        patience = self._patience.first_s
        try:
            chunks = aiter(stream)
            while True:
                async with asyncio.timeout(min(patience, max(0.0, call.left_s))):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk
                patience = self._patience.stall_s
        except TimeoutError as error:
            raise _late(call) from error
        except WIRE_ERRORS as error:
            raise Broken("the stream broke") from error
        finally:
            await stream.close()

    async def _create(self, model: str, call: _Call, *, stream: bool) -> Any:
        """Asks for structured output and usage where they are known or hoped to be supported, and without them else."""
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
        if model in self._modest or not optional:
            return await self._client.chat.completions.create(**request)
        try:
            return await self._client.chat.completions.create(**request, **optional)
        except openai.APIStatusError as error:
            if error.status_code not in _UNPROCESSABLE:
                raise
            answer = await self._client.chat.completions.create(**request)
            self._modest.add(model)
            return answer


def _late(call: _Call) -> Exception:
    return OutOfTime("no answer in time") if call.left_s <= 0 else Broken("the stream stalled")


def _begin(
    agent: str, messages: Sequence[Message], variant: str, max_tokens: int, timeout_s: float, as_json: bool
) -> _Call:
    now = time.monotonic()
    return _Call(agent, variant, messages, max_tokens, as_json, time.time(), now, now + timeout_s)


def _stamped(completion: Completion, call: _Call, way: list[str]) -> Completion:
    ms = round((time.monotonic() - call.started) * 1000)
    ended_at = call.started_at + ms / 1000
    return replace(completion, ms=ms, started_at=call.started_at, ended_at=ended_at, fallback="-".join(way) or None)


def _after(error: BaseException, ways: list[tuple[str, bool]], model: str, streamed: bool) -> list[tuple[str, bool]]:
    match next_way(error, streamed=streamed):
        case "give_up":
            return []
        case "unstreamed":
            return ways
        case _:
            return [way for way in ways if way[0] != model]


def _note(call: _Call, model: str, error: BaseException) -> None:
    log.warning("a call of %s to %s failed: %s", call.agent, model, category(error), extra={"action": "llm"})


def _failed(error: BaseException | None) -> LlmFailed:
    kind = category(error) if error is not None else "outage"
    failed = LlmFailed(kind, f"no language model answered: {kind}")
    failed.__cause__ = error
    return failed


def _clean(text: str) -> str:
    """Halves of characters that a server cut apart are put together; what stays half can stand in no UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _counted(usage: Any, name: str, otherwise: int) -> int:
    """What the server counted; the client library checks none of it, and some servers leave it out or empty."""
    count = getattr(usage, name, None)
    return count if isinstance(count, int) and count >= 0 else otherwise


def _tokens(text: str) -> int:
    """Where a server does not count: four characters a token."""
    return math.ceil(len(text) / 4)
