"""A run that nothing pays is refused over HTTP, with nothing begun and nothing reserved; on the real core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.canvas_play import Player, player
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]
PRICE = 100
"""Of each step that the player drafts."""


@dataclass
class Poor:
    """A person of an organisation that has nothing, with a session."""

    core: Core
    org: Org
    client: httpx.AsyncClient
    play: Player

    async def plan(self) -> str:
        said = await post(self.client, f"/v1/sessions/{self.play.session_id}/messages", {"text": "Two echoes"})
        return await self.play.draft(said["message_id"])

    async def get(self, path: str, **query: str) -> Any:
        answer = await self.client.get(f"/v1{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()

    async def grant(self, amount: int) -> str:
        async with self.core.client(self.core.admin_key) as admin:
            body = {"amount": amount, "kind": "grant"}
            return str((await post(admin, f"/v1/admin/orgs/{self.org.org_id}/credits", body))["position"])


@pytest.fixture
async def poor(core: Core) -> AsyncIterator[Poor]:
    org = await core.new_org(0)
    async with core.client(org.member) as client:
        session = (await post(client, "/v1/sessions"))["session_id"]
        async with player(core, org.org_id, session) as play:
            yield Poor(core, org, client, play)


def refused(answer: httpx.Response) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["type"]) == (402, "/problems/insufficient-credit"), answer.text
    return {name: answer.json()[name] for name in ("asked", "available")}


async def test_without_credits_a_plan_waits_on_and_runs_once_there_are_some(poor: Poor) -> None:
    plan_id = await poor.plan()
    await poor.get(f"/plans/{plan_id}", after=poor.play.position)
    key = {"idempotency-key": "one"}
    no = await poor.client.post(f"/v1/plans/{plan_id}/approve", headers=key)
    assert refused(no) == {"asked": PRICE, "available": 0}
    plan = await poor.get(f"/plans/{plan_id}")
    assert (plan["status"], plan["cost"]["reserved"], "run_id" in plan) == ("awaiting_approval", 0, False)
    assert (await poor.get("/credits/ledger"))["items"] == []
    await poor.grant(2 * PRICE)
    yes = await poor.client.post(f"/v1/plans/{plan_id}/approve", headers=key)
    assert yes.status_code == 202, yes.text
    again = await poor.client.post(f"/v1/plans/{plan_id}/approve", headers=key)
    assert (again.status_code, again.json()["existing_id"]) == (409, yes.json()["run_id"])


async def test_credits_that_have_just_come_are_seen(poor: Poor) -> None:
    """Without a position: the one who approves need not be the one who granted."""
    spent = 0
    for _ in range(10):
        plan_id = await poor.plan()
        await poor.get(f"/plans/{plan_id}", after=poor.play.position)
        refused(await poor.client.post(f"/v1/plans/{plan_id}/approve"))
        await poor.grant(PRICE)
        approved = await poor.client.post(f"/v1/plans/{plan_id}/approve")
        assert approved.status_code == 202, approved.text
        run_id = approved.json()["run_id"]
        await poor.play.submit(plan_id, run_id, "s1", f"job_{run_id[4:].replace('.', '')}", '{"prompt": "hello"}')
        spent += PRICE
        left = await poor.get("/credits", after=poor.play.position)
        assert (left["available"], left["reserved"]) == (0, spent)


async def test_a_rerun_is_refused_likewise_and_the_run_before_stays(poor: Poor) -> None:
    await poor.grant(PRICE)
    plan_id = await poor.plan()
    await poor.get(f"/plans/{plan_id}", after=poor.play.position)
    run_id = (await post(poor.client, f"/v1/plans/{plan_id}/approve"))["run_id"]
    stopped = await post(poor.client, f"/v1/plans/{plan_id}/cancel")
    async with poor.core.client(poor.core.admin_key) as admin:
        body = {"amount": -PRICE, "kind": "adjust"}
        gone = await post(admin, f"/v1/admin/orgs/{poor.org.org_id}/credits", body)
    await poor.get("/credits", after=gone["position"])
    refused(await poor.client.post(f"/v1/plans/{plan_id}/rerun"))
    plan = await poor.get(f"/plans/{plan_id}", after=stopped["position"])
    assert (plan["status"], plan["run_id"]) == ("cancelled", run_id)


async def test_it_is_the_projects_allocation_that_counts(poor: Poor) -> None:
    await poor.grant(10 * PRICE)
    async with poor.core.client(poor.org.admin) as client:
        project = (await post(client, "/v1/projects", {"name": "Shoes"}))["project_id"]
        session = (await post(client, "/v1/sessions", {"project_id": project}))["session_id"]
        async with poor.core.client(poor.core.admin_key) as admin:
            body = {"project_id": project, "amount": PRICE - 1, "kind": "allocate"}
            held = await post(admin, f"/v1/admin/orgs/{poor.org.org_id}/allocations", body)
        async with player(poor.core, poor.org.org_id, session) as play:
            said = await post(client, f"/v1/sessions/{session}/messages", {"text": "Two echoes"})
            plan_id = await play.draft(said["message_id"])
            await poor.get(f"/plans/{plan_id}", after=play.position)
            await poor.get("/credits", after=held["position"])
            no = await client.post(f"/v1/plans/{plan_id}/approve")
    assert refused(no) == {"asked": PRICE, "available": PRICE - 1}
