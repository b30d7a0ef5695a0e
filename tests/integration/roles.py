"""Roles of the platform in this process, on the real servers: for tests that are about some of them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from pydantic import SecretStr

from studio.processes.process import Process
from studio.settings import Settings
from tests.servers import MASTER_KEY, Servers

READY_WITHIN_S = 60.0
STOPS_WITHIN_S = 30.0


def settings_for(servers: Servers, data_dir: Path) -> Settings:
    return Settings(
        data_dir=data_dir,
        kafka_bootstrap=servers.kafka_bootstrap,
        mongo_url=servers.mongo_url,
        redis_url=servers.redis_url,
        firestore_emulator=servers.firestore_emulator,
        server_secret=SecretStr("secret"),
        master_key=SecretStr(MASTER_KEY),
        process_name="tests",
    )


@asynccontextmanager
async def running(settings: Settings, *roles: str) -> AsyncIterator[Process]:
    """Yields once all roles are ready. A role that fails fails the test."""
    process = Process("tests", roles)
    tasks = [
        asyncio.create_task(importlib.import_module(f"studio.processes.{role}").run(settings, process), name=role)
        for role in roles
    ]
    try:
        with failing_early(tasks):
            async with asyncio.timeout(READY_WITHIN_S):
                while process.pending:
                    done, _ = await asyncio.wait(tasks, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
            yield process
    finally:
        process.stop.set()
        done, late = await asyncio.wait(tasks, timeout=STOPS_WITHIN_S)
        for task in late:
            task.cancel()
        await process.shared.close()
        for task in done:
            task.result()
        assert process.failure is None, process.failure
        assert not late, [task.get_name() for task in late]


@contextmanager
def failing_early(tasks: list[asyncio.Task[None]]) -> Iterator[None]:
    """A test that waits for something is woken when what should bring it has died."""
    current = asyncio.current_task()

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and current is not None:
            current.cancel(f"{task.get_name()} died: {task.exception()!r}")

    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in tasks:
            task.remove_done_callback(ended)
