"""The sandbox: every model of the catalog runs from a job to its stored files, each on its own provider's wire."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.providers.configured import REMOTE
from adapters.simulators.media import Kind, sample
from events.ids import new_id
from tests.sandbox import AT_ONCE, CREDITS, WITHIN_S, Sandbox, ended, fresh, rich_client, works_again
from tests.serving import served
from tests.typing_line import studio, studio_json

pytestmark = pytest.mark.servers


async def uploads(client: httpx.AsyncClient) -> dict[str, str]:
    """A file of each medium that models take; all of them can be read once this returns."""
    key = {"Idempotency-Key": new_id("req")}
    session = (await client.post("/v1/sessions", json={}, headers=key)).json()["session_id"]
    found: dict[str, str] = {}
    kinds: tuple[Kind, ...] = ("image", "video", "audio")
    for kind in kinds:
        made = sample(kind)
        file = {"file": (f"one.{made.extension}", made.body, made.media_type)}
        headers = {"Idempotency-Key": new_id("req")}
        answer = await client.post(f"/v1/sessions/{session}/uploads", files=file, headers=headers)
        uploaded = answer.raise_for_status().json()
        found[kind] = uploaded["upload_id"]
        (await client.get(f"/v1/sessions/{session}", params={"after": uploaded["position"]})).raise_for_status()
    return found


def example(schema: Mapping[str, Any], files: Mapping[str, str], words: str) -> Any:
    """A value that fits a schema, as the catalog's schemas are written."""
    if (medium := schema.get("x-media")) is not None:
        return [files[medium]] if schema.get("type") == "array" else files[medium]
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "string":
            return words
        case "object":
            return filled(schema, files, words)
    return schema.get("minimum", 1)


def filled(schema: Mapping[str, Any], files: Mapping[str, str], words: str) -> dict[str, Any]:
    """What is required, and every file."""
    required, members = schema.get("required", ()), schema.get("properties", {})
    wanted = {name: one for name, one in members.items() if name in required or "x-media" in one}
    return {name: example(one, files, words) for name, one in wanted.items()}


async def test_every_model_of_every_provider_makes_what_it_says(sandbox: Sandbox) -> None:
    async with rich_client(sandbox) as client:
        listed = (await client.get("/v1/models?limit=200")).json()["items"]
        remote = [model for model in listed if model["provider"] in REMOTE]
        assert set(Counter(model["provider"] for model in remote)) == set(REMOTE)
        files, gate = await uploads(client), asyncio.Semaphore(AT_ONCE)

        async def run(model: dict[str, Any]) -> tuple[str, str, bool]:
            async with gate:
                schema = (await client.get(f"/v1/models/{model['id']}")).json()["input_schema"]
                job = await ended(client, model["id"], filled(schema, files, "a fox in the snow"))
            media = {one["media_type"].partition("/")[0].replace("model", "3d") for one in job.get("outputs", ())}
            return model["id"], job["status"], media == set(model["media_out"])

        results = await asyncio.gather(*(run(model) for model in remote))
    assert [one for one in results if one[1:] != ("succeeded", True)] == []
    assert len(results) + 13 >= 81


