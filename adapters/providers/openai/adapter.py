"""OpenAI as a provider: a picture or a voice is the answer itself, a video is asked after. No call stops it."""

from __future__ import annotations

from typing import Final

from adapters.providers.asking import Asking
from adapters.providers.files import as_wav
from adapters.providers.http import json_object
from adapters.providers.openai.wire import (
    PCM_RATE,
    WHO,
    fields,
    form,
    form_files,
    kind_of,
    pictures,
    refused,
    video_update,
)
from adapters.providers.rest import named
from processors.dispatcher.ports import Call, Ended, Handle, InlineFile, RemoteFile, Succeeded, Update

BASE_URL: Final = "https://api.openai.com/v1"


class OpenAI(Asking):
    """A handle is a video's id."""

    name = "openai"
    who = WHO
    public_url = BASE_URL
    refuse = staticmethod(refused)
    wants_files = True

    def answers_at_once(self, provider_model: str) -> bool:
        return kind_of(provider_model) != "video"

    async def submit(self, call: Call) -> Handle | Ended:
        match kind_of(call.provider_model):
            case "image":
                return await self._picture(call)
            case "speech":
                return await self._speech(call)
            case "video":
                files = form_files(call)
                content = {"data": form(call), "files": files} if files else {"json": fields(call)}
                return Handle(named(await self._rest.create("/videos", **content), "id", WHO))

    async def _picture(self, call: Call) -> Ended:
        files = form_files(call)
        path = "/images/edits" if files else "/images/generations"
        content = {"data": form(call), "files": files} if files else {"json": fields(call)}
        answer = await self._rest.send("POST", path, creating=True, timeout_s=call.max_runtime_s, **content)
        return pictures(json_object(answer, WHO))

    async def _speech(self, call: Call) -> Ended:
        sound = await self._rest.file("/audio/speech", timeout_s=call.max_runtime_s, json=fields(call))
        bare = call.input.get("response_format") == "pcm"
        return Succeeded((InlineFile(as_wav(sound, PCM_RATE) if bare else sound),))

    async def ask(self, handle: Handle) -> Update:
        path = f"/videos/{handle.provider_job_id}"
        content = RemoteFile(f"{self._rest.base_url}{path}/content", self._rest.key())
        return video_update(await self._rest.ask(path), content)
