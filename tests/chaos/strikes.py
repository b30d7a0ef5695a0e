"""Carries a script's strikes out on a supervised platform, and keeps what was done for whoever reads a failure."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from studio.local.supervisor import Supervisor
from tests.chaos.script import Strike


class Striker:
    """`told` has a line for each thing that was done, with its time since the beginning."""

    def __init__(self, supervisor: Supervisor, redis_url: str) -> None:
        self._supervisor = supervisor
        self._redis_url = redis_url
        self._paused: dict[psutil.Process, str] = {}
        self._began = time.monotonic()
        self.told: list[str] = []

    async def run(self, strikes: Iterable[Strike]) -> None:
        """All of them in their time; returns when everybody who was paused goes on."""
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as waking:
            for strike in strikes:
                await asyncio.sleep(max(0.0, self._began + strike.at_s - time.monotonic()))
                match strike.kind:
                    case "kill":
                        await self._kill(strike.victim)
                    case "pause":
                        waking.create_task(self._pause(strike))
                    case "flush":
                        await self._flush()

    def release(self) -> None:
        """Whoever still stands goes on."""
        for process, name in list(self._paused.items()):
            self._wake(process, name)

    async def _process(self, name: str) -> psutil.Process | None:
        """None while it is being started anew."""
        found = await asyncio.to_thread(self._supervisor.processes)
        pid = next((one.pid for one in found if one.name == name), 0)
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid) if pid else None
        return None

    async def _kill(self, name: str) -> None:
        process = await self._process(name)
        if process is None:
            self._tell(f"{name} was down already")
            return
        with self._still_there(name):
            process.kill()
            self._tell(f"killed {name} ({process.pid})")

    async def _pause(self, strike: Strike) -> None:
        process = await self._process(strike.victim)
        if process is None or process in self._paused:
            self._tell(f"{strike.victim} was down or paused already")
            return
        with self._still_there(strike.victim):
            process.suspend()
            self._paused[process] = strike.victim
            self._tell(f"paused {strike.victim} ({process.pid}) for {strike.for_s:.1f} s")
            await asyncio.sleep(strike.for_s)
            self._wake(process, strike.victim)

    def _wake(self, process: psutil.Process, name: str) -> None:
        self._paused.pop(process, None)
        with self._still_there(name):
            process.resume()
            self._tell(f"{name} ({process.pid}) goes on")

    async def _flush(self) -> None:
        try:
            async with Redis.from_url(self._redis_url, socket_timeout=2, socket_connect_timeout=2) as redis:
                await redis.flushall()
        except (RedisError, TimeoutError, OSError) as error:
            self._tell(f"redis was not flushed: {type(error).__name__}")
        else:
            self._tell("flushed redis")

    @contextlib.contextmanager
    def _still_there(self, name: str) -> Iterator[None]:
        try:
            yield
        except psutil.NoSuchProcess:
            self._tell(f"{name} had ended by itself")

    def _tell(self, what: str) -> None:
        self.told.append(f"{time.monotonic() - self._began:6.1f} s  {what}")
