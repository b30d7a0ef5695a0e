"""ElevenLabs, simulated: https://api.elevenlabs.io. Behaviours beside those of `tasks`: `billing`, `rate_limit`,
`slots`, `validation`, `fields` (a 422 as a list), `outage`, `unauthorized`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response

from adapters.simulators.answers import Refusal
from adapters.simulators.media import sample
from adapters.simulators.tasks import Simulator, Task, simulated


def _detail(**members: Any) -> dict[str, Any]:
    return {"detail": members}


QUOTA: Final = "This request exceeds your quota of 10. You have 0 credits remaining, while 43 are required."
REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(401, _detail(status="quota_exceeded", message=QUOTA)),
    "rate_limit": Refusal(429, _detail(code="rate_limit_exceeded", message="Slow down."), {"retry-after": "1"}),
    "slots": Refusal(429, _detail(status="too_many_concurrent_requests", message="Too many at the same time.")),
    "validation": Refusal(
        400,
        _detail(type="validation_error", code="invalid_parameters", message="not one of", param="aspect_ratio"),
    ),
    "fields": Refusal(422, {"detail": [{"loc": ["body", "text"], "msg": "field required", "type": "missing"}]}),
    "outage": Refusal(503, _detail(status="unavailable", message="Service unavailable.")),
    "unauthorized": Refusal(401, _detail(status="invalid_api_key", message="Invalid API key")),
}


def elevenlabs() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("ElevenLabs", simulator)

    async def sound(task: Task) -> Response:
        made = sample("audio")
        if str(task.values.get("output_format", "")).startswith("pcm"):
            return Response(made.body[44:], media_type="audio/pcm")
        return Response(made.body, media_type=made.media_type)

    @app.post("/v1/text-to-speech/{voice}")
    @app.post("/v1/sound-generation")
    @app.post("/v1/music")
    async def create(request: Request, output_format: str = "mp3_44100_128") -> Response:
        if "xi-api-key" not in request.headers:
            return REFUSALS["unauthorized"].answer()
        values = {**orjson.loads(await request.body()), "output_format": output_format}
        return await simulator.create(request, values, str(values.get("model_id")), "audio", sound, at_once=True)

    return app
