"""Load on the HTTP interface: latency alone and accepted jobs a second with many clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
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


class Api:
    """A keep-alive client of the platform's HTTP interface; anything but 2xx is an error."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Api:
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        self.session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def call(
        self, method: str, path: str, key: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        async with self.session.request(method, f"{self.url}/v1{path}", json=body, headers=sent) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def open_orgs(self, admin_key: str, count: int) -> list[str]:
        """`count` organisations with plenty of credit; returns a key of each."""

        async def one(number: int) -> str:
            org = (await self.call("POST", "/admin/orgs", admin_key, {"name": f"Bench {number}"}))["org_id"]
            grant = {"amount": 10**12, "kind": "grant", "reason": "bench"}
            await self.call("POST", f"/admin/orgs/{org}/credits", admin_key, grant)
            issued = await self.call("POST", f"/admin/orgs/{org}/keys", admin_key, {"role": "member"})
            return str(issued["api_key"])

        return list(await asyncio.gather(*(one(number) for number in range(count))))

    async def submit_job(self, key: str, model: str, job_input: Mapping[str, Any]) -> None:
        body = {"model": model, "input": dict(job_input), "priority": "NORMAL"}
        await self.call("POST", "/jobs", key, body, {"Idempotency-Key": str(ULID())})
