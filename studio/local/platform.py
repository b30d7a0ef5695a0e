"""Brings the whole platform up on one machine, says how it is, and takes it down again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from events.log.admin import ensure_topics
from studio.local import addresses as addressbook
from studio.local import leftovers, toolchain
from studio.local.addresses import Addresses
from studio.local.layout import Layout
from studio.local.locks import locked
from studio.local.named import named_servers, reach
from studio.local.packing import PACKING, SERVER_NICENESS, Packed, port_names, program
from studio.local.readiness import Awaited, Report, StartFailed, process_check, wait_for
from studio.local.secrets import with_secrets
from studio.local.servers.server import NotReady, Server
from studio.local.supervisor import SERVERS, Program, Supervisor
from studio.settings import Settings

LOCK_TIMEOUT_S = 120.0
SUPERVISOR_START_S = 10.0
SHUTDOWN_S = 45.0
POLL_S = 0.05


@dataclass(frozen=True)
class ProcessStatus:
    """One row of `studio status`; its memory is also that of what the process has started."""

    name: str
    kind: str
    pid: int
    state: str
    ready: bool
    restarts: int
    rss_bytes: int


class LocalPlatform:
    """The platform of one data directory."""

    def __init__(self, settings: Settings, *, with_us: bool = False, packing: tuple[Packed, ...] = PACKING) -> None:
        """`with_us`: everything ends when the process that calls `up` does, even by kill -9. Another `packing` has
        more processes, or fewer."""
        self._with_us = with_us
        self._packing = packing
        self.layout = Layout(settings.data_dir.resolve())
        self.supervisor = Supervisor(self.layout)
        self._asked_for = settings

    async def up(self, report: Report, *, servers_only: bool = False) -> Settings:
        """Starts what does not run yet and waits until it is ready; answers the resolved settings."""
        toolchain.ensure()
        self.layout.prepare()
        with locked(self.layout.lock, LOCK_TIMEOUT_S):
            addresses = addressbook.read(self.layout)
            if addresses is None or self.supervisor.pid() is None:
                await reach(named_servers(self._asked_for, set()), report)
                addresses = await self._start(report)
                if not servers_only:
                    # Beside the servers, which they wait for: on two cores this saves a third of the time.
                    self.supervisor.start_platform()
            else:
                await reach(named_servers(self.settings(addresses), set(addresses.embedded)), report)
            if not set(port_names(self._packing)) <= set(addresses.ports):
                raise StartFailed("another version is running; run `studio down` and then `studio up`")
            settings = self.settings(addresses)
            await self._wait_for_servers(addresses, report)
            if not servers_only:
                await ensure_topics(required(settings.kafka_bootstrap))
                self.supervisor.start_platform()
                await self._wait_for_platform(addresses, report)
        return settings

    async def down(self, report: Report) -> None:
        """Stops everything, in order where the supervisor lives, and leaves no process behind."""
        self.layout.prepare()
        with locked(self.layout.lock, LOCK_TIMEOUT_S):
            pid = self.supervisor.pid()
            if pid is not None:
                report("supervisor", "stopping the platform, then the servers")
                self.supervisor.shutdown()
                await asyncio.to_thread(wait_for_end, pid)
            swept = await asyncio.to_thread(leftovers.sweep, self.layout.data_dir)
            if swept:
                report("supervisor", f"ended {swept} processes that were left")
            self.layout.tidy()

    async def status(self) -> list[ProcessStatus]:
        """How every supervised process is, and their supervisor; empty when nothing runs."""
        addresses = addressbook.read(self.layout)
        processes, supervisor = self.supervisor.processes(), self.supervisor.pid()
        if addresses is None or not processes or supervisor is None:
            return []
        checks = {server.name: server.check for server in self._servers(addresses)}
        checks |= {one.name: one.check for one in platform_checks(addresses, self._packing)}
        ready = await asyncio.gather(*(passes(checks[process.name]) for process in processes))
        rows = [
            ProcessStatus(
                name=process.name,
                kind="server" if process.group == SERVERS else "platform",
                pid=process.pid,
                state=process.state,
                ready=is_up,
                restarts=process.restarts,
                rss_bytes=resident_with_children(process.pid),
            )
            for process, is_up in zip(processes, ready, strict=True)
        ]
        return [*rows, ProcessStatus("supervisord", "supervisor", supervisor, "running", True, 0, resident(supervisor))]

    def settings(self, addresses: Addresses) -> Settings:
        """What the platform's processes are told."""
        named = addressbook.as_started(self._asked_for, addresses)
        return with_secrets(named.model_copy(update={"data_dir": self.layout.data_dir}), self.layout)

    def _servers(self, addresses: Addresses) -> list[Server]:
        """The servers that run here, as they were chosen when the supervisor was started."""
        servers = addressbook.all_servers(self.layout, addresses.ports)
        return [server for server in servers if server.name in addresses.embedded]

    async def _start(self, report: Report) -> Addresses:
        """Starts supervisord with the servers, after clearing away what a crash has left."""
        leftovers.sweep(self.layout.data_dir)
        # A `down` that was before us has taken the folder of the supervisor's socket away.
        self.layout.prepare()
        addresses = addressbook.choose(self._asked_for, self.layout, self._packing)
        servers = self._servers(addresses)
        await asyncio.gather(*(asyncio.to_thread(server.prepare) for server in servers))
        programs = [
            Program(server.name, SERVERS, server.command, niceness=SERVER_NICENESS.get(server.name, 0))
            for server in servers
        ]
        programs += [program(packed, addresses.ports[packed.name]) for packed in self._packing]
        environment = addressbook.environment(self.settings(addresses))
        process = self.supervisor.start(programs, environment, with_us=self._with_us)
        report("supervisor", f"started as process {process.pid}")
        deadline = time.monotonic() + SUPERVISOR_START_S
        while self.supervisor.pid() is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartFailed(f"supervisord did not start:\n{self._supervisor_output()}")
            await asyncio.sleep(POLL_S)
        return addresses

    def _supervisor_output(self) -> str:
        return (self.layout.logs / "supervisord.out").read_text(errors="replace")

    async def _wait_for_servers(self, addresses: Addresses, report: Report) -> None:
        checks = [Awaited(server.name, server.check) for server in self._servers(addresses)]
        await wait_for(checks, self.supervisor, self.layout, report)

    async def _wait_for_platform(self, addresses: Addresses, report: Report) -> None:
        await wait_for(platform_checks(addresses, self._packing), self.supervisor, self.layout, report)


