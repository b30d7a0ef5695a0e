"""Replicate as a provider. Its create is not idempotent and cannot be looked up: a lost answer stays unknown."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import httpx

from adapters.providers.http import body_of, http_client, json_object, retry_after, translated
from adapters.providers.polling import Pace, polled
from adapters.providers.replicate.wire import create_body, create_path, ended_of, refused, update_of
from processors.dispatcher.errors import ContractDrift, OutcomeUnknown
from processors.dispatcher.ports import Call, Ended, Handle, Reconciled, Unknowable, Update

WHO: Final = "Replicate"
BASE_URL: Final = "https://api.replicate.com/v1"
REFUSALS: Final = 400


class Replicate:
    """Creates, asks until the end, cancels."""

    name = "replicate"
    create_is_idempotent = False
    synchronous = False

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        pace: Pace | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._client = client or http_client()
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def aclose(self) -> None:
        await self._client.aclose()

    async def submit(self, call: Call) -> Handle | Ended:
        """The deadline goes with it, so that what nobody watches any more stops by itself."""
        headers = {**self._headers, "Cancel-After": f"{max(call.max_runtime_s, 5)}s"}
        with translated(WHO):
            answer = await self._client.post(
                f"{self._base_url}{create_path(call.provider_model)}", json=create_body(call), headers=headers
            )
        if answer.status_code >= REFUSALS:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers), creating=True)
        prediction = _created(answer)
        ended = ended_of(prediction)
        return ended if ended is not None else Handle(str(prediction["id"]))

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        async with aclosing(polled(lambda: self._ask(handle), self._pace)) as answers:
            async for update in answers:
                yield update

    async def reconcile(self, call: Call) -> Reconciled:  # noqa: ARG002 - the port has it
        """Replicate takes no name from its client: only a webhook can still tell."""
        return Unknowable()

    async def cancel(self, handle: Handle) -> None:
        with translated(WHO):
            answer = await self._client.post(
                f"{self._base_url}/predictions/{handle.provider_job_id}/cancel", headers=self._headers
            )
        if answer.status_code >= REFUSALS and answer.status_code != 404:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers))

    async def _ask(self, handle: Handle) -> Update:
        with translated(WHO):
            answer = await self._client.get(
                f"{self._base_url}/predictions/{handle.provider_job_id}", headers=self._headers
            )
        if answer.status_code >= REFUSALS:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers))
        return update_of(json_object(answer, WHO))


def _created(answer: httpx.Response) -> dict[str, object]:
    """A create that was taken and whose answer cannot be read is an attempt that may be running."""
    try:
        prediction = json_object(answer, WHO)
    except ContractDrift as error:
        raise OutcomeUnknown(error.detail) from error
    if not prediction.get("id"):
        raise OutcomeUnknown("Replicate took the call and named no prediction")
    return prediction
