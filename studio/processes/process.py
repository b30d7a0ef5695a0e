"""What a role is handed: when to stop, what its process is called, where to say that it is ready, what it shares."""

import asyncio
from collections.abc import Iterable

from ulid import ULID

from studio.processes.shared import Shared


class Process:
    """One running process. `instance` is new with every start: owner ids are made from it."""

    def __init__(self, name: str, roles: Iterable[str]) -> None:
        self.name = name
        self.roles = tuple(roles)
        self.instance = str(ULID())
        self.stop = asyncio.Event()
        self.failure: BaseException | None = None
        """Why the process stops, where something that its roles share has failed."""
        self.shared = Shared(self.fail)
        self._ready: set[str] = set()

    def ready(self, role: str) -> None:
        """Called by a role once it does its work."""
        if role not in self.roles:
            raise ValueError(f"{role!r} is no role of process {self.name!r}")
        self._ready.add(role)

    def fail(self, error: BaseException) -> None:
        """Stops the process; the first reason counts."""
        self.failure = self.failure or error
        self.stop.set()

    @property
    def pending(self) -> tuple[str, ...]:
        """The roles that are not ready yet."""
        return tuple(role for role in self.roles if role not in self._ready)
