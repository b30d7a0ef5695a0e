"""Kling as a provider. It keeps the name that we give a task: a lost answer is looked up, never sent again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import httpx

from adapters.providers.asking import Asking
from adapters.providers.kling.wire import WHO, body_of, data_of, refused, route_and_model, token, update_of
from adapters.providers.rest import named
from processors.dispatcher.errors import NotThere
from processors.dispatcher.ports import Call, Ended, Handle, NeverArrived, Reconciled, Update

BASE_URL: Final = "https://api-singapore.klingai.com"


class Kling(Asking):
    """A handle is a task's id behind its route."""

    name = "kling"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)

    def headers(self, api_key: str) -> Mapping[str, str]:
        """`api_key` is `access:secret`."""
        return {"Authorization": f"Bearer {token(api_key, time.time())}"}

    async def submit(self, call: Call) -> Handle | Ended:
        route, model = route_and_model(call.provider_model)
        told = call.webhook_url and str(httpx.URL(call.webhook_url).copy_merge_params({"at": route}))
        answer = await self._rest.create(f"/v1/{route}", json=body_of(call, model, told))
        created = data_of(answer, creating=True)
        return Handle(f"{route}/{named(created, 'task_id', WHO)}")

    async def ask(self, handle: Handle) -> Update:
        return update_of(data_of(await self._rest.ask(f"/v1/{handle.provider_job_id}")))

    async def reconcile(self, call: Call) -> Reconciled:
        """By our own name of the task."""
        route, _ = route_and_model(call.provider_model)
        try:
            task = data_of(await self._rest.ask(f"/v1/{route}/{call.token}"))
        except NotThere:
            return NeverArrived()
        return Handle(f"{route}/{named(task, 'task_id', WHO)}")
