"""The sandbox: what becomes of a plan's steps that are refused, fail or are cancelled, and what is kept and paid."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from events.ids import new_id
from tests.sandbox import WITHIN_S, Sandbox, fresh, rich_client

pytestmark = pytest.mark.servers


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
