"""Meshy as a provider. Webhooks belong to an account there, not to a call: it is asked."""

from __future__ import annotations

from typing import Final

import httpx

from adapters.providers.asking import Asking
from adapters.providers.meshy.wire import WHO, body_of, refused, route_of, update_of
from adapters.providers.polling import Pace
from adapters.providers.rest import Rest, named
from processors.dispatcher.ports import Call, Ended, Handle, Update

BASE_URL: Final = "https://api.meshy.ai"


class Meshy(Asking):
    """A handle is a task's id behind its route."""

    name = "meshy"

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        pace: Pace | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(Rest(WHO, base_url, lambda: {"Authorization": f"Bearer {api_key}"}, refused, client), pace)

    async def submit(self, call: Call) -> Handle | Ended:
        route = route_of(call.provider_model)
        created = await self._rest.create(f"/openapi/{route}", json=body_of(call))
        return Handle(f"{route}/{named(created, 'result', WHO)}")

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/openapi/{handle.provider_job_id}"))
