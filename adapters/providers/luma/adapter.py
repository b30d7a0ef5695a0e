"""Luma as a provider. Whether deleting a generation stops it is not said: it is left to end."""

from __future__ import annotations

from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.luma.wire import WHO, body_of, refused, route_of, update_of
from adapters.providers.rest import named
from processors.dispatcher.ports import Call, Ended, Handle, Update

BASE_URL: Final = "https://api.lumalabs.ai/dream-machine/v1"


class Luma(Asking):
    """A handle is a generation's id."""

    name = "luma"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    async def submit(self, call: Call) -> Handle | Ended:
        created = await self._rest.create(f"/generations/{route_of(call.provider_model)}", json=body_of(call))
        return Handle(named(created, "id", WHO))

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/generations/{handle.provider_job_id}"))
