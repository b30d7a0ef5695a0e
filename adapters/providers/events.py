"""Server-sent events, each of no more bytes than an answer may have: a line that never ends fills no memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from typing import Final

import httpx
import httpx_sse

from adapters.providers.http import TooLarge

ENDS: Final = (b"\n\n", b"\r\r", b"\r\n\r\n")
"""The blank line after an event, or after a comment."""
TAIL: Final = max(map(len, ENDS)) - 1


async def bounded_events(
    response: httpx.Response, *, who: str, bytes_max: int
) -> AsyncGenerator[httpx_sse.ServerSentEvent, None]:
    """Raises TooLarge: the rest is not read."""
    stream = _Bounded(response.aiter_bytes(), who, bytes_max)
    bounded = httpx.Response(response.status_code, headers=_content_type(response), stream=stream)
    async with aclosing(httpx_sse.EventSource(bounded).aiter_sse()) as events:
        async for event in events:
            yield event


class _Bounded(httpx.AsyncByteStream):
    """What was decoded on the way, as long as each event of it is short enough."""

    def __init__(self, chunks: AsyncIterable[bytes], who: str, bytes_max: int) -> None:
        self._chunks = chunks
        self._who = who
        self._bytes_max = bytes_max

    async def __aiter__(self) -> AsyncIterator[bytes]:
        tail, unended = b"", 0
        async for chunk in self._chunks:
            seen = tail + chunk
            ended = max(seen.rfind(end) + len(end) if end in seen else 0 for end in ENDS)
            unended = len(seen) - ended if ended > len(tail) else unended + len(chunk)
            if unended > self._bytes_max:
                raise TooLarge(f"{self._who} sent an event of more than {self._bytes_max} bytes")
            tail = seen[-TAIL:]
            yield chunk


def _content_type(response: httpx.Response) -> dict[str, str]:
    return {"content-type": response.headers.get("content-type", "")}
