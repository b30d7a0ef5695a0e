"""Meshy as a provider. Webhooks belong to an account there, not to a call: it is asked."""

from __future__ import annotations

from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.meshy.wire import WHO, body_of, refused, route_of, update_of
from adapters.providers.rest import named
from processors.dispatcher.ports import Call, Ended, Handle, Update

BASE_URL: Final = "https://api.meshy.ai"


class Meshy(Asking):
    """A handle is a task's id behind its route."""

    name = "meshy"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    async def submit(self, call: Call) -> Handle | Ended:
        route = route_of(call.provider_model)
        created = await self._rest.create(f"/openapi/{route}", json=body_of(call))
        return Handle(f"{route}/{named(created, 'result', WHO)}")

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/openapi/{handle.provider_job_id}"))
