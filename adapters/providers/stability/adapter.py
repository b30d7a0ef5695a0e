"""Stability AI as a provider. Nothing stops a call but its connection, and no webhook tells of one."""

from __future__ import annotations

from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.http import RESULT_MAX_BYTES, json_object
from adapters.providers.rest import named
from adapters.providers.stability.wire import LATER, WHO, accepts, ended, form_of, path_of, refused
from processors.dispatcher.ports import Call, Ended, Handle, Progressed, Update

BASE_URL: Final = "https://api.stability.ai/v2beta"
ACCEPTED: Final = 202


class Stability(Asking):
    """A handle is the id of a result that is asked for."""

    name = "stability"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)
    wants_files = True

    def answers_at_once(self, provider_model: str) -> bool:
        return provider_model not in LATER

    async def submit(self, call: Call) -> Handle | Ended:
        path, parts = path_of(call.provider_model), form_of(call)
        if call.provider_model in LATER:
            return Handle(named(await self._rest.create(path, files=parts), "id", WHO))
        answer = await self._rest.send(
            "POST",
            path,
            creating=True,
            timeout_s=call.max_runtime_s,
            files=parts,
            headers={"Accept": accepts(call.provider_model)},
        )
        return ended(answer.headers, answer.content)

    async def ask(self, handle: Handle) -> Update:
        """202 while it is being made, then the picture itself."""
        answer = await self._rest.send(
            "GET",
            f"/results/{handle.provider_job_id}",
            bytes_max=RESULT_MAX_BYTES,
            headers={"Accept": "image/*"},
        )
        if answer.status_code == ACCEPTED:
            json_object(answer, WHO)
            return Progressed()
        return ended(answer.headers, answer.content)
