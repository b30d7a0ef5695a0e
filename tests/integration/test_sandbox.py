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


@pytest.mark.parametrize(
    ("model", "behaviour", "category", "same_provider"),
    [
        ("fal/flux-schnell", "content_refused", "content_policy", True),
        ("stability/core", "billing", "billing", False),
    ],
)
async def test_a_step_that_is_refused_is_done_by_another_model_and_says_so(
    sandbox: Sandbox, model: str, behaviour: str, category: str, same_provider: bool
) -> None:
    """Of a provider that nobody else asks here, where it is its account that is empty: all its calls wait then."""
    provider = model.partition("/")[0]
    async with rich_client(sandbox) as client:
        plan = await planned(client, "a picture of a red kite")
        [step] = plan["steps"]
        path = f"/v1/plans/{plan['plan_id']}"
        chosen = {"model": model, "input": {"prompt": "a red kite"}}
        edited = await client.patch(f"{path}/steps/{step['step_id']}", json=chosen, headers=fresh())
        assert edited.status_code == 200, edited.text
        rule = {"behaviour": {"name": behaviour}}
        (await client.post(f"{sandbox.simulators_url}/{provider}/_control/rules", json=rule)).raise_for_status()
        (await client.post(f"{path}/approve", headers=fresh())).raise_for_status()
        async with asyncio.timeout(WITHIN_S):
            while (after := (await client.get(path)).json())["status"] in ("awaiting_approval", "running"):
                continue
    [step] = after["steps"]
    assert (after["status"], step["status"]) == ("succeeded", "succeeded")
    fell = step["fallbacks"]
    assert (fell[0]["from_model"], fell[0]["category"]) == (model, category)
    assert fell[0]["error"]
    assert fell[-1]["to_model"] == step["model"]
    if not same_provider:
        assert not any(one["to_model"].startswith(f"{provider}/") for one in fell)


async def planned(client: httpx.AsyncClient, sentence: str) -> dict[str, Any]:
    """A plan that waits for its approval."""
    session = (await client.post("/v1/sessions", json={}, headers=fresh())).json()["session_id"]
    said = {"text": sentence, "approval": "assist"}
    (await client.post(f"/v1/sessions/{session}/messages", json=said, headers=fresh())).raise_for_status()
    async with asyncio.timeout(WITHIN_S):
        while True:
            plans = (await client.get(f"/v1/sessions/{session}")).json().get("plans")
            if plans and plans[0]["status"] == "awaiting_approval":
                found: dict[str, Any] = plans[0]
                return found


async def test_a_failed_step_is_retried_with_another_model_and_the_rest_is_kept_and_not_paid_again(
    sandbox: Sandbox,
) -> None:
    async with rich_client(sandbox) as client:
        plan = await planned(client, "a picture of a red kite, and animate it into a 5-second video")
        picture, motion = (step["step_id"] for step in plan["steps"])
        path, refusing = f"/v1/plans/{plan['plan_id']}", {"prompt": "simulate:validation"}
        await edited(client, path, picture, {"model": "fal/flux-schnell", "input": {"prompt": "a red kite"}})
        await edited(client, path, motion, {"model": "luma/ray-2", "input": refusing})
        first = await ran(client, f"{path}/approve", "partial")
        assert [step["status"] for step in first["steps"]] == ["succeeded", "failed"]
        await edited(client, path, motion, {"model": "fal/kling-v2.1-master-i2v", "input": {"prompt": "it flies"}})
        second = await ran(client, f"{path}/rerun", "succeeded", {"step_ids": [motion]})
        compared = (await client.get(f"{path}/runs/{first['run_id']}/compare/{second['run_id']}")).json()
        credit = (await client.get("/v1/credits")).json()
    kept, retried = second["steps"]
    assert kept["outputs"][0]["asset_id"] == first["steps"][0]["outputs"][0]["asset_id"]
    assert retried["model"] == "fal/kling-v2.1-master-i2v"
    of_picture, of_motion = compared["steps"]
    assert of_picture["b"]["kept_from"] == first["run_id"]
    assert {"model", "input", "status"} <= set(of_motion["differs"])
    paid = kept["cost"]["captured"] + retried["cost"]["captured"]
    assert (credit["spent"], credit["reserved"]) == (paid, 0)
    assert min(kept["cost"]["captured"], retried["cost"]["captured"]) > 0


