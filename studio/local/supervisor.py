"""Writes supervisord's configuration, starts it, and talks to it over its unix socket."""

import http.client
import os
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from supervisor.xmlrpc import SupervisorTransport

from studio.local.layout import Layout, write_private
from studio.settings import PROJECT_ROOT

SERVERS, PLATFORM = "servers", "platform"
MARK = "STUDIO_SUPERVISED"  # in the environment of every child, and of whatever a child starts
SMALL = {"MALLOC_ARENA_MAX": "2"}  # otherwise every thread's arena stays resident
WITH_ITS_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]
UNREACHABLE = (OSError, http.client.HTTPException)

HEAD = """\
[supervisord]
nodaemon=true
silent=true
user={user}
directory={root}
pidfile={run}/supervisord.pid
logfile={logs}/supervisord.log
logfile_maxbytes=2MB
logfile_backups=1
childlogdir={logs}
strip_ansi=true

[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:studio]
supervisor.rpcinterface_factory=studio.local.restarts:make_interface
"""

# A process that ends within startsecs is started again after 1, 2, 3 … seconds, one that ends
# later at once; startretries is high enough never to be reached.
PROGRAM = """
[program:{name}]
command={command}
environment={environment}
autostart={autostart}
autorestart=true
startsecs=1
startretries=1000000
stopwaitsecs=15
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
"""

GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""


@dataclass(frozen=True)
class Program:
    """One supervised process."""

    name: str
    group: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    niceness: int = 0
    """Above 0 it yields the processor to what a person waits for, and never takes it from that when it wakes."""


@dataclass(frozen=True)
class ProcessInfo:
    """What supervisord knows of a process."""

    name: str
    group: str
    pid: int
    state: str
    restarts: int


def configuration(layout: Layout, programs: Sequence[Program]) -> str:
    """The text of supervisord's configuration file."""
    paths = {"run": plain(layout.run), "logs": plain(layout.logs), "root": plain(PROJECT_ROOT)}
    parts = [HEAD.format(**paths, socket=plain(layout.supervisor_socket), user=os.getuid())]
    for program in programs:
        pairs = (f'{name}="{plain(value)}"' for name, value in program.environment.items())
        parts.append(
            PROGRAM.format(
                name=program.name,
                command=plain(shlex.join([*WITH_ITS_PARENT, *nice(program.niceness), *program.command])),
                environment=",".join(pairs),
                autostart="true" if program.group == SERVERS else "false",
                logs=paths["logs"],
            )
        )
    for priority, group in enumerate((SERVERS, PLATFORM), start=1):
        names = [program.name for program in programs if program.group == group]
        if names:
            parts.append(GROUP.format(name=group, programs=",".join(names), priority=priority))
    return "".join(parts)


def nice(niceness: int) -> list[str]:
    return ["nice", "-n", str(niceness), "chrt", "--batch", "0"] if niceness else []


def plain(value: object) -> str:
    """Escapes what supervisord expands, and refuses what its file format cannot carry."""
    text = str(value)
    if any(mark in text for mark in ("\n", '"', " ;", " #")):
        raise ValueError(f"supervisord's configuration cannot hold {text!r}")
    return text.replace("%", "%%")


class Supervisor:
    """A supervisord and the processes under it, found by the socket in the data directory."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{self._layout.supervisor_socket}")
        # The library's transport has no annotations; the address in the URL is never looked at.
        with xmlrpc.client.ServerProxy("http://127.0.0.1", cast(Any, transport)) as proxy:
            return getattr(proxy, method)(*arguments)

    def pid(self) -> int | None:
        """The running supervisord's process id; None when there is none."""
        try:
            return int(self._call("supervisor.getPID"))
        except UNREACHABLE:
            return None

    def start(
        self, programs: Sequence[Program], environment: Mapping[str, str], *, with_us: bool
    ) -> "subprocess.Popen[bytes]":
        """Starts supervisord, which starts the servers; it outlives us, unless it is to end `with_us`."""
        layout = self._layout
        write_private(layout.supervisor_config, configuration(layout, programs))
        ours = {MARK: str(layout.data_dir), "PYTHONPATH": str(PROJECT_ROOT), **SMALL}
        marked = {**os.environ, **environment, **ours}
        supervisord = [sys.executable, "-m", "supervisor.supervisord"]
        with (layout.logs / "supervisord.out").open("wb") as output:
            return subprocess.Popen(
                [*(WITH_ITS_PARENT if with_us else []), *supervisord, "-c", str(layout.supervisor_config)],
                env=marked,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_platform(self) -> None:
        """Starts the processes that wait for their servers; those that run already stay."""
        self._call("supervisor.startProcessGroup", PLATFORM, False)

    def shutdown(self) -> None:
        """Asks supervisord to stop the platform, then the servers, then itself."""
        self._call("supervisor.shutdown")

    def processes(self) -> list[ProcessInfo]:
        """Every supervised process, in the configuration's order; none when nothing runs."""
        try:
            infos = self._call("supervisor.getAllProcessInfo")
            restarts = self._call("studio.restarts")
        except UNREACHABLE:
            return []
        return [
            ProcessInfo(
                name=info["name"],
                group=info["group"],
                pid=info["pid"],
                state=info["statename"].lower(),
                restarts=restarts.get(info["name"], 0),
            )
            for info in infos
        ]
