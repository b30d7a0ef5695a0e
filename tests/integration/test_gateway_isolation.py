"""Two organisations, every route of the interface's description: nothing of one is seen or moved by the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from events.ids import job_id_of_step, step_id
from tests.canvas_play import player
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]

OPEN = ("/v1/about", "/v1/page-login")
UPLOAD = "multipart/form-data"
EXAMPLES: dict[str, Any] = {"model": "test/echo", "input": {"prompt": "x"}}
OF_THE_CATALOG = {"model_id": "test/echo", "provider": "nobody", "agent": "planner", "variant": "terse"}
"""Names that everybody may use: what stands under them is still each organisation's own."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    body: Any
    upload: bool

    def at(self, ids: Mapping[str, str]) -> str:
        return self.path.format(**{**OF_THE_CATALOG, **ids})

    @property
    def names(self) -> set[str]:
        return {part[1:-1] for part in self.path.split("/") if part.startswith("{")}


@dataclass(frozen=True)
class Owner:
    org: Org
    ids: Mapping[str, str]
    secrets: tuple[str, ...]


def routes(description: Mapping[str, Any]) -> Iterator[Route]:
    schemas = description["components"]["schemas"]
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            model = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
            body = {name: example(name, model["properties"][name]) for name in model.get("required", [])}
            yield Route(method.upper(), path, body, UPLOAD in content)


def example(name: str, schema: Mapping[str, Any]) -> Any:
    if name in EXAMPLES:
        return EXAMPLES[name]
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "x", "integer": 1, "boolean": True, "array": [], "object": {}}.get(str(schema.get("type")), "x")


@pytest.fixture
async def owner(core: Core) -> Owner:
    """An organisation with one of everything."""
    org = await core.new_org()
    async with core.client(core.admin_key) as platform:
        shared = await platform.put("/v1/prompts/planner/default", json={"text": "Plan.", "weight": 100})
        assert shared.status_code == 200, shared.text
    async with core.client(org.admin) as admin:
        own = await admin.put("/v1/prompts/planner/terse", json={"text": "Hidden prompt", "weight": 1})
        assert own.status_code == 200, own.text
    async with core.client(org.member) as client:
        session = await post(client, "/v1/sessions", {"title": "Hidden title"})
        path = f"/v1/sessions/{session['session_id']}"
        said = await post(client, f"{path}/messages", {"text": "Hidden words", "approval": "auto"})
        file = (await client.post(f"{path}/uploads", files={"file": ("hidden.txt", b"hidden bytes")})).json()
        body = {"model": "test/echo", "input": {"prompt": "Hidden prompt"}}
        job = await post(client, "/v1/jobs", body, Idempotency_Key="hidden")
        async with player(core, org.org_id, session["session_id"]) as playing:
            plan = await playing.draft(said["message_id"])
            run = plan.replace("pln_", "run_") + ".1"
            after = ""
            for label in ("s1", "s2"):
                after = await playing.finish(plan, run, label, job_id_of_step(run, step_id(plan, label), 1))
        for position in (after, job["position"], file["position"]):
            assert (await client.get(path, params={"after": position})).status_code == 200
        entry = (await client.get("/v1/credits/ledger")).json()["items"][0]
    ids = {
        "session_id": session["session_id"],
        "plan_id": plan,
        "step": "s1",
        "one": run,
        "other": run,
        "job_id": job["job_id"],
        "asset_id": file["asset_id"],
        "entry_id": entry["entry_id"],
        "org_id": org.org_id,
        "key_id": "key_hidden",
        "user_id": "usr_hidden",
    }
    return Owner(org, ids, ("Hidden", "hidden", session["session_id"], plan, job["job_id"], org.org_id))


async def call(client: httpx.AsyncClient, route: Route, ids: Mapping[str, str]) -> tuple[int, str]:
    """The answer's status and text; of an endless one the first frame."""
    given: dict[str, Any] = {"files": {"file": ("x.txt", b"x")}} if route.upload else {"json": route.body}
    if route.method in ("GET", "DELETE", "HEAD"):
        given = {}
    headers = {"Idempotency-Key": f"sweep-{route.method}"}
    async with client.stream(route.method, route.at(ids), headers=headers, **given) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, await anext(answer.aiter_text())
        return answer.status_code, (await answer.aread()).decode()


async def snapshot(core: Core, owner: Owner) -> list[Any]:
    async with core.client(owner.org.admin) as client:
        paths = (
            f"/v1/sessions/{owner.ids['session_id']}",
            "/v1/jobs",
            "/v1/credits",
            "/v1/credits/ledger",
            "/v1/prompts",
            "/v1/prompts/planner/terse/versions",
        )
        read = [(await client.get(path)).json() for path in paths]
    for message in (*read[0]["messages"], *read[0]["uploads"]):
        message.pop("url", None)
    return read


async def test_every_route_hides_what_is_anothers(core: Core, owner: Owner) -> None:
    stranger = await core.new_org()
    before = await snapshot(core, owner)
    unknown = {name: value[:4] + "0" * (len(value) - 4) for name, value in owner.ids.items()}
    async with core.client() as nobody, core.client(stranger.admin) as client:
        described = list(routes((await nobody.get("/openapi.json")).json()))
        assert len(described) > 35
        for route in described:
            if route.path.startswith(OPEN):
                continue
            assert (await call(nobody, route, owner.ids))[0] == 401, route
            status, text = await call(client, route, owner.ids)
            if route.path.startswith("/v1/admin"):
                assert status == 403, route
                continue
            hidden = [secret for secret in owner.secrets if secret in text]
            assert not hidden, (route, text)
            if route.names - set(OF_THE_CATALOG):
                assert (status, text) == await call(client, route, unknown), route
                assert status == 404, (route, status, text)
    assert await snapshot(core, owner) == before
