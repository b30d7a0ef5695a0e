"""The offline planner as an ASGI app: Chat Completions, whole or streamed, by the model named `offline`."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from ulid import ULID

from adapters.llm.offline.agents import NAME, Spoken, answer

PIECES_MAX: Final = 48
PIECE_CHARS_MIN: Final = 12
PACE_S: Final = 0.003
"""Between pieces: it streams as a model does, but a whole answer takes about a seventh of a second."""
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
MESSAGES_MAX: Final = 1000


def app() -> Starlette:
    """Mount it where the wire's `/v1` is expected."""
    return Starlette(
        routes=[
            Route("/chat/completions", _complete, methods=["POST"]),
            Route("/models", _models, methods=["GET"]),
        ]
    )


async def _models(_request: Request) -> Response:
    return JSONResponse(
        {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": "local"}]}
    )


async def _complete(request: Request) -> Response:
    raw = await request.body()
    try:
        parsed = json.loads(raw) if len(raw) <= BODY_BYTES_MAX else None
    except ValueError:
        parsed = None
    body: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or len(messages) > MESSAGES_MAX:
        return _refused("`messages` must be a list of messages")
    if not all(isinstance(message, dict) for message in messages):
        return _refused("a message must be an object")
    spoken = answer(request.headers.get("x-studio-agent", ""), messages)
    usage = _usage(messages, spoken)
    if not body.get("stream"):
        return JSONResponse(_whole(spoken, usage))
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    return StreamingResponse(_stream(spoken, usage if wants_usage else None), media_type="text/event-stream")


def _refused(detail: str) -> Response:
    return JSONResponse({"error": {"message": detail, "type": "invalid_request_error", "code": None}}, status_code=400)


def _usage(messages: list[dict[str, Any]], spoken: Spoken) -> dict[str, int]:
    """Four characters a token: a stand-in has no tokens of its own."""
    said = sum(len(json.dumps(message, ensure_ascii=False)) for message in messages)
    read, wrote = math.ceil(said / 4), math.ceil(len(spoken.content + spoken.reasoning) / 4)
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def _frame(kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"object": kind, "created": int(time.time()), "model": NAME, "choices": choices, **more}


def _whole(spoken: Spoken, usage: dict[str, int]) -> dict[str, Any]:
    message = {"role": "assistant", "content": spoken.content}
    if spoken.reasoning:
        message["reasoning_content"] = spoken.reasoning
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return _frame("chat.completion", [choice], id=f"chatcmpl-{ULID()}", usage=usage)


async def _stream(spoken: Spoken, usage: dict[str, int] | None) -> AsyncIterator[bytes]:
    call = f"chatcmpl-{ULID()}"

    def frame(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event(_frame("chat.completion.chunk", [choice], id=call))

    yield frame({"role": "assistant", "content": ""})
    for name, text in (("reasoning_content", spoken.reasoning), ("content", spoken.content)):
        for piece in _pieces(text):
            yield frame({name: piece})
            await asyncio.sleep(PACE_S)
    yield frame({}, "stop")
    if usage is not None:
        yield _event(_frame("chat.completion.chunk", [], id=call, usage=usage))
    yield b"data: [DONE]\n\n"


def _pieces(text: str) -> Iterator[str]:
    size = max(PIECE_CHARS_MIN, math.ceil(len(text) * 2 / PIECES_MAX))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
