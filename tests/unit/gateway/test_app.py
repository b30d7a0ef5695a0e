"""The application without servers: what clients send that nobody should, and what they are told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from redis.asyncio import Redis
from starlette.types import ASGIApp

from adapters.media.probe import probe
from adapters.storage.objects import storage
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Answer
from commands.model import Command, CommandEnvelope, ProjectCommand
from commands.orgs.commands import RecordJobRunning
from commands.ports import BadWebhook, WebhookNews
from commands.refusals import AlreadyEnded, Refusal
from commands.signing import SignedAttempt, sign_attempt
from events.accounts.current import CurrentKey, CurrentOrg
from events.accounts.events import Role
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec, Price
from events.log.table import CompactedTable
from gateway.access.keyring import Keyring, digest
from gateway.app import create_app
from gateway.live.credits_feed import CreditsFeed
from gateway.live.hub import Hub
from gateway.live.live_jobs import LiveJobs
from gateway.platform import About, Platform, Secrets
from gateway.reads.reading import Reading
from gateway.routes.projects import persons
from processors.executor.rehearsal import unwirable_plan
from projections.streams import StreamStore

KEY, ADMIN = "sk_ann", "platform-key"
PROJECT_KEY = "sk_bob"
"""Of the project `prj_1` only."""
SECRET = b"s" * 32
ORG = "org_A"
NOWHERE = "127.0.0.1:1"
BEARER = {"authorization": f"Bearer {KEY}"}
MODEL = ModelSpec(
    id="m",
    title="M",
    media_out=("image",),
    agent_type="image",
    input_schema={"type": "object", "properties": {"n": {"type": "integer"}, "image": {"x-media": "image"}}},
    price=Price(unit="run", amount=1),
    provider="p",
)


class Decider:
    """Takes every command."""

    def __init__(self) -> None:
        self.taken: list[tuple[Command, CommandEnvelope]] = []
        self.refusal: Refusal | None = None

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        assert timeout_s > 0
        if self.refusal is not None:
            raise self.refusal
        self.taken.append((command, envelope))
        return Answer({}, {"events.jobs/0": len(self.taken)})


class Signed:
    """A provider whose signature is a header."""

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:
        if headers.get("webhook-signature") != body.decode() or int(headers["webhook-timestamp"]) < now - 300:
            raise BadWebhook("no signature fits")
        return WebhookNews("far-1", "succeeded")


class Unreachable:
    """A provider whose secret cannot be fetched."""

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:
        raise TimeoutError


class Catalog(CompactedTable[Any]):
    """A table as the log would have filled it."""

    def __init__(self, *models: ModelSpec) -> None:
        super().__init__(NOWHERE, "current.catalog", CurrentModel)
        self._values = {f"model:{spec.id}": CurrentModel(model=spec, version=1) for spec in models}


def keys(**roles: Role) -> CurrentOrg:
    made = tuple(CurrentKey(key_id=f"key_{key}", hash=digest(key), role=role) for key, role in roles.items())
    return CurrentOrg(org_id=ORG, title="A", keys=made)


@pytest.fixture
def decider() -> Decider:
    return Decider()


@pytest.fixture
async def app(decider: Decider, tmp_path: Path) -> AsyncIterator[ASGIApp]:
    """Nothing of it reaches a server: what would is not asked here."""
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(f"mongodb://{NOWHERE}", serverSelectionTimeoutMS=1)
    redis: Redis = Redis.from_url(f"redis://{NOWHERE}")
    keyring = Keyring(ADMIN)
    anns = keys(sk_ann="member")
    bobs = CurrentKey(key_id="key_bob", hash=digest(PROJECT_KEY), role="member", project_id="prj_1")
    keyring.changed(ORG, anns.model_copy(update={"keys": (*anns.keys, bobs)}))
    hub, reading = Hub(), Reading(mongo["studio"], "none")
    async with mongo:
        platform = Platform(
            ask=decider,
            vault=KeyVault(MemoryKeyStore(), bytes(32)),
            storage=storage("memory://"),
            probe=probe,
            db=mongo["studio"],
            redis=redis,
            streams=StreamStore(mongo["studio"]),
            reading=reading,
            keyring=keyring,
            orgs=CompactedTable(NOWHERE, "current.orgs", CurrentOrg),
            catalog=Catalog(MODEL),
            live_jobs=LiveJobs(),
            hub=hub,
            secrets=Secrets(SECRET),
            about=About("0", "offline", False),
            ready=dict,
            rehearse=unwirable_plan,
            webhooks={"far": Signed(), "lost": Unreachable()},
        )
        (tmp_path / "index.html").write_text("<p>the page")
        yield create_app(platform, CreditsFeed(hub, reading, mongo["studio"]), tmp_path)


@pytest.fixture
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as made:
        yield made


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.mark.parametrize("path", ["/%00", "/" + "a" * 300, "/assets/%00.js"])
async def test_a_name_that_no_file_can_have_leads_to_the_page(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"accept": "text/html"})).status_code == 200
    assert slug(await client.get(path, headers={"accept": "application/json"})) == (404, "not-found")


@pytest.mark.parametrize("query", ["nosig=1", "x=sig=1", "sig"])
async def test_an_asset_without_a_signature_needs_a_key(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/assets/ast_1?{query}")
    assert answer.status_code in (401, 404)


@pytest.mark.parametrize("address", ["http://[", "http://[::1", "http://host:99999999/"])
async def test_an_address_that_is_none_is_refused(client: httpx.AsyncClient, address: str) -> None:
    headers = {**BEARER, "idempotency-key": "k"}
    body = {"model": "m", "input": {}, "webhook_url": address}
    answer = await client.post("/v1/jobs", json=body, headers=headers)
    assert slug(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/webhook_url"


@pytest.mark.parametrize(
    "value", ["http://[", " http://169.254.169.254/x", "http:/elsewhere/x", "file:x", "//elsewhere", "/etc/passwd"]
)
async def test_a_file_is_an_id_or_an_address_of_ours(client: httpx.AsyncClient, value: str) -> None:
    headers = {**BEARER, "idempotency-key": "k"}
    answer = await client.post("/v1/jobs", json={"model": "m", "input": {"image": value}}, headers=headers)
    assert slug(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/input/image"


@pytest.mark.parametrize(
    "body", [b'{"model":"m","input":{"n":9223372036854775808}}', b'{"model":"m","input":{"a\\u0000":1}}']
)
async def test_what_no_store_can_hold_is_refused_at_the_door(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/jobs", content=body, headers={**BEARER, "idempotency-key": "k"})
    assert slug(answer) == (422, "invalid-input")


@pytest.mark.parametrize("cursor", ["WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LCJ4Il0", "W3RydWUsIngiXQ", "e30", "é"])
async def test_a_cursor_that_is_none_of_ours_is_malformed(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/v1/jobs", params={"cursor": cursor}, headers=BEARER)
    assert slug(answer) == (400, "malformed")


async def test_a_job_may_wait_for_what_it_names(client: httpx.AsyncClient) -> None:
    headers = {**BEARER, "idempotency-key": "k"}
    answer = await client.post("/v1/jobs?after=x", json={"model": "m", "input": {}}, headers=headers)
    assert slug(answer) == (400, "malformed")


async def test_an_upload_that_is_no_multipart_is_not_read(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"file=x"
        raise AssertionError("the body was read")

    headers = {**BEARER, "content-type": "application/x-www-form-urlencoded"}
    answer = await client.post("/v1/sessions/ses_1/uploads", content=endless(), headers=headers)
    assert slug(answer) == (422, "invalid-input")


def named(provider: str) -> str:
    return sign_attempt(SECRET, SignedAttempt(provider, ORG, "job_1", 2))


TOKEN = named("far")


async def hook(
    client: httpx.AsyncClient, *, provider: str = "far", t: str = TOKEN, signature: str = "done", age_s: float = 0
) -> httpx.Response:
    headers = {"webhook-signature": signature, "webhook-timestamp": str(int(time.time() - age_s))}
    return await client.post(f"/v1/webhooks/{provider}", params={"t": t}, content=b"done", headers=headers)


async def test_a_webhook_becomes_a_command_of_its_attempt(client: httpx.AsyncClient, decider: Decider) -> None:
    answers = [await hook(client) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    (command, first), (_, second) = decider.taken
    assert command == RecordJobRunning(org_id=ORG, job_id="job_1", lease=2, provider_job_id="far-1")
    assert first.id == second.id


async def test_a_webhook_after_the_end_changes_nothing(client: httpx.AsyncClient, decider: Decider) -> None:
    decider.refusal = AlreadyEnded("the job has ended")
    assert (await hook(client)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"t": ""},
        {"t": TOKEN[:-2]},
        {"t": sign_attempt(b"another", SignedAttempt("far", ORG, "job_1", 2))},
        {"t": named("another")},
        {"signature": "forged"},
        {"age_s": 400},
        {"provider": "nobody"},
    ],
)
async def test_a_webhook_that_is_not_signed_is_not_believed(
    client: httpx.AsyncClient, decider: Decider, wrong: dict[str, Any]
) -> None:
    bodies = {(await hook(client, **wrong)).text, (await hook(client, signature="forged")).text}
    assert slug(await hook(client, **wrong)) == (401, "unauthenticated")
    assert len(bodies) == 1
    assert decider.taken == []


async def test_a_webhook_that_cannot_be_checked_is_to_come_again(client: httpx.AsyncClient, decider: Decider) -> None:
    answer = await hook(client, provider="lost", t=named("lost"))
    assert slug(answer) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert decider.taken == []


@pytest.mark.parametrize("schema", [{"type": 5}, {"type": "array"}, {"type": "object", "properties": 1}])
async def test_a_model_whose_schema_is_none_is_not_listed(
    client: httpx.AsyncClient, decider: Decider, schema: dict[str, Any]
) -> None:
    headers = {"authorization": f"Bearer {ADMIN}"}
    answer = await client.put("/v1/admin/models/m", json={"input_schema": schema}, headers=headers)
    assert slug(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/input_schema"
    assert decider.taken == []


def test_whoever_had_a_key_can_be_forgotten() -> None:
    account = {"keys": {"key_gone": {"role": "member", "user_id": "usr_bob", "revoked_at": "2026-01-01T00:00:00Z"}}}
    assert persons(keys(sk_ann="member"), account) == {"key_sk_ann", "key_gone", "usr_bob"}
    assert persons(None, {}) == set()


async def test_an_input_that_no_event_can_hold_is_too_large(client: httpx.AsyncClient, decider: Decider) -> None:
    for size, answered in ((110_000, 202), (200_000, 413)):
        body = {"model": "m", "input": {"words": "x" * size}}
        answer = await client.post("/v1/jobs", json=body, headers={**BEARER, "idempotency-key": f"k{size}"})
        assert answer.status_code == answered
    assert len(decider.taken) == 1
    assert slug(answer) == (413, "too-large")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sessions/ses_X/messages", "/v1/sessions/ses_X/cancel", "/v1/plans/pln_X.1/approve",
        "/v1/plans/pln_X.1/rerun", "/v1/plans/pln_X.1/reject", "/v1/plans/pln_X.1/steps/s1/approve",
        "/v1/plans/pln_X.1/steps/s1/cancel", "/v1/jobs/job_X/cancel", "/v1/dlq/job_X/discard",
    ],
)  # fmt: skip
async def test_what_a_projects_key_orders_is_within_its_project(
    client: httpx.AsyncClient, decider: Decider, path: str
) -> None:
    body = {"text": "a kite"} if path.endswith("messages") else {}
    for key, project in ((PROJECT_KEY, "prj_1"), (KEY, None)):
        answer = await client.post(path, json=body, headers={"authorization": f"Bearer {key}"})
        assert answer.status_code < 300, answer.text
        command, _ = decider.taken.pop()
        assert isinstance(command, ProjectCommand)
        assert command.within_project == project


@pytest.mark.parametrize(
    "asked",
    [
        "ledger?as_of=0001-01-01T00:00:00%2B14:00", "ledger?from=9999-12-31T23:59:59-14:00",
        "statement?to=0001-01-01T00:00:00%2B14:00", "statement?from=1969-12-31T23:59:59Z",
        "usage?by=model&to=0001-01-01T00:00:00Z", "usage?by=model&to=9999-01-01T00:00:00Z",
        "ledger?as_of=2026-01-01T00:00:00", "ledger?as_of=yesterday",
    ],
)  # fmt: skip
async def test_a_time_that_no_history_reaches_is_422(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get(f"/v1/credits/{asked}", headers={"authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
