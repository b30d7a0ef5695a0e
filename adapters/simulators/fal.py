"""fal's queue, simulated: https://queue.fal.run. Behaviours beside those of `tasks`: `billing`, `rate_limit`, `slots`,
`validation`, `content_refused`, `outage`, `unauthorized` on create; `platform_error` (COMPLETED with an error type),
`transient` (a model error that says it is worth a try); webhooks: `webhook_twice|late|early|forged|stale`."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.providers.fal.webhook import signed_text
from adapters.simulators.answers import Refusal
from adapters.simulators.behaviour import Behaviour
from adapters.simulators.kinds import kind_of
from adapters.simulators.media import Kind, sample
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, base_url_of, simulated
from adapters.simulators.webhooks import Webhooks, add_webhooks, stamp


def _model_error(kind: str, words: str, field: str = "prompt") -> dict[str, Any]:
    return {"detail": [{"loc": ["body", field], "msg": words, "type": kind, "input": "…"}]}


REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(
        403, {"detail": "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."}
    ),
    "rate_limit": Refusal(429, {"detail": "Too many requests."}, {"retry-after": "1"}),
    "slots": Refusal(429, {"detail": "Reached the concurrent requests limit."}),
    "validation": Refusal(422, _model_error("enum", "must be one of 1:1, 16:9", "aspect_ratio")),
    "content_refused": Refusal(422, _model_error("content_policy_violation", MODERATED)),
    "outage": Refusal(503, {"detail": "Service unavailable"}),
    "unauthorized": Refusal(401, {"detail": "Invalid key."}),
}
FAILURES: Final[Mapping[str, tuple[int, dict[str, Any], str]]] = {
    "content_policy": (422, _model_error("content_policy_violation", MODERATED), "false"),
    "model_error": (400, _model_error("value_error", WENT_WRONG), "false"),
    "transient": (500, _model_error("internal_server_error", "try again"), "true"),
}


class Signer:
    """The key of a simulated fal's webhooks."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def jwks(self) -> dict[str, Any]:
        public = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).decode().rstrip("=")
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": public}]}

    def headers(self, behaviour: Behaviour, request_id: str, body: bytes, now: float) -> dict[str, str]:
        key = Ed25519PrivateKey.generate() if behaviour.name == "webhook_forged" else self._key
        user, moment = token_hex(6), stamp(behaviour, now)
        signature = key.sign(signed_text(request_id, user, moment, body)).hex()
        values = {"Request-Id": request_id, "User-Id": user, "Timestamp": moment, "Signature": signature}
        return {f"X-Fal-Webhook-{name}": value for name, value in values.items()}


def fal() -> FastAPI:
    simulator, webhooks, signer = Simulator(REFUSALS), Webhooks(start=False), Signer()
    app = simulated("fal", simulator)
    add_webhooks(app, webhooks)

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        return signer.jwks

    @app.get("/{owner}/{name}/requests/{request_id}/status")
    async def status(request_id: str) -> Response:
        task = simulator.get(request_id)
        return JSONResponse(_status(task, time.time())) if task else _missing()

    @app.put("/{owner}/{name}/requests/{request_id}/cancel")
    async def cancel(request_id: str) -> Response:
        task = simulator.get(request_id)
        if task is None:
            return JSONResponse({"status": "NOT_FOUND"}, 404)
        if _over(task):
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        simulator.cancel(task, time.time())
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    @app.get("/{owner}/{name}/requests/{request_id}")
    async def result(request_id: str) -> Response:
        task = simulator.get(request_id)
        return _result(task) if task else _missing()

    @app.post("/{owner}/{name:path}")
    async def create(request: Request, owner: str, name: str, fal_webhook: str | None = None) -> Response:
        if not request.headers.get("authorization", "").startswith("Key "):
            return REFUSALS["unauthorized"].answer()
        base_url, app_name = base_url_of(request), f"{owner}/{name.split('/')[0]}"

        async def taken(task: Task) -> None:
            if fal_webhook is not None:
                await webhooks.announce(fal_webhook, task, lambda now: _message(task, signer, now))

        async def answer(task: Task) -> Response:
            place = f"{base_url}/{app_name}/requests/{task.id}"
            urls = {"response_url": place, "status_url": f"{place}/status", "cancel_url": f"{place}/cancel"}
            return JSONResponse({"request_id": task.id, **urls})

        values, model = orjson.loads(await request.body()), f"{owner}/{name}"
        return await simulator.create(request, values, model, kind_of(model), answer, taken=taken, token=fal_webhook)

    return app


def _over(task: Task) -> bool:
    return task.phase(time.time()) not in ("queued", "running")


def _status(task: Task, now: float) -> dict[str, Any]:
    phase = task.phase(now)
    if phase == "drift":
        return {"status": "PAUSED"}
    if phase == "queued":
        return {"status": "IN_QUEUE", "queue_position": 0}
    if phase == "running":
        return {"status": "IN_PROGRESS", "logs": [{"message": f"{round(task.fraction(now) * 100):>3}%|###| simulated"}]}
    told: dict[str, Any] = {"status": "COMPLETED", "logs": [], "metrics": {"inference_time": task.behaviour.seconds}}
    if phase == "cancelled":
        return told | {"error": "The request was cancelled.", "error_type": "client_cancelled"}
    if task.behaviour.name == "platform_error":
        return told | {"error": "The runner went away.", "error_type": "runner_disconnected"}
    return told


def _result(task: Task) -> Response:
    if (failure := FAILURES.get(task.behaviour.name)) is not None:
        status, body, retryable = failure
        return JSONResponse(body, status, headers={"X-Fal-Retryable": retryable})
    return JSONResponse(_output(task))


def _output(task: Task) -> dict[str, Any]:
    """A person's words come back beside the file, also where they look like an address."""
    if task.file_url is None:
        return {"seed": 1}
    made = sample(task.kind)
    file = {"url": task.file_url, "content_type": made.media_type, "file_size": len(made.body)}
    names: Mapping[Kind, str] = {"image": "images", "video": "video", "audio": "audio", "3d": "model_mesh"}
    name = names.get(task.kind, "output")
    return {name: [file] if task.kind == "image" else file, "seed": 1, "prompt": task.values.get("prompt")}


def _message(task: Task, signer: Signer, now: float) -> tuple[bytes, dict[str, str]]:
    failure = FAILURES.get(task.behaviour.name)
    told: dict[str, Any] = {"request_id": task.id, "gateway_request_id": task.id}
    if failure is None:
        told |= {"status": "OK", "payload": _output(task), "error": None}
    else:
        told |= {"status": "ERROR", "payload": failure[1], "error": "the request failed"}
    body = orjson.dumps(told)
    return body, signer.headers(task.behaviour, task.id, body, now)


def _missing() -> Response:
    return JSONResponse({"detail": "Request not found"}, 404)
