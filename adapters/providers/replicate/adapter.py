"""Replicate as a provider. Its create is not idempotent and cannot be looked up: a lost answer stays unknown."""

from __future__ import annotations

from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.replicate.wire import create_body, create_path, ended_of, refused, update_of
from adapters.providers.rest import named
from processors.dispatcher.errors import NotThere
from processors.dispatcher.ports import Call, Ended, Handle, Update

WHO: Final = "Replicate"
BASE_URL: Final = "https://api.replicate.com/v1"


class Replicate(Asking):
    """Creates, asks until the end, cancels."""

    name = "replicate"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    async def submit(self, call: Call) -> Handle | Ended:
        """The deadline goes with it, so that what nobody watches any more stops by itself."""
        headers = {"Cancel-After": f"{max(call.max_runtime_s, 5)}s"}
        prediction = await self._rest.create(create_path(call.provider_model), json=create_body(call), headers=headers)
        prediction_id = named(prediction, "id", WHO)
        ended = ended_of(prediction)
        return ended if ended is not None else Handle(prediction_id)

    async def ask(self, handle: Handle) -> Update:
        return update_of(await self._rest.ask(f"/predictions/{handle.provider_job_id}"))

    async def cancel(self, handle: Handle) -> None:
        try:
            await self._rest.send("POST", f"/predictions/{handle.provider_job_id}/cancel")
        except NotThere:
            return
