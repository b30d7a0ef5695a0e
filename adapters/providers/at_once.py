"""What adapters share whose provider's answer is the result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator

from processors.dispatcher.errors import OutcomeUnknown
from processors.dispatcher.ports import Call, Ended, Handle, Reconciled, Unknowable, Update


class AtOnce(ABC):
    """An adapter says how to call; there is nothing to watch, to look up or to stop."""

    name: str
    create_is_idempotent = False
    takes_our_name = False
    wants_files = False

    def answers_at_once(self, provider_model: str) -> bool:  # noqa: ARG002 - the port has it
        return True

    @abstractmethod
    async def submit(self, call: Call) -> Handle | Ended: ...

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        raise OutcomeUnknown(f"{self.name} keeps nothing to ask for: {handle.provider_job_id}")
        yield  # pragma: no cover - makes this a generator

    async def reconcile(self, call: Call) -> Reconciled:  # noqa: ARG002 - the port has it
        return Unknowable()

    async def cancel(self, handle: Handle) -> None:  # noqa: B027 - that is all there is
        """The call ends with the connection that carries it."""
