"""Sessions that are planned on a supervised platform, whose language model holds a call until its caller is dead."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from events.canvas.plan_events import FieldsVerified, RunCompleted
from events.canvas.session_events import AgentCallRecorded, MessagePosted, StageBegun
from events.envelope import Recorded
from events.log.follower import Follower
from events.log.position import encode, part
from events.topics import EVENTS_CANVAS, PROGRESS
from studio.local.dev import bootstrap_dev
from studio.local.packing import PACKING
from studio.local.platform import LocalPlatform
from tests.chaos.director import Director
from tests.integration.test_agents import Log
from tests.llm_server import serving
from tests.platform import ECHO, Running, post
from tests.servers import isolated_settings, put_down, quiet

WITHIN_S: Final = 90.0
VICTIM: Final = "workers"
PACKED: Final = tuple(one for one in PACKING if one.name not in ("standins", "gpu-worker-2"))
"""Without those whom nobody here asks anything."""
SKETCH: Final = {
    **ECHO, "title": "Sketch", "media_out": ["image"], "agent_type": "image",
    "input_schema": {
        "type": "object", "required": ["prompt"],
        "properties": {"prompt": {"type": "string"}, "width": {"type": "integer"}, "height": {"type": "integer"}},
    },
}  # fmt: skip
"""A second model for pictures, so that one has to be chosen; nobody does its jobs."""
PRICE: Final = 550
"""Of a run: a picture and its thumbnail."""
PRICES: Final = {"one": (1_000_000_000, 1_000_000_000)}
"""Of the language model: a credit a token."""

Attempts = tuple[str, tuple[int, ...], tuple[int, ...]]
"""An agent's call: its attempts that were begun, and those that were recorded."""


@dataclass
class Planning:
    """The platform, its model, and what the log and the page's stream have told since it came up."""

    director: Director
    local: LocalPlatform
    running: Running
    client: httpx.AsyncClient
    log: Log
    bootstrap: str
    sessions: dict[str, str] = field(default_factory=dict)

    async def says(self, name: str, text: str, approval: str = "auto") -> None:
        """In the session of this name, in words by which the model knows whom it answers."""
        self.director.asked.setdefault(name, [])
        if name not in self.sessions:
            self.sessions[name] = (await post(self.client, "/v1/sessions"))["session_id"]
        path = f"/v1/sessions/{self.sessions[name]}/messages"
        await post(self.client, path, {"text": f"{text}, {name}.", "approval": approval})

    async def approve(self, name: str) -> None:
        [*_, ready] = self.of(name, FieldsVerified)
        await post(self.client, f"/v1/plans/{ready.plan_id}/approve")

    def of(self, name: str, *kinds: type) -> list[Any]:
        return self.log.of(self.sessions[name], *kinds)

    def events(self, name: str) -> list[Recorded]:
        """Of the session and its plans, in the order of the log."""
        tail = self.sessions[name].removeprefix("ses_")
        return [event for event in self.log.events if tail in event.stream.subject]

    async def until(self, name: str, kind: type, count: int = 1) -> None:
        async with asyncio.timeout(WITHIN_S), self.log.more:
            await self.log.more.wait_for(lambda: len(self.of(name, kind)) >= count)

    async def until_all(self, names: Iterable[str], kind: type, count: int = 1) -> None:
        await asyncio.gather(*(self.until(name, kind, count) for name in names))

    async def until_events(self, name: str, count: int) -> None:
        async with asyncio.timeout(WITHIN_S), self.log.more:
            await self.log.more.wait_for(lambda: len(self.events(name)) >= count)

    async def until_over(self, names: Iterable[str]) -> None:
        """Their runs are, and the assistant has said so."""
        await self.until_all(names, RunCompleted)
        await asyncio.gather(*(self.log.until(self.sessions[one], MessagePosted, role="assistant") for one in names))

    async def until_told(self, name: str, event: str) -> None:
        async with asyncio.timeout(WITHIN_S), self.log.more:
            await self.log.more.wait_for(lambda: event in self.told(name))

    def told(self, name: str) -> list[str]:
        """What the page's stream was told of the session's calls, in short."""
        return [frame.event for frame in self.log.frames if frame.session_id == self.sessions[name]]

    def victim(self) -> int:
        """The pid of the process that plans."""
        return next(one.pid for one in self.local.supervisor.processes() if one.name == VICTIM)

    def kill(self, pid: int) -> None:
        """With what cannot be caught. The supervisor starts it anew."""
        os.kill(pid, signal.SIGKILL)

    def calls(self, name: str) -> list[Attempts]:
        """Of models, by the log, in their order."""
        begun, recorded = self.of(name, StageBegun), self.of(name, AgentCallRecorded)
        return [
            (
                next(one.agent for one in begun if one.call_id == call_id),
                tuple(one.attempt for one in begun if one.call_id == call_id),
                tuple(one.attempt for one in recorded if one.call_id == call_id),
            )
            for call_id in dict.fromkeys(one.call_id for one in begun)
        ]

    async def shown(self, name: str) -> dict[str, Any]:
        """The session as the API has it, once the read models have come as far as what was seen of the log."""
        [*_, last] = self.events(name)
        after = encode({part(EVENTS_CANVAS, last.partition): last.offset + 1})
        return await self.get(f"/v1/sessions/{self.sessions[name]}", after=after)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self.client.get(path, params=query)
        assert answer.is_success, f"GET {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def planning(data_dir: Path) -> AsyncIterator[Planning]:
    director = Director()
    async with serving(director.server) as server:
        told = {"llm_base_url": server.url, "llm_primary_model": "one", "llm_prices": PRICES}
        settings = isolated_settings(data_dir).model_copy(update=told)
        local = LocalPlatform(settings, with_us=True, packing=PACKED)
        try:
            up = await local.up(quiet)
            access = await bootstrap_dev(up, f"http://127.0.0.1:{up.http_port}")
            running = Running(access.url, access.api_key, access.admin_key, access.org_id, data_dir)
            await list_sketch(running)
            headers = {"Authorization": f"Bearer {access.api_key}"}
            client = httpx.AsyncClient(base_url=access.url, headers=headers, timeout=30, trust_env=False)
            async with client, followed(str(up.kafka_bootstrap)) as log:
                yield Planning(director, local, running, client, log, str(up.kafka_bootstrap))
        finally:
            await put_down(local)


async def list_sketch(running: Running) -> None:
    """Returns once the model can be read: the workers' copy of the catalog follows the same log."""
    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as client:
        operator = {"Authorization": f"Bearer {running.admin_key}"}
        (await client.put("/v1/admin/models/test/sketch", json=SKETCH, headers=operator)).raise_for_status()
        member = {"Authorization": f"Bearer {running.api_key}"}
        async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                (await client.get("/v1/models/test/sketch", headers=member)).raise_for_status()


@asynccontextmanager
async def followed(bootstrap: str) -> AsyncIterator[Log]:
    log, stop = Log(), asyncio.Event()
    follower = Follower(bootstrap, [EVENTS_CANVAS, PROGRESS], on_record=log.take, name="test log")
    following = asyncio.create_task(follower.run(stop))
    try:
        await asyncio.wait_for(follower.ready(), WITHIN_S)
        yield log
    finally:
        stop.set()
        await following
