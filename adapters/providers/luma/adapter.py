"""Luma as a provider. Whether deleting a generation stops it is not said: it is left to end."""

from __future__ import annotations

from typing import Final

import httpx

from adapters.providers.asking import Asking
from adapters.providers.luma.wire import WHO, body_of, refused, route_of, update_of
from adapters.providers.polling import Pace
from adapters.providers.rest import Rest, named
from processors.dispatcher.ports import Call, Ended, Handle, Update

BASE_URL: Final = "https://api.lumalabs.ai/dream-machine/v1"


class Luma(Asking):
    """A handle is a generation's id."""

    name = "luma"

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
        created = await self._rest.create(f"/generations/{route_of(call.provider_model)}", json=body_of(call))
        return Handle(named(created, "id", WHO))

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/generations/{handle.provider_job_id}"))
