"""What adapters share whose provider takes an attempt, names it, and is asked until it has ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import ClassVar

import httpx

from adapters.providers.polling import Pace, polled
from adapters.providers.rest import Refuse, Rest
from processors.dispatcher.errors import CannotStop, NotThere
from processors.dispatcher.ports import Call, Ended, Handle, Progressed, Reconciled, Unknowable, Update


class Asking(ABC):
    """An adapter says how to create and how to ask; it overrides what its provider can do beyond that."""

    name: ClassVar[str]
    who: ClassVar[str]
    """Its name in what a person is told."""
    public_url: ClassVar[str]
    refuse: ClassVar[Refuse]
    create_is_idempotent = False
    takes_our_name = False
    wants_files = False

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str | None = None,
        pace: Pace | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """`base_url` is where it is reached instead of its public address."""
        self._rest = Rest(self.who, base_url or self.public_url, lambda: self.headers(api_key), self.refuse, client)
        self._pace = pace or Pace()

    def headers(self, api_key: str) -> Mapping[str, str]:
        """The key on a request."""
        return {"Authorization": f"Bearer {api_key}"}

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
