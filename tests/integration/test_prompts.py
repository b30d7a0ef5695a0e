"""Prompts over HTTP: published and weighed by those who may, each version kept, an organisation's own its own."""

from __future__ import annotations

import httpx
import pytest

from tests.platform import Core, Org

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


@pytest.fixture
async def org(core: Core) -> Org:
    """An organisation, on a platform that has a planner and a validator."""
    async with core.client(core.admin_key) as platform:
        for agent in ("planner", "validator"):
            await put(platform, f"/v1/prompts/{agent}/default", {"text": f"The platform's {agent}.", "weight": 100})
    return await core.new_org()


async def put(client: httpx.AsyncClient, path: str, body: object, status: int = 200) -> dict[str, object]:
    answer = await client.put(path, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, object] = answer.json()
    return found


async def get(client: httpx.AsyncClient, path: str, **params: object) -> dict[str, object]:
    answer = await client.get(path, params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def texts(page: dict[str, object]) -> list[str]:
    items = page["items"]
    assert isinstance(items, list)
    return [one["text"] for one in items]


async def shares(client: httpx.AsyncClient, after: object) -> dict[tuple[object, object], object]:
    items = (await get(client, "/v1/prompts", after=after))["items"]
    assert isinstance(items, list)
    return {(one["owner"], one["variant"]): one["share"] for one in items if one["agent"] == "planner"}


async def test_an_admin_publishes_weighs_and_reads_every_version(core: Core, org: Org) -> None:
    async with core.client(org.admin) as admin:
        await put(admin, "/v1/prompts/planner/brief", {"text": "Plan briefly.", "weight": 30})
        second = await put(
            admin, "/v1/prompts/planner/brief", {"text": "Plan tersely.", "weight": 30, "model": "small"}
        )
        assert (second["version"], second["owner"]) == (2, org.org_id)
        assert second["shares"] == {"brief": 1.0}, "whatever its weight"
        assert "the platform's none" in str(second["note"])
        read = await get(admin, "/v1/prompts/planner/brief", after=second["position"])
        assert (read["text"], read["model"], read["version"], read["share"]) == ("Plan tersely.", "small", 2, 1.0)
        page = await get(admin, "/v1/prompts/planner/brief/versions", limit=1)
        older = await get(admin, "/v1/prompts/planner/brief/versions", limit=1, cursor=page["next_cursor"])
        assert (texts(page), texts(older)) == (["Plan tersely."], ["Plan briefly."])
        resting = await put(admin, "/v1/prompts/planner/long", {"text": "Plan at length.", "weight": 0})
        assert resting["shares"] == {"brief": 1.0, "long": 0.0}
        weighed = await put(admin, "/v1/prompts/planner", {"weights": {"brief": 10, "long": 30}})
        assert await shares(admin, weighed["position"]) == {
            ("platform", "default"): 0.0,
            (org.org_id, "brief"): 0.25,
            (org.org_id, "long"): 0.75,
        }


async def test_what_nothing_would_read_or_nobody_could_ask_is_not_published(core: Core, org: Org) -> None:
    async with core.client(org.admin) as admin, core.client(core.admin_key) as platform:
        for agent in ("error_classifier", "writer"):
            await put(admin, f"/v1/prompts/{agent}/ours", {"text": "Say it."}, 422)
            written = await put(platform, f"/v1/prompts/{agent}/default", {"text": "Say it.", "weight": 1})
            await put(admin, f"/v1/prompts/{agent}", {"weights": {"default": 1}}, 422)
            path, after = f"/v1/prompts/{agent}/default", written["position"]
            seen = [await get(client, path, after=after) for client in (admin, platform)]
            assert [(one["editable"], one["publishable"]) for one in seen] == [(False, False), (True, True)]
        assert (await get(admin, "/v1/prompts/planner/default"))["publishable"]
        for client in (admin, platform):
            told = await put(client, "/v1/prompts/planner/dear", {"text": "Plan.", "model": "nobody/has-it"}, 422)
            assert "/model" in str(told)
            await put(client, "/v1/prompts/planner/dear", {"text": "Plan.", "model": "small", "weight": 0})


async def test_an_organisation_reads_the_platforms_and_changes_only_its_own(core: Core, org: Org) -> None:
    async with core.client(org.admin) as admin, core.client(core.admin_key) as platform:
        theirs = await get(platform, "/v1/prompts/validator/default")
        shared = await get(admin, "/v1/prompts/validator/default")
        assert (shared["owner"], shared["text"], shared["share"]) == ("platform", theirs["text"], 1.0)
        assert "published_by" not in shared
        own = await put(admin, "/v1/prompts/validator/default", {"text": "Ours.", "weight": 1})
        assert (await get(admin, "/v1/prompts/validator/default", after=own["position"]))["text"] == "Ours."
        both = await get(admin, "/v1/prompts/validator/default", owner="platform")
        assert (both["text"], both["share"]) == (theirs["text"], 0.0)
        assert (await get(platform, "/v1/prompts/validator/default"))["text"] == theirs["text"]
    other = await core.new_org()
    async with core.client(other.admin) as stranger:
        assert (await get(stranger, "/v1/prompts/validator/default"))["owner"] == "platform"
        answer = await stranger.get("/v1/prompts/validator/default", params={"owner": org.org_id})
        assert answer.status_code == 404


async def test_what_may_not_be_is_a_problem(core: Core, org: Org) -> None:
    for key in (org.member, org.auditor):
        async with core.client(key) as client:
            assert (await client.get("/v1/prompts")).status_code == 403
            assert (await client.put("/v1/prompts/planner/x", json={"text": "x", "weight": 1})).status_code == 403
    async with core.client(org.admin) as admin:
        await put(admin, "/v1/prompts/nobody/default", {"text": "x", "weight": 1}, 404)
        await put(admin, "/v1/prompts/planner/%20", {"text": "x", "weight": 1}, 404)
        await put(admin, "/v1/prompts/planner/x", {"text": "x" * 30_000, "weight": 1}, 422)
        await put(admin, "/v1/prompts/planner/x", {"text": "x", "weight": 1001}, 422)
        await put(admin, "/v1/prompts/planner/x", {"text": "x", "weight": True}, 422)
        await put(admin, "/v1/prompts/planner/x", {"text": "x", "weight": 1, "owner": "platform"}, 422)
        await put(admin, "/v1/prompts/planner", {"weights": {"unheard": 1}}, 404)
        await put(admin, "/v1/prompts/planner/x", {"text": "one", "weight": 1, "based_on": 0})
        stale = await put(admin, "/v1/prompts/planner/x", {"text": "two", "weight": 1, "based_on": 0}, 409)
        assert stale["type"] == "/problems/illegal-state"
    async with core.client(core.admin_key) as platform:
        await put(platform, "/v1/prompts/planner", {"weights": {"default": 0}}, 422)


async def test_the_same_publication_again_is_decided_once(core: Core, org: Org) -> None:
    async with core.client(org.admin) as admin:
        headers = {"Idempotency-Key": "once"}
        body = {"text": "Once.", "weight": 1}
        first = await admin.put("/v1/prompts/planner/once", json=body, headers=headers)
        again = await admin.put("/v1/prompts/planner/once", json=body, headers=headers)
        assert first.status_code == 200
        other = await admin.put("/v1/prompts/planner/once", json={**body, "text": "Twice."}, headers=headers)
        assert (again.status_code, other.status_code) == (409, 422), (again.text, other.text)
        read = await get(admin, "/v1/prompts/planner/once", after=first.json()["position"])
        assert (read["version"], read["text"]) == (1, "Once.")