async def test_a_model_moves_to_another_provider_by_one_field(sandbox: Sandbox) -> None:
    """What was accepted before stays where it was priced and accepted for, under its name there."""
    admin = {"Authorization": f"Bearer {sandbox.admin_key}"}

    async def put(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
        (await client.put(f"/v1/admin/{path}", json=body, headers=admin)).raise_for_status()

    async def begun(client: httpx.AsyncClient, files: Mapping[str, str]) -> str:
        body = {"model": "sync/lipsync-2", "input": {"video": files["video"], "audio": files["audio"]}}
        answer = await client.post("/v1/jobs", json=body, headers=fresh())
        return str(answer.raise_for_status().json()["job_id"])

    async def done_at(client: httpx.AsyncClient, job_id: str) -> tuple[str, list[str]]:
        job = (await client.get(f"/v1/jobs/{job_id}?wait={WITHIN_S}")).json()
        return job["status"], [one["provider"] for one in job["attempts"]]

    async with rich_client(sandbox) as client:
        files = await uploads(client)
        await put(client, "providers/sync", {"concurrent": 0})
        before = await begun(client, files)
        await put(client, "models/sync/lipsync-2", {"provider": "replicate"})
        try:
            assert await done_at(client, await begun(client, files)) == ("succeeded", ["replicate"])
            await put(client, "providers/sync", {"concurrent": 8})
            assert await done_at(client, before) == ("succeeded", ["sync"])
        finally:
            await put(client, "models/sync/lipsync-2", {"provider": "sync"})
        assert await done_at(client, await begun(client, files)) == ("succeeded", ["sync"])


@pytest.mark.parametrize(
    ("model", "values", "status", "category"),
    [
        ("elevenlabs/sound-effects", {"text": "simulate:billing"}, "dead", "billing"),
        ("openai/gpt-image-1", {"prompt": "simulate:content_refused"}, "failed", "content_policy"),
        ("stability/core", {"prompt": "simulate:filtered"}, "failed", "content_policy"),
        ("luma/photon-1", {"prompt": "simulate:validation"}, "failed", "input_validation"),
    ],
)
async def test_a_refusal_ends_the_job_and_costs_nothing(
    sandbox: Sandbox, model: str, values: dict[str, Any], status: str, category: str
) -> None:
    async with rich_client(sandbox) as client:
        job = await ended(client, model, values)
        assert (job["status"], job["error"]["category"]) == (status, category)
        async with asyncio.timeout(WITHIN_S):
            while (credit := (await client.get("/v1/credits")).json())["reserved"]:
                continue
    assert (credit["available"], credit["spent"]) == (CREDITS, 0)


async def test_a_customer_is_told_of_the_end_again_until_it_is_taken(sandbox: Sandbox) -> None:
    """The receiver is away for the first try; it checks what it gets with its own secret, as any library would."""
    received: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
    answers = [503, 204]

    async def hooks(request: Request) -> Response:
        received.put_nowait((dict(request.headers), await request.body()))
        return Response(status_code=answers.pop(0))

    async with (
        served(Starlette(routes=[Route("/hooks", hooks, methods=["POST"])])) as url,
        rich_client(sandbox) as client,
    ):
        secret = (await client.get("/v1/webhook-secret")).json()["secret"]
        job = await ended(client, "fal/flux-schnell", {"prompt": "a fox"}, webhook_url=f"{url}/hooks")
        async with asyncio.timeout(WITHIN_S):
            first, second = await received.get(), await received.get()
            path = f"/v1/jobs/{job['job_id']}"
            while (shown := (await client.get(path)).json().get("webhook")) is None:
                continue
        told = json.loads(second[1])
        assert (told["type"], told["data"]["job_id"]) == ("job.succeeded", job["job_id"])
        picture = (await httpx.AsyncClient(trust_env=False).get(told["data"]["outputs"][0]["url"])).raise_for_status()
        assert picture.headers["content-type"] == "image/png"
    assert (shown["status"], shown["tries"]) == ("delivered", 2)
    for headers, body in (first, second):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


async def test_jobs_of_a_model_that_fails_again_and_again_wait_and_are_told_why(sandbox: Sandbox) -> None:
    body = {"model": "meshy/text-to-3d", "input": {"prompt": "a chair"}}
    async with rich_client(sandbox) as client:
        rule = {"behaviour": {"name": "outage"}, "times": 5}
        (await client.post(f"{sandbox.simulators_url}/meshy/_control/rules", json=rule)).raise_for_status()
        taken = [(await client.post("/v1/jobs", json=body, headers=fresh())).json() for _ in range(3)]
        jobs, after = [one["job_id"] for one in taken], {"after": taken[-1]["position"]}
        reasons: list[dict[str, Any]] = []
        async with asyncio.timeout(WITHIN_S):
            while not reasons:
                told = [(await client.get(f"/v1/jobs/{job}/why", params=after)).json()["reasons"] for job in jobs]
                reasons = [one for each in told for one in each if one["reason"] == "provider-in-trouble"]
        troubled = (await client.get("/v1/queue")).json()["troubled"]
        for job in jobs:
            await client.post(f"/v1/jobs/{job}/cancel", headers=fresh())
    assert (reasons[0]["provider"], reasons[0]["model"]) == ("meshy", "meshy/text-to-3d")
    assert reasons[0]["until"]
    assert reasons[0]["state"] in ("open", "half_open")
    assert ("meshy", "meshy/text-to-3d") in {(one["provider"], one["model"]) for one in troubled}


OF_TWO_MODELS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("runway/gen4.5", {"promptText": "a wave", "ratio": "1280:720", "duration": 5}),
    ("runway/gen4-image", {"promptText": "a wave", "ratio": "1024:1024"}),
)
"""So that the breaker of neither opens."""


