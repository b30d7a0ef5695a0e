"""`python -m studio.processes ROLE [ROLE …]`: runs roles in one event loop until told to stop.

Crash only: a role that ends or raises takes its process down, and the supervisor starts it anew.
"""

import asyncio
import importlib
import importlib.util
import json
import logging
import os
import pkgutil
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import uvloop

import studio.processes
from studio.collector import tune_collector
from studio.local.layout import Layout, write_private
from studio.processes.health import health_server
from studio.processes.logs import ROLE, configure
from studio.processes.process import Process
from studio.processes.waiting import servers_answer
from studio.settings import Settings

DRAIN_S = 10.0
OWN_MODULES = {"__main__", "configured", "health", "language", "logs", "parts", "process", "shared", "waiting"}

Run = Callable[[Settings, Process], Awaitable[None]]

log = logging.getLogger("studio.processes")


class UnknownRole(Exception):
    """There is no module for a role that was asked for."""


def load(role: str) -> Run:
    """The `run` of a role's module."""
    module = f"studio.processes.{role}"
    if role in OWN_MODULES or not role.isidentifier() or importlib.util.find_spec(module) is None:
        known = sorted({info.name for info in pkgutil.iter_modules(studio.processes.__path__)} - OWN_MODULES)
        raise UnknownRole(f"no role {role!r}; there are: {', '.join(known) or 'none'}")
    run: Run = importlib.import_module(module).run
    return run


async def run_role(role: str, run: Run, settings: Settings, process: Process, servers: asyncio.Future[None]) -> None:
    """One role, with its name in whatever it logs, as soon as its servers answer."""
    ROLE.set(role)
    await asyncio.shield(servers)
    await run(settings, process)


async def serve(settings: Settings, roles: dict[str, Run]) -> int:
    """Runs the roles and the health server; answers the exit code."""
    process = Process(settings.process_name, roles)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop.set)
    servers = asyncio.create_task(servers_answer(settings), name="servers")
    tasks = {
        asyncio.create_task(run_role(role, run, settings, process, servers), name=role) for role, run in roles.items()
    }
    if settings.health_port is not None:
        write_down(settings, process)
        server = health_server(process, settings.health_port)
        tasks.add(asyncio.create_task(server.serve(), name="health"))
    stopping = asyncio.create_task(process.stop.wait(), name="stop")
    log.info("started", extra={"action": "start", "instance": process.instance, "roles": process.roles})
    await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    asked_to_stop = process.stop.is_set()
    process.stop.set()
    if settings.health_port is not None:
        server.should_exit = True
    _, late = await asyncio.wait(tasks, timeout=DRAIN_S)
    for task in late:
        log.error("did not stop in time", extra={"action": "drain", "task": task.get_name()})
    await process.shared.close()
    failed = report_failures(tasks - late)
    if process.failure is not None:
        failed = True
        log.critical("something shared failed", extra={"action": "crash"}, exc_info=process.failure)
    if not asked_to_stop and not failed:
        log.error("a role ended although nobody asked it to", extra={"action": "exit"})
    return 0 if asked_to_stop and not failed and not late else 1


def report_failures(tasks: set[asyncio.Task[None]]) -> bool:
    """Logs why every task failed that did; whether there was one."""
    failed = False
    for task in tasks:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            failed = True
            log.critical("failed", extra={"action": "crash", "task": task.get_name()}, exc_info=error)
    return failed


def write_down(settings: Settings, process: Process) -> None:
    """Notes where this process answers about its health."""
    run = Layout(settings.data_dir.resolve()).run
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = {
        "name": process.name,
        "roles": process.roles,
        "pid": os.getpid(),
        "instance": process.instance,
        "health_port": settings.health_port,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_private(run / f"{process.name}.json", json.dumps(about, indent=2))


def main(roles: list[str]) -> int:
    """Runs the named roles; the exit code is 0 only after an orderly stop."""
    settings = Settings()
    configure(settings.process_name, settings.log_level)
    if not roles:
        log.critical("name at least one role", extra={"action": "start"})
        return 2
    try:
        loaded = {role: load(role) for role in roles}
    except UnknownRole as error:
        log.critical(str(error), extra={"action": "start"})
        return 2
    tune_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(serve(settings, loaded))
        # A thread or a task that hangs must not keep a process that has given up alive.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
