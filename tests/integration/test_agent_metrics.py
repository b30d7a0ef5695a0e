"""What the agents' calls and plans come to, variant by variant: counted from the log through the real read models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.canvas.commands import ApprovePlan, CancelRun, RejectPlan
from events.log.position import encode
from tests.canvas_play import player
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


async def session(core: Core, org: Org, variant: str, approval: str, ms: int) -> str:
    """A message, its plan by the planner, a failed call of the validator, and two revisions. The last position."""
    async with core.client(org.member) as client:
        made = await post(client, "/v1/sessions")
        path = f"/v1/sessions/{made['session_id']}/messages"
        said = await post(client, path, {"text": "a fox", "approval": approval})
    async with player(core, org.org_id, made["session_id"]) as agents:
        cause = said["message_id"]
        first = await agents.call(cause, variant=variant, ms=ms, cost=7, fallback="secondary")
        await agents.call(cause, agent="validator", error="timeout", tokens_in=0, tokens_out=0)
        await agents.call(cause, agent="edit_planner")
        last = await agents.call(cause, agent="edit_planner")
        plan = await agents.draft(said["message_id"], made_from=last, first=first)
        # A person turns down what waits for a yes, and stops what runs by itself.
        end = RejectPlan if approval == "assist" else CancelRun
        return encode((await agents.send(end(**agents.of(plan_id=plan)))).position)


async def measured(core: Core, key: str, **params: str) -> dict[str, Any]:
    async with core.client(key) as client:
        answer = await client.get("/v1/agents/metrics", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def test_calls_and_plans_are_counted_for_each_variant(core: Core) -> None:
    org, other = await core.new_org(), await core.new_org()
    for variant, approval, ms in (("default", "auto", 100), ("default", "assist", 300), ("brief", "auto", 5)):
        after = await session(core, org, variant, approval, ms)
        planner = await measured(core, org.admin, agent="planner", after=after)
    items = {item["variant"]: item for item in planner["items"]}
    default = items["default"]
    assert (default["calls"], default["messages"], default["tokens_in"], default["tokens_out"]) == (2, 2, 20, 40)
    assert (default["p50_ms"], default["p95_ms"], default["fallbacks"]) == (100, 300, 2)
    assert (default["plans"], default["accepted"], default["auto"], default["rejected"]) == (2, 0, 1, 1)
    assert (default["acceptance_rate"], default["revise_rounds"], default["error_rate"]) == (0.0, 2.0, 0.0)
    assert (default["owner"], default["cost"]) == ("platform", 14)
    assert (items["brief"]["calls"], items["brief"]["auto"], items["brief"]["revise_rounds"]) == (1, 1, 2.0)
    assert "acceptance_rate" not in items["brief"]
    assert {line["verdict"] for line in planner["comparisons"]} == {"too few to tell"}
    everything = await measured(core, org.admin, by="version")
    validator = next(item for item in everything["items"] if item["agent"] == "validator")
    assert (validator["errors"], validator["error_rate"], validator["version"]) == (3, 1.0, 1)
    assert "p50_ms" not in validator
    editor = next(item for item in everything["items"] if item["agent"] == "edit_planner")
    assert (editor["calls"], editor["plans"]) == (6, 0)
    assert not {"revise_rounds", "acceptance_rate"} & set(editor)
    assert (await measured(core, other.admin))["items"] == []
    past = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    assert (await measured(core, org.admin, to=past))["items"] == []
    of_all = {item["variant"]: item for item in (await measured(core, core.admin_key, agent="planner"))["items"]}
    assert of_all["default"]["calls"] >= 2


async def test_what_waits_for_a_yes_or_no_is_not_yet_turned_down(core: Core) -> None:
    org = await core.new_org()
    async with core.client(org.member) as client:
        made = await post(client, "/v1/sessions")
        path = f"/v1/sessions/{made['session_id']}/messages"
        async with player(core, org.org_id, made["session_id"]) as agents:
            for text in ("a fox", "a house"):
                said = await post(client, path, {"text": text, "approval": "assist"})
                call = await agents.call(said["message_id"])
                plan = await agents.draft(said["message_id"], made_from=call)
            approved = await agents.send(ApprovePlan(**agents.of(plan_id=plan)))
    planner = await measured(core, org.admin, agent="planner", after=encode(approved.position))
    [item] = planner["items"]
    assert (item["plans"], item["accepted"], item["waiting"], item["rejected"]) == (2, 1, 1, 0)
    assert item["acceptance_rate"] == 1.0


async def test_only_admins_may_know(core: Core) -> None:
    org = await core.new_org()
    for key, status in ((org.member, 403), (org.auditor, 403), (org.admin, 200)):
        async with core.client(key) as client:
            assert (await client.get("/v1/agents/metrics")).status_code == status
    async with core.client(org.admin) as client:
        for params in ({"agent": "x y"}, {"from": "yesterday"}, {"from": "2020-01-01T00:00:00Z"}, {"by": "day"}):
            assert (await client.get("/v1/agents/metrics", params=params)).status_code == 422, params
