"""ElevenLabs as a provider: the answer is the sound. There is nothing to ask, to stop or to look up."""

from __future__ import annotations

from typing import Final

import httpx

from adapters.providers.at_once import AtOnce
from adapters.providers.elevenlabs.wire import WHO, pcm_rate, refused, request_of
from adapters.providers.files import as_wav
from adapters.providers.rest import Rest
from processors.dispatcher.ports import Call, Ended, Handle, InlineFile, Succeeded

BASE_URL: Final = "https://api.elevenlabs.io"


class ElevenLabs(AtOnce):
    name = "elevenlabs"

    def __init__(self, api_key: str, *, base_url: str | None = None, client: httpx.AsyncClient | None = None) -> None:
        self._rest = Rest(WHO, base_url or BASE_URL, lambda: {"xi-api-key": api_key}, refused, client)

    async def aclose(self) -> None:
        await self._rest.aclose()

    async def submit(self, call: Call) -> Handle | Ended:
        request = request_of(call)
        sound = await self._rest.file(
            request.path, timeout_s=call.max_runtime_s, json=request.body, params=request.params
        )
        rate = pcm_rate(request)
        return Succeeded((InlineFile(sound if rate is None else as_wav(sound, rate)),))
