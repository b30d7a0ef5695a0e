"""Runway as a provider. It sends no webhooks and takes no name from a client: a lost answer stays unknown."""

from __future__ import annotations

from typing import Final

import httpx

from adapters.providers.asking import Asking
from adapters.providers.polling import Pace
from adapters.providers.rest import Rest, named
from adapters.providers.runway.wire import WHO, body_of, refused, route_of, update_of
from processors.dispatcher.errors import NotThere
from processors.dispatcher.ports import Call, Ended, Handle, Progressed, Update

BASE_URL: Final = "https://api.dev.runwayml.com/v1"
VERSION: Final = "2024-11-06"


class Runway(Asking):
    """A handle is a task's id."""

    name = "runway"

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        pace: Pace | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "X-Runway-Version": VERSION}
        super().__init__(Rest(WHO, base_url, lambda: headers, refused, client), pace)

    async def submit(self, call: Call) -> Handle | Ended:
        created = await self._rest.create(f"/{route_of(call)}", json=body_of(call))
        return Handle(named(created, "id", WHO))

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/tasks/{handle.provider_job_id}"))

    async def cancel(self, handle: Handle) -> None:
        """The same call deletes what has ended, results too: that is left alone."""
        try:
            if isinstance(await self.ask(handle), Progressed):
                await self._rest.send("DELETE", f"/tasks/{handle.provider_job_id}")
        except NotThere:
            return
