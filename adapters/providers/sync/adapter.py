"""Sync as a provider. Its create is idempotent by a key of ours: a lost answer is asked for by sending again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.rest import named
from adapters.providers.sync.wire import WHO, body_of, refused, update_of
from processors.dispatcher.ports import Call, Ended, Handle, Reconciled, Update

BASE_URL: Final = "https://api.sync.so"


class Sync(Asking):
    """A handle is a generation's id."""

    name = "sync"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)
    create_is_idempotent = True

    def headers(self, api_key: str) -> Mapping[str, str]:
        return {"x-api-key": api_key}

    async def submit(self, call: Call) -> Handle | Ended:
        return await self._taken(call)

    async def _taken(self, call: Call) -> Handle:
        headers = {"Idempotency-Key": call.token}
        created = await self._rest.create("/v2/generate", json=body_of(call), headers=headers)
        return Handle(named(created, "id", WHO))

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/v2/generate/{handle.provider_job_id}"))

    async def reconcile(self, call: Call) -> Reconciled:
        """The same key leads to the same generation."""
        return await self._taken(call)
