"""Load on the HTTP interface: latency alone and accepted jobs a second with many clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from ulid import ULID

REQUEST_TIMEOUT_S = 30


@dataclass(frozen=True)
class Sample:
    """Seconds each call took, and the wall time of all of them."""

    latencies_s: tuple[float, ...]
    wall_s: float

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.wall_s

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def spin_ms() -> float:
    """How long a fixed loop takes at this moment: about 30 ms on an idle core, more where others compute."""
    began = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number & 7
    return (time.perf_counter() - began) * 1000


async def drive(calls: int, clients: int, call: Callable[[int], Awaitable[None]]) -> Sample:
    """`calls` calls by `clients` workers, each with one call in flight."""
    numbers, latencies = iter(range(calls)), []

    async def worker() -> None:
        for number in numbers:
            began = time.perf_counter()
            await call(number)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(clients)))
    return Sample(tuple(latencies), time.perf_counter() - began)


class Connection:
    """One keep-alive connection, each request in one segment: cheap, so that the client is not what is measured."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._address)
            reader, writer = self._streams
            lines = [f"{method} {path} HTTP/1.1", f"Host: {self._address[0]}", f"Content-Length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
            return int(head[0].split()[1]), await reader.readexactly(length)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


class Api:
    """Keep-alive connections to the platform's HTTP interface; anything but 2xx is an error."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []

    def close(self) -> None:
        for connection in self._idle:
            connection.close()

    async def call(
        self, method: str, path: str, key: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})}
        connection = self._idle.pop() if self._idle else Connection(self._url)
        status, answer = await connection.request(method, f"/v1{path}", sent, orjson.dumps(body or {}))
        self._idle.append(connection)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer.decode()}")
        return orjson.loads(answer)

    async def open_orgs(self, admin_key: str, count: int) -> list[str]:
        """`count` organisations with plenty of credit; returns a key of each."""

        async def one(number: int) -> str:
            org = (await self.call("POST", "/admin/orgs", admin_key, {"name": f"Bench {number}"}))["org_id"]
            limits = {"rate_per_min": 10_000_000, "concurrent": 1_000}
            await self.call("PUT", f"/admin/orgs/{org}/limits", admin_key, limits)
            grant = {"amount": 10**12, "kind": "grant", "reason": "bench"}
            await self.call("POST", f"/admin/orgs/{org}/credits", admin_key, grant)
            issued = await self.call("POST", f"/admin/orgs/{org}/keys", admin_key, {"role": "member"})
            return str(issued["api_key"])

        return list(await asyncio.gather(*(one(number) for number in range(count))))

    async def submit_job(self, key: str, model: str, job_input: Mapping[str, Any]) -> Any:
        body = {"model": model, "input": dict(job_input), "priority": "NORMAL"}
        return await self.call("POST", "/jobs", key, body, {"Idempotency-Key": str(ULID())})
