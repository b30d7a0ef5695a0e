"""Waits for servers and processes together, and gives up early on one that keeps ending."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from studio.local.layout import Layout
from studio.local.packing import Packed, ready_path
from studio.local.servers.server import NotReady, wait_until_ready
from studio.local.supervisor import Supervisor

RESTARTS_BEFORE_GIVING_UP = 3
WATCH_S = 1.0
REMIND_S = 5.0
CHECK_TIMEOUT_S = 3.0
LOG_TAIL_LINES = 15

Report = Callable[[str, str], None]
"""Takes a name and what has happened to it, for the person who waits."""


class StartFailed(Exception):
    """The platform could not be brought up; the message says which part, and shows its log."""


@dataclass(frozen=True)
class Awaited:
    """One thing that has to become ready."""

    name: str
    check: Callable[[], Awaitable[None]]


def process_check(packed: Packed, port: int) -> Awaited:
    """A platform process, by its own answer over HTTP."""

    async def check() -> None:
        try:
            # Plain HTTP on loopback: loading certificates would cost 40 ms of a core with every question.
            async with httpx.AsyncClient(timeout=CHECK_TIMEOUT_S, trust_env=False, verify=False) as client:
                answer = await client.get(f"http://127.0.0.1:{port}{ready_path(packed)}")
        except httpx.HTTPError as error:
            raise NotReady(f"{packed.name}: {error!r}") from error
        if answer.status_code != httpx.codes.OK:
            raise NotReady(f"{packed.name}: {answer.text}")

    return Awaited(packed.name, check)


async def wait_for(awaited: Sequence[Awaited], supervisor: Supervisor, layout: Layout, report: Report) -> None:
    """Waits for all of them at once; raises StartFailed for the first that cannot become ready."""

    async def wait(one: Awaited) -> None:
        started = asyncio.get_running_loop().time()
        await wait_until_ready(one.name, one.check)
        del not_yet[one.name]
        report(one.name, f"ready after {asyncio.get_running_loop().time() - started:.1f} s")

    names = {one.name for one in awaited}
    not_yet = dict.fromkeys(one.name for one in awaited)
    reminder = asyncio.create_task(remind(not_yet, report))
    watcher = asyncio.create_task(give_up_on_loops(supervisor, names))
    waiting = [asyncio.create_task(wait(one)) for one in awaited]
    try:
        await first_failure_or_all(watcher, waiting)
    except NotReady as error:
        name = str(error).split(" ", 1)[0]
        raise StartFailed(f"{error}\n{log_tail(layout.logs / f'{name}.log')}") from error
    finally:
        for task in (watcher, reminder, *waiting):
            task.cancel()
        await asyncio.gather(watcher, reminder, *waiting, return_exceptions=True)


async def remind(not_yet: Collection[str], report: Report) -> None:
    """Says again and again who is still waited for, so that a person sees what does not answer."""
    started = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(REMIND_S)
        if not not_yet:
            return
        waited = asyncio.get_running_loop().time() - started
        report("waiting", f"for {', '.join(not_yet)} ({waited:.0f} s so far)")


async def first_failure_or_all(watcher: asyncio.Task[None], waiting: list[asyncio.Task[None]]) -> None:
    """Ends when everything awaited is ready; raises as soon as one of the tasks has failed."""
    pending: set[asyncio.Task[None]] = {watcher, *waiting}
    while pending != {watcher}:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def give_up_on_loops(supervisor: Supervisor, names: set[str]) -> None:
    """Raises for a process that ends again and again, or when supervisord itself is gone."""
    while True:
        await asyncio.sleep(WATCH_S)
        processes = await asyncio.to_thread(supervisor.processes)
        if not processes:
            raise NotReady("supervisord has ended")
        for process in processes:
            if process.name in names and process.restarts >= RESTARTS_BEFORE_GIVING_UP:
                raise NotReady(f"{process.name} has ended {process.restarts} times")


def log_tail(file: Path) -> str:
    """The last lines of a log, for an error message."""
    if not file.exists():
        return f"(no log at {file})"
    lines = file.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return "\n".join([f"{file}:", *lines])