async def test_a_finished_plan_that_is_edited_in_the_chat_reruns_only_what_changed(sandbox: Sandbox) -> None:
    async with rich_client(sandbox) as client, asyncio.timeout(WITHIN_S):
        plan = await planned(client, "a picture of a red kite, and animate it into a 5-second video")
        picture, motion = (step["step_id"] for step in plan["steps"])
        path, said = f"/v1/plans/{plan['plan_id']}", {"text": "make the video 3 seconds long", "approval": "assist"}
        await edited(client, path, picture, {"model": "fal/flux-schnell", "input": {"prompt": "a red kite"}})
        await edited(client, path, motion, {"model": "fal/kling-v2.1-master-i2v", "input": {"prompt": "it flies"}})
        first = await ran(client, f"{path}/approve", "succeeded")
        spent = (await client.get("/v1/credits")).json()["spent"]
        (
            await client.post(f"/v1/sessions/{plan['session_id']}/messages", json=said, headers=fresh())
        ).raise_for_status()
        while (waiting := (await client.get(path)).json())["status"] != "awaiting_approval":
            continue
        assert [step["status"] for step in waiting["steps"]] == ["succeeded", "planned"]
        second = await ran(client, f"{path}/approve", "succeeded")
        [again, _] = (await client.get(f"{path}/runs")).json()["items"]
        paid = (await client.get("/v1/credits")).json()["spent"] - spent
    assert (again["steps"], again["kept"]) == ([motion], {picture.rsplit(".", 1)[-1]: first["run_id"]})
    before, after = ([step["outputs"][0]["asset_id"] for step in one["steps"]] for one in (first, second))
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert paid == second["steps"][1]["cost"]["captured"] > 0


@pytest.mark.parametrize("what", ["step", "run", "session"])
async def test_a_cancel_stops_the_provider_releases_the_money_and_keeps_what_was_ready(
    sandbox: Sandbox, what: str
) -> None:
    accepted, label = f"{sandbox.simulators_url}/fal/_control/accepted", new_id("lbl")
    async with rich_client(sandbox) as client, asyncio.timeout(WITHIN_S):
        plan = await planned(client, "a picture of a red kite, and animate it into a 5-second video")
        picture, motion = (step["step_id"] for step in plan["steps"])
        path = f"/v1/plans/{plan['plan_id']}"
        hour = {"prompt": f"simulate:ok=3600 label:{label}"}
        await edited(client, path, picture, {"model": "fal/flux-schnell", "input": {"prompt": "a red kite"}})
        await edited(client, path, motion, {"model": "fal/kling-v2.1-master-i2v", "input": hour})
        (await client.post(f"{path}/approve", headers=fresh())).raise_for_status()
        while not (at_work := [one for one in (await client.get(accepted)).json() if one["label"] == label]):
            continue
        ends = {
            "step": f"{path}/steps/{motion}/cancel",
            "run": f"{path}/cancel",
            "session": f"/v1/sessions/{plan['session_id']}/cancel",
        }
        (await client.post(ends[what], headers=fresh())).raise_for_status()
        while at_work[0]["ends_at"] - at_work[0]["began_at"] > 3000:
            at_work = [one for one in (await client.get(accepted)).json() if one["label"] == label]
        while (credit := (await client.get("/v1/credits")).json())["reserved"]:
            continue
        while (after := (await client.get(path)).json())["status"] == "running":
            continue
    ready, stopped = after["steps"]
    assert (ready["status"], stopped["status"], len(at_work)) == ("succeeded", "cancelled", 1)
    assert len(ready["outputs"]) == 1
    assert credit["spent"] == ready["cost"]["captured"] > 0


async def edited(client: httpx.AsyncClient, path: str, step_id: str, changes: dict[str, Any]) -> None:
    answer = await client.patch(f"{path}/steps/{step_id}", json=changes, headers=fresh())
    assert answer.status_code == 200, answer.text


async def ran(client: httpx.AsyncClient, path: str, status: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Starts a run. Returns the plan at its end."""
    started = await client.post(path, json=body or {}, headers=fresh())
    assert started.status_code == 202, started.text
    plan, after = path.rsplit("/", 1)[0], {"after": started.json()["position"]}
    async with asyncio.timeout(WITHIN_S):
        while (found := (await client.get(plan, params=after)).json())["status"] == "running":
            continue
    assert found["status"] == status
    return dict(found)


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
