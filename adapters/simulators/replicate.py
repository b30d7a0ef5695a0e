"""Replicate's wire, simulated: predictions whose state follows from the clock alone, and signed webhooks.

Behaviours: `ok`, `slow=<seconds>`, `never` · refused on create: `billing`, `rate_limit`, `low_credit`, `validation`,
`outage`, `unauthorized`, those of `PROXIES` · cut: `lost` (accepted, and no answer), `garbled` (accepted, no JSON) ·
ended badly: `content_policy`, `model_error`, `passing_error`, `aborted`, `deadline` · odd: `drift` (an unknown
status), `no_output`, `expired` (its file is gone), `forgotten` (never heard of again), `list`, `object` · webhooks:
`webhook_twice`, `webhook_late`, `webhook_early`, `webhook_unordered`, `webhook_forged`, `webhook_stale`.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import PROXIES, CutConnection, Refusal, garbled
from adapters.simulators.behaviour import Behaviour, Control
from adapters.simulators.media import kind_of_name, sample
from adapters.simulators.replicate_state import Prediction, body_of
from adapters.simulators.tasks import FORGOTTEN, add_control, base_url_of
from adapters.simulators.webhooks import Webhooks, add_webhooks, stamp
from commands.signing import webhook_signature

PREDICTIONS_MAX: Final = 20_000
SECRET_BYTES: Final = 24
FILE_PATH: Final = "/files/{prediction_id}/{name}"


def _problem(status: int, title: str, detail: str, **members: Any) -> dict[str, Any]:
    return {"title": title, "detail": detail, "status": status, **members}


THROTTLED: Final = "Request was throttled. Your rate limit resets in ~1s."
NO_CREDIT: Final = "You have insufficient credit to run this model. Go to billing to purchase credit."
BAD_RATIO: Final = {"type": "enum", "field": "input.aspect_ratio", "description": "must be one of 1:1, 16:9"}
REFUSALS: Final[dict[str, Refusal]] = {
    "billing": Refusal(402, _problem(402, "Insufficient credit", NO_CREDIT), {}),
    "rate_limit": Refusal(429, {"detail": THROTTLED}, {"retry-after": "1"}),
    "low_credit": Refusal(429, {"detail": THROTTLED, "status": 429, "retry_after": 5}, {}),
    "validation": Refusal(
        422, _problem(422, "Input validation failed", "- input.aspect_ratio: …", invalid_fields=[BAD_RATIO]), {}
    ),
    "outage": Refusal(503, {"detail": "Service unavailable"}, {}),
    "unauthorized": Refusal(401, {"title": "Unauthenticated", "detail": "Invalid token."}, {}),
    **PROXIES,
}


class Simulator:
    """All predictions of one simulated account."""

    def __init__(self) -> None:
        self.control = Control()
        self.secret = secrets.token_bytes(SECRET_BYTES)
        self.webhooks = Webhooks()
        self._predictions: OrderedDict[str, Prediction] = OrderedDict()

    def get(self, prediction_id: str) -> Prediction | None:
        found = self._predictions.get(prediction_id)
        return None if found is None or found.behaviour.name == FORGOTTEN else found

    def all(self) -> tuple[Prediction, ...]:
        return tuple(self._predictions.values())

    def create(self, model: str, body: dict[str, Any], behaviour: Behaviour, base_url: str) -> Prediction:
        prediction = Prediction(
            id=secrets.token_hex(13),
            model=model,
            input=body.get("input", {}),
            behaviour=behaviour,
            created_at=time.time(),
            base_url=base_url,
            webhook=body.get("webhook"),
        )
        self._predictions[prediction.id] = prediction
        while len(self._predictions) > PREDICTIONS_MAX:
            self._predictions.popitem(last=False)
        self.control.accept(prediction, prediction.input)
        return prediction

    async def announce(self, prediction: Prediction) -> None:
        if prediction.webhook is not None:
            await self.webhooks.announce(prediction.webhook, prediction, lambda now: self._message(prediction, now))

    def _message(self, prediction: Prediction, now: float) -> tuple[bytes, dict[str, str]]:
        """Signed with a retired secret and with the present one, as in the time after a rotation."""
        body = orjson.dumps(body_of(self._predictions.get(prediction.id, prediction), now))
        moment, webhook_id = stamp(prediction.behaviour, now), f"msg_{secrets.token_hex(8)}"
        key = b"somebody else's" if prediction.behaviour.name == "webhook_forged" else self.secret
        signatures = [f"v1,{webhook_signature(one, webhook_id, moment, body)}" for one in (b"retired", key)]
        headers = {"webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": " ".join(signatures)}
        return body, headers

    def cancel(self, prediction: Prediction) -> Prediction:
        """What has ended stays as it is."""
        if prediction.state(time.time()).ended:
            return prediction
        stopped = replace(prediction, cancelled_at=(now := time.time()))
        self._predictions[prediction.id] = stopped
        self.control.stopped(prediction.id, now)
        return stopped


def replicate() -> FastAPI:
    """The simulator as an app; its paths are those under `https://api.replicate.com/v1`."""
    simulator = Simulator()

    app = FastAPI(title="Replicate, simulated", docs_url=None, redoc_url=None)
    app.state.simulator = simulator
    add_webhooks(app, simulator.webhooks)
    _predictions(app, simulator)
    add_control(app, simulator.control)
    return app


def _predictions(app: FastAPI, simulator: Simulator) -> None:
    @app.post("/predictions")
    async def create_version(request: Request) -> Response:
        return await _create(simulator, request, None)

    @app.post("/models/{owner}/{name}/predictions")
    async def create_official(request: Request, owner: str, name: str) -> Response:
        return await _create(simulator, request, f"{owner}/{name}")

    @app.get("/predictions/{prediction_id}")
    async def get(prediction_id: str) -> Response:
        return _answer(simulator.get(prediction_id))

    @app.post("/predictions/{prediction_id}/cancel")
    async def cancel(prediction_id: str) -> Response:
        found = simulator.get(prediction_id)
        return _answer(simulator.cancel(found) if found is not None else None)

    @app.get(FILE_PATH)
    async def file(prediction_id: str, name: str) -> Response:
        found = simulator.get(prediction_id)
        kind = kind_of_name(name)
        if found is None or kind is None or found.behaviour.name == "expired":
            return JSONResponse({"detail": "not found"}, 404)
        made = sample(kind)
        return Response(made.body, media_type=made.media_type)

    @app.get("/webhooks/default/secret")
    async def secret() -> dict[str, str]:
        return {"key": f"whsec_{b64encode(simulator.secret).decode()}"}


async def _create(simulator: Simulator, request: Request, model: str | None) -> Response:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        return JSONResponse({"title": "Unauthenticated", "detail": "You did not pass a token."}, 401)
    body = orjson.loads(await request.body())
    named = body.get("version") if model is None else model
    if not isinstance(body.get("input"), dict) or not named or (model is not None and "version" in body):
        return JSONResponse(_problem(422, "Input validation failed", "- version or input does not belong here"), 422)
    behaviour = simulator.control.behaviour(request.headers, body["input"])
    refusal = REFUSALS.get(behaviour.name)
    if refusal is not None:
        return refusal.answer()
    prediction = simulator.create(str(named), body, behaviour, base_url_of(request))
    await simulator.announce(prediction)
    if behaviour.name == "lost":
        return CutConnection()
    if behaviour.name == "garbled":
        return garbled(201)
    return _answer(prediction, 201)


def _answer(prediction: Prediction | None, status: int = 200) -> Response:
    if prediction is None:
        return JSONResponse({"title": "Not found", "detail": "No such prediction.", "status": 404}, 404)
    return JSONResponse(body_of(prediction, time.time()), status)
