"""Runway as a provider. It sends no webhooks and takes no name from a client: a lost answer stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.rest import named
from adapters.providers.runway.wire import WHO, body_of, refused, route_of, update_of
from processors.dispatcher.errors import NotThere
from processors.dispatcher.ports import Call, Ended, Handle, Progressed, Update

BASE_URL: Final = "https://api.dev.runwayml.com/v1"
VERSION: Final = "2024-11-06"


class Runway(Asking):
    """A handle is a task's id."""

    name = "runway"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    def headers(self, api_key: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {api_key}", "X-Runway-Version": VERSION}

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
