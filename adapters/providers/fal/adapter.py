"""fal as a provider: its queue takes no name from a client, so that a lost answer stays unknown until its webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from adapters.providers.asking import Asking
from adapters.providers.fal.wire import WHO, failed, place_of, refused, succeeded, update_of
from adapters.providers.http import body_of, json_object
from adapters.providers.rest import REFUSALS
from processors.dispatcher.errors import CannotStop, OutcomeUnknown
from processors.dispatcher.ports import Call, Ended, Handle, Update

BASE_URL: Final = "https://queue.fal.run"


class Fal(Asking):
    """A handle is the place where fal has the request: `owner/app/requests/id`."""

    name = "fal"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    def headers(self, api_key: str) -> Mapping[str, str]:
        return {"Authorization": f"Key {api_key}"}

    async def submit(self, call: Call) -> Handle | Ended:
        """fal's own ten repetitions are switched off: each would be an attempt that nobody counts."""
        headers = {"X-Fal-Request-Timeout": str(max(call.max_runtime_s, 2)), "x-fal-no-retry": "1"}
        params = {}
        if call.webhook_url is not None:
            app = "/".join(call.provider_model.split("/")[:2])
            params["fal_webhook"] = str(httpx.URL(call.webhook_url).copy_merge_params({"at": app}))
        created = await self._rest.create(
            f"/{call.provider_model}", json=dict(call.input), params=params, headers=headers
        )
        return Handle(place_of(created, self._rest.base_url))

    async def ask(self, handle: Handle) -> Update:
        status = await self._rest.ask(f"/{handle.provider_job_id}/status", params={"logs": "1"})
        update = update_of(status)
        return await self._result(handle) if update is None else update

    async def _result(self, handle: Handle) -> Ended:
        """A request that failed may be COMPLETED all the same: its result is the error, with its real status."""
        answer = await self._rest.answer("GET", f"/{handle.provider_job_id}")
        if answer.status_code < REFUSALS:
            return succeeded(json_object(answer, WHO))
        ended = failed(answer.status_code, body_of(answer), answer.headers.get("x-fal-retryable"))
        if ended is None:
            raise self._rest.refusal(answer)
        return ended

    async def cancel(self, handle: Handle) -> None:
        """Taken off the queue at once; once it runs, the model is told and decides: its end is waited for."""
        answer = await self._rest.answer("PUT", f"/{handle.provider_job_id}/cancel")
        if answer.status_code == 404:
            return
        try:
            await self.confirmed_over(handle)
        except CannotStop as error:
            raise OutcomeUnknown("fal was asked to stop and goes on for now") from error
