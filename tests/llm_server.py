"""A server of the language models' wire that answers as it is told, well or badly, and writes down what it was asked.

`LlmServer.behaviours` go to whoever asks next; `of_agent` to the agent that names itself so, turn by turn; `always` to
an agent whose turns are over. What is asked beyond that is answered 500 and counted in `unscripted`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.serving import served

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
PIECE = 5
"""Characters of a token."""


@dataclass
class Asked:
    """One request, and what became of it. Times are seconds of the monotonic clock."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    spoke: list[float] = field(default_factory=list)
    """When each event of the stream, or the whole answer, was handed to the network."""
    left: bool = False
    """The client had gone before the answer's end."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def agent(self) -> str:
        return self.headers.get("x-studio-agent", "")

    @property
    def variant(self) -> str:
        return self.headers.get("x-studio-variant", "")

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def streamed(self) -> bool:
        return bool(self.body.get("stream"))


class Wire:
    """The answer of one request, as a behaviour writes it."""

    def __init__(self, send: Send, asked: Asked) -> None:
        self._send, self.asked = send, asked
        self._begun = False

    async def json(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
        await self._start(status, "application/json", headers or {})
        await self.bytes(json.dumps(content).encode())

    async def event(self, data: Any) -> None:
        await self.bytes(event(data))

    async def bytes(self, raw: bytes) -> None:
        if not self._begun:
            await self._start(200, "text/event-stream", {})
        self.asked.spoke.append(time.monotonic())
        await self._send({"type": "http.response.body", "body": raw, "more_body": True})

    async def end(self) -> None:
        if not self._begun:
            await self._start(200, "text/event-stream", {})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self._begun = True
        named = [(b"content-type", kind.encode()), *((n.encode(), v.encode()) for n, v in headers.items())]
        await self._send({"type": "http.response.start", "status": status, "headers": named})


Behaviour = Callable[[Wire], Awaitable[None]]


@dataclass
class LlmServer:
    """An ASGI app; `serving` puts it on a port of this machine."""

    behaviours: list[Behaviour] = field(default_factory=list)
    of_agent: dict[str, list[Behaviour]] = field(default_factory=dict)
    always: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[Asked] = field(default_factory=list)
    unscripted: list[str] = field(default_factory=list)
    url: str = ""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_asked(self, times: int) -> None:
        """Returns once so many requests have come."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.requests) >= times)

    @property
    def asked(self) -> list[tuple[str, bool]]:
        """(model, streamed) of each request."""
        return [(one.model, one.streamed) for one in self.requests]

    def asked_by(self, agent: str) -> list[Asked]:
        return [one for one in self.requests if one.agent == agent]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(json.loads(await _body(receive) or b"{}"), headers, time.monotonic())
        async with self._news:
            self.requests.append(asked)
            self._news.notify_all()
        wire = Wire(send, asked)
        try:
            await _unless_gone(self._next(asked)(wire), receive, asked)
            if not asked.left:
                await wire.end()
        finally:
            asked.over.set()

    def _next(self, asked: Asked) -> Behaviour:
        for script in (self.of_agent.get(asked.agent), self.behaviours):
            if script:
                return script.pop(0)
        if (behaviour := self.always.get(asked.agent)) is not None:
            return behaviour
        self.unscripted.append(asked.agent)
        return refuse(500, f"nothing is scripted for {asked.agent}")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _unless_gone(answering: Awaitable[None], receive: Receive, asked: Asked) -> None:
    """Ends the answer when the client leaves; what the answer raises breaks the connection."""
    answer = asyncio.ensure_future(answering)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        asked.left = not answer.done()
    finally:
        for task in (answer, gone):
            task.cancel()
        await asyncio.wait((answer, gone))
    if not asked.left:
        answer.result()


# answers that are well-formed


def whole(
    text: str, *, reasoning: str = "", finish: str = "stop", piece: int = PIECE, usage: dict[str, int] = USAGE
) -> Behaviour:
    """The whole text, streamed in small pieces or at once, as asked."""

    async def behave(wire: Wire) -> None:
        if not wire.asked.streamed:
            await wire.json(200, completion(text, wire.asked.model, finish) | {"usage": usage})
            return
        for one in events(text, reasoning=reasoning, finish=finish, piece=piece, usage=usage):
            await wire.event(one)

    return behave


def at_rate(text: str, tokens_per_s: float, *, piece: int = PIECE) -> Behaviour:
    """A token at a time, each at its own moment since the request: who reads late is not waited for."""

    async def behave(wire: Wire) -> None:
        if not wire.asked.streamed:
            await asyncio.sleep(len(text) / piece / tokens_per_s)
            await wire.json(200, completion(text, wire.asked.model, "stop"))
            return
        began = time.monotonic()
        for number, one in enumerate(events(text, piece=piece)):
            await asyncio.sleep(max(0.0, began + number / tokens_per_s - time.monotonic()))
            await wire.event(one)

    return behave


def refuse(status: int, message: str = "no", code: str | None = None, *, retry_after: str | None = None) -> Behaviour:
    async def behave(wire: Wire) -> None:
        headers = {} if retry_after is None else {"retry-after": retry_after}
        await wire.json(status, {"error": {"message": message, "type": "x", "code": code}}, headers)

    return behave


