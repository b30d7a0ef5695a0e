"""Jobs at the gateway on the real core: read after they were written, listed, waited for, and why they wait."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from commands.bus import CommandBus
from commands.model import CommandEnvelope
from commands.orgs.commands import RecordWebhook
from tests.integration.asking import job, key, problem
from tests.platform import ECHO, START_S, Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


@pytest.fixture
async def org(core: Core) -> Org:
    return await core.new_org()


async def test_what_was_written_is_read_after_its_position(core: Core, org: Org) -> None:
    async with core.client(org.member) as client:
        for number in range(20):
            started = await post(client, "/v1/sessions", {"title": f"Session {number}"})
            path = f"/v1/sessions/{started['session_id']}"
            read = await client.get(path, params={"after": started["position"]})
            assert read.json()["title"] == f"Session {number}"
        for bad in ("x", "e30=x", "W10", secrets.token_hex(9000)):
            problem(await client.get("/v1/sessions", params={"after": bad}), 400, "malformed")


async def test_lists_are_paged_without_gaps(core: Core, org: Org) -> None:
    async with core.client(org.member) as client:
        started = [await post(client, "/v1/sessions", {}) for _ in range(7)]
        cursor, seen = {"after": started[-1]["position"]}, []
        while True:
            page = (await client.get("/v1/sessions", params={"limit": 3, **cursor})).json()
            seen += [item["session_id"] for item in page["items"]]
            if "next_cursor" not in page:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == [one["session_id"] for one in reversed(started)]
        problem(await client.get("/v1/sessions", params={"cursor": "zzz"}), 400, "malformed")
        problem(await client.get("/v1/sessions", params={"limit": 0}), 422, "invalid-input")


async def test_a_wait_ends_with_the_job(core: Core, org: Org) -> None:
    async with core.client(org.member) as client:
        accepted = await post(client, "/v1/jobs", job(), **key())
        path = f"/v1/jobs/{accepted['job_id']}"
        waiting = asyncio.create_task(client.get(path, params={"wait": 30}))
        early = await client.get(path, params={"wait": 1})
        assert early.json()["status"] == "queued"
        cancelled = await post(client, f"{path}/cancel")
        assert (await waiting).json()["status"] == "cancelled"
        problem(await client.post(f"{path}/cancel"), 409, "terminal")
        balance = (await client.get("/v1/credits", params={"after": cancelled["position"]})).json()
    assert (balance["available"], balance["reserved"]) == (1_000_000, 0)


async def test_a_webhook_that_was_given_up_is_asked_for_again(core: Core, org: Org) -> None:
    """Nobody delivers here: what becomes of it is said by the test."""
    async with (
        core.client(org.member) as client,
        core.client((await core.new_org()).member) as stranger,
        core.client(org.auditor) as auditor,
        CommandBus(core.servers.kafka_bootstrap, "test") as bus,
    ):
        hooked = job(webhook_url="https://hooks.example.com/x")
        job_id = (await post(client, "/v1/jobs", hooked, **key()))["job_id"]
        path = f"/v1/jobs/{job_id}/webhook/resend"
        problem(await client.post(path), 409, "illegal-state")
        await post(client, f"/v1/jobs/{job_id}/cancel")
        problem(await client.post(path), 409, "illegal-state")
        told = RecordWebhook(
            org_id=org.org_id, job_id=job_id, tries=6, failure="status", status=500, message_id="evt_1"
        )  # fmt: skip
        await bus(
            told, CommandEnvelope(id=secrets.token_hex(8), org_id=org.org_id, actor="test", correlation_id="c",
                                  causation_id="c"), timeout_s=30,
        )  # fmt: skip
        problem(await stranger.post(path), 404, "not-found")
        problem(await auditor.post(path), 403, "forbidden")
        once = key()
        asked = await client.post(path, headers=once)
        assert asked.status_code == 202
        assert (asked.json()["job_id"], asked.json()["webhook_id"]) == (job_id, "evt_1")
        assert problem(await client.post(path, headers=once), 409, "idempotency-replay")["existing_id"] == job_id
        problem(await client.post(path, headers=key()), 409, "illegal-state")
        shown = await client.get(f"/v1/jobs/{job_id}", params={"after": asked.json()["position"]})
    assert shown.json()["webhook"]["status"] == "resending"


async def test_a_provider_is_known_once_a_model_names_it(core: Core, org: Org) -> None:
    name = f"p{secrets.token_hex(4)}"
    path = f"/v1/admin/providers/{name}"
    async with core.client(core.admin_key) as platform:
        problem(await platform.put(path, json={"active": False}), 404, "not-found")
        entry = {**ECHO, "provider": name}
        (await platform.put(f"/v1/admin/models/test/{name}", json=entry)).raise_for_status()
        await eventually(platform, "PUT", path, {"per_api": {f"test/{name}": 2}})
        problem(await platform.put(path, json={"per_api": {f"test/{name}": -1}}), 422, "invalid-input")
    async with core.client(org.member) as member:
        caps = (await eventually(member, "GET", "/v1/queue", until=lambda body: name in str(body)))["caps"]
    assert [(cap["scope"], cap["limit"]) for cap in caps if name in cap["name"]] == [
        ("provider", 8),
        ("provider_api", 2),
    ]


async def test_a_job_says_what_it_waits_for(core: Core, org: Org) -> None:
    name = f"p{secrets.token_hex(4)}"
    async with core.client(core.admin_key) as platform, core.client(org.member) as member:
        entry = {**ECHO, "provider": name}
        (await platform.put(f"/v1/admin/models/test/{name}", json=entry)).raise_for_status()
        await eventually(member, "GET", f"/v1/models/test/{name}")
        body = {"model": f"test/{name}", "input": {"prompt": "a fox"}}
        job = (await post(member, "/v1/jobs", body))["job_id"]
        await eventually(platform, "PUT", f"/v1/admin/providers/{name}", {"active": False})
        why = f"/v1/jobs/{job}/why"
        told = await eventually(member, "GET", why, until=lambda told: "provider-off" in str(told["reasons"]))
        assert told["status"] == "queued"
        assert {"reason": "provider-off", "provider": name} in told["reasons"]
        await post(member, f"/v1/jobs/{job}/cancel")
        ended = await eventually(member, "GET", why, until=lambda told: told["status"] == "cancelled")
        assert (ended["reasons"], ended["considered"]) == ([], [])


async def test_why_a_job_waits_is_read_after_a_position(core: Core, org: Org) -> None:
    """Its answer is from two copies of the log; the queue's is no later than what `after` waits for."""
    name = f"p{secrets.token_hex(4)}"
    body = {"model": f"test/{name}", "input": {"prompt": "a fox"}}
    async with core.client(core.admin_key) as platform, core.client(org.member) as member:
        entry = {**ECHO, "provider": name}
        (await platform.put(f"/v1/admin/models/test/{name}", json=entry)).raise_for_status()
        await eventually(member, "GET", f"/v1/models/test/{name}")
        for _ in range(3):
            first, second = [await post(member, "/v1/jobs", body) for _ in range(2)]
            why = f"/v1/jobs/{second['job_id']}/why"
            told = (await member.get(why, params={"after": second["position"]})).json()
            assert {"reason": "behind-others", "ahead": 1} in told["reasons"]
            for asked in (first, second):
                cancelled = await post(member, f"/v1/jobs/{asked['job_id']}/cancel")
            told = (await member.get(why, params={"after": cancelled["position"]})).json()
            assert told["status"] == "cancelled"


async def eventually(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any = None,
    until: Callable[[Any], bool] = lambda _: True,
) -> Any:
    """The first answer that is good: the gateway's copy of the catalog follows the log."""
    async for attempt in AsyncRetrying(stop=stop_after_delay(START_S), wait=wait_fixed(0.05), reraise=True):
        with attempt:
            answer = (await client.request(method, path, json=body)).raise_for_status().json()
            assert until(answer), answer
    return answer