async def two_dead(sandbox: Sandbox, client: httpx.AsyncClient) -> list[dict[str, Any]]:
    rule = {"behaviour": {"name": "outage"}, "times": 6}
    (await client.post(f"{sandbox.simulators_url}/runway/_control/rules", json=rule)).raise_for_status()
    jobs = await asyncio.gather(*(ended(client, model, values) for model, values in OF_TWO_MODELS))
    assert [job["status"] for job in jobs] == ["dead", "dead"]
    return jobs


async def test_many_dead_letters_are_run_again_in_one_request(sandbox: Sandbox) -> None:
    async with rich_client(sandbox) as client:
        dead = [job["job_id"] for job in await two_dead(sandbox, client)]
        body, headers = {"job_ids": [*dead, "job_unknown"]}, fresh()
        answer = await client.post("/v1/dlq/replay", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        told = answer.json()
        assert [item["status"] for item in told["items"]] == ["replayed", "replayed", "refused"]
        assert told["items"][2]["problem"]["type"] == "/problems/not-found"
        for item in told["items"][:2]:
            job = (await client.get(f"/v1/jobs/{item['replayed_as']}?wait={WITHIN_S}")).json()
            assert (job["status"], job["replay_of"], job["reserved"]) == ("succeeded", item["job_id"], item["reserved"])
        left = (await client.get("/v1/dlq", params={"after": told["position"]})).json()
        assert left["items"] == []
        repeated = (await client.post("/v1/dlq/replay", json=body, headers=headers)).json()
        same = [(item["status"], item.get("replayed_as")) for item in told["items"]]
        assert [(item["status"], item.get("replayed_as")) for item in repeated["items"]] == same


async def test_a_dead_letter_is_looked_at_run_again_and_another_set_aside(sandbox: Sandbox) -> None:
    async with rich_client(sandbox) as client:
        one, other = await two_dead(sandbox, client)
        key = client.headers["Authorization"].removeprefix("Bearer ")

        def dlq(*words: str) -> dict[str, Any]:
            return studio_json(sandbox, "dlq", *words, "--key", key)

        listed = await asyncio.to_thread(dlq, "list")
        assert {job["job_id"] for job in listed["items"]} == {one["job_id"], other["job_id"]}
        shown = await asyncio.to_thread(studio, sandbox, "dlq", "show", one["job_id"], "--key", key)
        assert shown.stdout.count("outage") == 3
        [again] = (await asyncio.to_thread(dlq, "replay", one["job_id"]))["items"]
        [repeated] = (await asyncio.to_thread(dlq, "replay", one["job_id"]))["items"]
        assert repeated["as"] == again["as"]
        job = (await client.get(f"/v1/jobs/{again['as']}?wait={WITHIN_S}")).json()
        assert (job["status"], job["replay_of"]) == ("succeeded", one["job_id"])
        assert (await asyncio.to_thread(dlq, "discard", "--all"))["items"] == [{"job_id": other["job_id"], "as": None}]
        async with asyncio.timeout(WITHIN_S):
            while (await client.get("/v1/dlq")).json()["items"]:
                continue
        assert (await asyncio.to_thread(dlq, "list"))["items"] == []
        await works_again(client, *OF_TWO_MODELS[1])