def rate_limited(retry_after: str | None = None) -> Behaviour:
    """429, first meaning: too many at the moment."""
    return refuse(429, "Rate limit reached for requests", "rate_limit_exceeded", retry_after=retry_after)


def quota_used_up() -> Behaviour:
    """429, second meaning: the account is empty; waiting does not help."""
    return refuse(429, "You exceeded your current quota, please check your plan and billing", "insufficient_quota")


def too_large_for_limit() -> Behaviour:
    """429, third meaning: this one request is larger than all that is allowed in a minute."""
    said = "Request too large for one on tokens per min (TPM): Limit 10000, Requested 20000"
    return refuse(429, said, "rate_limit_exceeded")


def held(released: asyncio.Event, then: Behaviour) -> Behaviour:
    """Answers as `then` does, once it is released."""

    async def behave(wire: Wire) -> None:
        await released.wait()
        await then(wire)

    return behave


# answers that are not


def cut(text: str) -> Behaviour:
    """A stream that ends in the middle, without a finish reason."""
    return raw([chunk({"content": text})])


def cut_bytes(text: str, at: float) -> Behaviour:
    """The bytes of a good answer up to a part of them (0 to 1), wherever that is: in a character, in a header."""

    async def behave(wire: Wire) -> None:
        if wire.asked.streamed:
            sent = b"".join(event(one, ascii_only=False) for one in events(text))
        else:
            sent = json.dumps(completion(text, wire.asked.model, "stop"), ensure_ascii=False).encode()
        await wire.bytes(sent[: round(len(sent) * at)])

    return behave


def silent() -> Behaviour:
    return raw([chunk({}, "stop"), "[DONE]"])


def empty() -> Behaviour:
    """Not even an event."""
    return raw([])


def garbage() -> Behaviour:
    return raw([chunk({"content": "x"}), "{not json"])


def failing_midway() -> Behaviour:
    return raw([chunk({"content": "x"}), {"error": {"message": "overloaded", "type": "server_error"}}])


def odd_shapes() -> Behaviour:
    """JSON that is no chunk and no completion: lists, numbers, choices that are none, deltas that are none."""
    return raw([[], 7, {"choices": 7}, {"choices": [7]}, {"choices": [{"delta": 7}]}, {"choices": None}, "null"])


def raw(said: Sequence[Any]) -> Behaviour:
    async def behave(wire: Wire) -> None:
        for one in said:
            await wire.event(one)

    return behave


def dropped(text: str) -> Behaviour:
    """The connection dies in the middle of a chunk."""

    async def behave(wire: Wire) -> None:
        await wire.event(chunk({"content": text}))
        raise ConnectionResetError

    return behave


def stalling(text: str, released: asyncio.Event) -> Behaviour:
    """Begins, then says nothing more until it is released."""

    async def behave(wire: Wire) -> None:
        await wire.event(chunk({"content": text}))
        await released.wait()

    return behave


def wordless() -> Behaviour:
    """Chunks that say nothing, again and again, as long as anybody listens."""

    async def behave(wire: Wire) -> None:
        while True:
            await wire.event(chunk({"content": ""}))
            await asyncio.sleep(0.01)

    return behave


def thinking_silently(text: str, for_s: float) -> Behaviour:
    """Says who speaks, thinks for a while where nobody hears it, and answers."""

    async def behave(wire: Wire) -> None:
        if wire.asked.streamed:
            await wire.event(chunk({"role": "assistant"}))
        await asyncio.sleep(for_s)
        await whole(text)(wire)

    return behave


def mute(released: asyncio.Event) -> Behaviour:
    """Takes the request and answers nothing, not even a status, until it is released."""

    async def behave(_wire: Wire) -> None:
        await released.wait()

    return behave


def endless(text: str) -> Behaviour:
    """The same again and again, as long as anybody listens."""

    async def behave(wire: Wire) -> None:
        while True:
            await wire.event(chunk({"content": text}))
            await asyncio.sleep(0)  # a connection that is closed takes everything at once

    return behave


def endless_event() -> Behaviour:
    """One event that never ends."""

    async def behave(wire: Wire) -> None:
        await wire.bytes(b'data: {"choices": [')
        while True:
            await wire.bytes(b" " * 65_536)
            await asyncio.sleep(0)

    return behave


# the wire


def events(
    text: str, *, reasoning: str = "", finish: str = "stop", piece: int = PIECE, usage: dict[str, int] = USAGE
) -> Iterator[Any]:
    if reasoning:
        yield chunk({"reasoning": reasoning})
    for at in range(0, len(text), piece):
        yield chunk({"content": text[at : at + piece]})
    yield chunk({}, finish)
    yield {**chunk({}), "choices": [], "usage": usage}
    yield "[DONE]"


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def completion(text: str, model: str, finish: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": USAGE}


def event(data: Any, *, ascii_only: bool = True) -> bytes:
    said = data if isinstance(data, str) else json.dumps(data, ensure_ascii=ascii_only)
    return b"data: " + said.encode() + b"\n\n"


@asynccontextmanager
async def serving(server: LlmServer) -> AsyncIterator[LlmServer]:
    """The server on a free port of this machine."""
    async with served(server) as url:
        server.url = f"{url}/v1"
        yield server