def platform_checks(addresses: Addresses, packing: tuple[Packed, ...]) -> list[Awaited]:
    """Checks of the platform's processes."""
    return [process_check(packed, addresses.ports[packed.name]) for packed in packing]


def required(value: str | None) -> str:
    """An address that is there once the servers are chosen."""
    if value is None:
        raise StartFailed("an address is missing; run `studio down` and then `studio up`")
    return value


async def passes(check: Callable[[], Awaitable[None]]) -> bool:
    """Whether a server or process answers its protocol now."""
    try:
        await check()
    except (NotReady, OSError):
        return False
    return True


def resident(pid: int) -> int:
    """The resident memory of a process; 0 when it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except psutil.NoSuchProcess:
        return 0


def resident_with_children(pid: int) -> int:
    """Also of what it has started: a worker's engine is a process of its own."""
    try:
        children = psutil.Process(pid).children(recursive=True) if pid else []
    except psutil.NoSuchProcess:
        return 0
    return resident(pid) + sum(resident(child.pid) for child in children)


def wait_for_end(pid: int) -> None:
    """Waits for a process to end; what does not in time is left to the sweep.

    One that has ended but was started by a process that has not noticed yet counts as ended.
    """
    deadline = time.monotonic() + SHUTDOWN_S
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(POLL_S)


def as_rows(status: list[ProcessStatus]) -> list[dict[str, Any]]:
    """The rows of `studio status` for programs."""
    return [asdict(row) for row in status]
