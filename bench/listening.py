"""Server-sent events as a page receives them, each with the moment it came: cheap, so that hundreds can be heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

OPEN_WITHIN_S = 20.0
AGAIN_S = 0.05
LINE_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame; `at` is the monotonic clock's."""

    event: str
    data: dict[str, Any]
    at: float


class Listener:
    """One open stream of a session. `opened` makes it, `aclose` ends it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def opened(cls, url: str, key: str, session_id: str) -> Listener:
        """Once the gateway knows the session. Raises LookupError where it does not come to."""
        again = AsyncRetrying(stop=stop_after_delay(OPEN_WITHIN_S), wait=wait_fixed(AGAIN_S), reraise=True)
        async for attempt in again:
            with attempt:
                return await cls._asked(url, key, session_id)
        raise AssertionError("a retry returns or raises")

    @classmethod
    async def _asked(cls, url: str, key: str, session_id: str) -> Listener:
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=LINE_BYTES_MAX)
        head = f"GET /v1/sessions/{session_id}/stream HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {key}"
        writer.write(head.encode() + b"\r\n\r\n")
        status = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
        if status == b"200":
            return cls(reader, writer)
        writer.close()
        raise LookupError(f"the stream was answered {status.decode()}")

    async def frames(self) -> AsyncIterator[Heard]:
        """A chunk of the body is a frame or a comment."""
        while size := int(await self._reader.readline(), 16):
            chunk = await self._reader.readexactly(size + 2)
            at = time.monotonic()
            lines = dict(line.split(b": ", 1) for line in chunk.splitlines() if b": " in line)
            if b"event" in lines:
                yield Heard(lines[b"event"].decode(), orjson.loads(lines[b"data"]), at)

    def close(self) -> None:
        self._writer.close()
