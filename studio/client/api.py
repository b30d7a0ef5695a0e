"""Calls of the interface that survive restarts: repeated with the same Idempotency-Key, resumed by position."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import anyio.lowlevel
import httpx
import orjson
from httpx_sse import SSEError, aconnect_sse

from studio.client.access import Access, NoPlatform, nothing_answers

REQUEST_WITHIN_S: Final = 20.0
SILENCE_MAX_S: Final = 40.0
"""The platform sends a comment every 15 s: after this long a connection is dead."""
BACKOFF_FIRST_S: Final = 0.1
BACKOFF_MAX_S: Final = 2.0
RESTARTED_WITHIN_S: Final = 15.0
"""What is kept up on this machine may be on its way back."""
REACHED_WITHIN_S: Final = 2.0
CONNECTED_WITHIN_S: Final = 5.0
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})


class Refused(Exception):
    """The platform's answer is no; trying again would not change it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        errors = "; ".join(f"{one.get('pointer')}: {one.get('detail')}" for one in problem.get("errors", []))
        words = (problem.get("title"), problem.get("detail"), errors)
        super().__init__(" – ".join(word for word in words if word) or f"status {status}")


class OutOfTime(Exception):
    """The time that was given is over."""


@dataclass(frozen=True, slots=True)
class Frame:
    event: str
    data: dict[str, Any]


class Api:
    """One key's view of the platform, within a deadline. An async context manager.

    Until the platform has answered at all it is given the time that a restart takes, where somebody would restart it:
    then calls raise NoPlatform. Only later silences are waited out.
    """

    def __init__(self, access: Access, timeout_s: float, reached_within_s: float | None = None) -> None:
        if reached_within_s is None:
            reached_within_s = RESTARTED_WITHIN_S if access.is_kept_up else REACHED_WITHIN_S
        began = time.monotonic()
        self._access = access
        self._deadline = began + timeout_s
        self._reached_by: float | None = began + reached_within_s
        self._http = httpx.AsyncClient(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.api_key}"},
            timeout=httpx.Timeout(
                REQUEST_WITHIN_S, connect=CONNECTED_WITHIN_S if access.is_kept_up else REACHED_WITHIN_S
            ),
            trust_env=False,
            event_hooks={"response": [self._answered]},
            verify=trusted_at(access.url),
        )
        self.position: str | None = None

    async def __aenter__(self) -> Api:
        # What httpx would load within its first call: tens of milliseconds of the client's own.
        await anyio.lowlevel.checkpoint()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: str | int | None) -> dict[str, Any]:
        asked = {name: value for name, value in params.items() if value is not None}
        return await self._repeated("GET", path, params=asked)

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> dict[str, Any]:
        """A repeat that meets its own first try answers `existing_id`."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return await self._repeated("POST", path, json=body or {}, headers=headers)

    async def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What it says is the same however often it arrives."""
        return await self._repeated("PUT", path, json=body)

    async def download(self, url: str, path: Path) -> None:
        """A whole file; from its beginning on again where the connection ends in the middle of it."""
        failures = 0
        while True:
            with suppress(httpx.TransportError):
                async with self._http.stream("GET", url) as answer:
                    if answer.status_code not in PASSING:
                        await _write(answer, path)
                        return
            failures += 1
            await self._rest(failures)

    async def frames(self, path: str) -> AsyncGenerator[Frame, None]:
        """Server-sent events without an end, over as many connections as it takes. Who stops reading closes it."""
        failures = 0
        while True:
            try:
                async with aclosing(self._connected(path)) as connected:
                    async for frame in connected:
                        failures = 0
                        yield frame
            except (httpx.TransportError, SSEError, TimeoutError):
                failures += 1
            await self._rest(failures)

    async def _connected(self, path: str) -> AsyncGenerator[Frame, None]:
        headers = {} if self.position is None else {"Last-Event-ID": self.position}
        silence_s = min(SILENCE_MAX_S, max(0.1, self.left))
        timeout = httpx.Timeout(REQUEST_WITHIN_S, connect=CONNECTED_WITHIN_S, read=silence_s)
        async with aconnect_sse(self._http, "GET", path, headers=headers, timeout=timeout) as source:
            if source.response.status_code in PASSING:
                raise httpx.RemoteProtocolError("the platform does not answer yet")
            if source.response.is_error:
                await source.response.aread()
                raise refused(source.response)
            async with aclosing(source.aiter_sse()) as events:
                async for event in events:
                    self.position = event.id or self.position
                    if event.data:
                        yield Frame(event.event, orjson.loads(event.data))

    async def _repeated(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        failures = 0
        while True:
            try:
                answer = await self._http.request(method, path, **options)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in PASSING:
                break
            failures += 1
            await self._rest(failures)
        if answer.is_success:
            content: dict[str, Any] = orjson.loads(answer.content) if answer.content else {}
            return content
        problem = refused(answer)
        if failures and problem.problem.get("type") == "/problems/idempotency-replay":
            return problem.problem
        raise problem

    @property
    def left(self) -> float:
        return self._deadline - time.monotonic()

    async def _answered(self, _: httpx.Response) -> None:
        self._reached_by = None

    async def _rest(self, failures: int) -> None:
        ceiling = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(failures, 10))
        if self._reached_by is not None and time.monotonic() >= self._reached_by:
            raise NoPlatform(nothing_answers(self._access))
        if self.left <= 0:
            raise OutOfTime("the platform did not finish in the time given")
        await asyncio.sleep(min(self.left, ceiling * random.uniform(0.5, 1)))


def trusted_at(url: str) -> ssl.SSLContext | bool:
    """Whose certificates hold: the usual authorities'; nobody's at a plain address, for to read them takes longer than
    to ask a platform on this machine for a plan."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("http://") else True


async def _write(answer: httpx.Response, path: Path) -> None:
    if answer.is_error:
        await answer.aread()
        raise refused(answer)
    with path.open("wb") as file:
        async for chunk in answer.aiter_bytes():
            file.write(chunk)


def refused(answer: httpx.Response) -> Refused:
    try:
        problem = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        problem = {}
    return Refused(answer.status_code, problem if isinstance(problem, dict) else {})
