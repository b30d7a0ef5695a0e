"""What adapters share whose provider takes an attempt, names it, and is asked until it has ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing

from adapters.providers.polling import Pace, polled
from adapters.providers.rest import Rest
from processors.dispatcher.errors import CannotStop, NotThere
from processors.dispatcher.ports import Call, Ended, Handle, Progressed, Reconciled, Unknowable, Update


class Asking(ABC):
    """An adapter says how to create and how to ask; it overrides what its provider can do beyond that."""

    name: str
    create_is_idempotent = False
    takes_our_name = False
    wants_files = False

    def __init__(self, rest: Rest, pace: Pace | None = None) -> None:
        self._rest = rest
        self._pace = pace or Pace()

    async def aclose(self) -> None:
        await self._rest.aclose()

    def answers_at_once(self, provider_model: str) -> bool:  # noqa: ARG002 - the port has it
        return False

    @abstractmethod
    async def submit(self, call: Call) -> Handle | Ended: ...

    @abstractmethod
    async def ask(self, handle: Handle) -> Update:
        """How the attempt stands now. Raises NotThere where the provider knows nothing of it."""

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        async with aclosing(polled(lambda: self.ask(handle), self._pace)) as answers:
            async for update in answers:
                yield update

    async def reconcile(self, call: Call) -> Reconciled:  # noqa: ARG002 - the port has it
        """Most providers take no name from their client: only a webhook can still tell."""
        return Unknowable()

    async def cancel(self, handle: Handle) -> None:
        """Most providers have no call for it: what has ended by itself has stopped, anything else runs on."""
        await self.confirmed_over(handle)

    async def confirmed_over(self, handle: Handle) -> None:
        """Raises CannotStop where the attempt still runs."""
        try:
            update = await self.ask(handle)
        except NotThere:
            return
        if isinstance(update, Progressed):
            raise CannotStop(f"{self._rest.who} goes on with it")
