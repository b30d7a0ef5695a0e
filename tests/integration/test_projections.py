"""Read models in the real MongoDB and the Firestore emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc.aio
import pytest
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.cloud.firestore_v1.types import BatchGetDocumentsRequest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from events.ids import job_id_of_step, step_id
from gateway.books.ledger import newest_at
from projections.stores.firestore import FirestoreStore
from projections.stores.mongo import MongoStore
from projections.streams import StreamStore
from projections.writes import Blank, Insert, Update, Write
from tests.canvas_play import player
from tests.platform import Core, post
from tests.servers import Servers

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]

NAME = "projector-test"
ORG = "org_A"


class Stores:
    """A store in a database of its own."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str) -> None:
        self.db = client[database]
        self.store = MongoStore(client, self.kids_of, database)

    async def kids_of(self, _org: str, person: str) -> Sequence[str]:
        return [f"kid_{person}"]

    async def apply(self, *writes: Write, at: int = 1) -> None:
        await self.store.apply(NAME, writes, {"events.x/0": at})

    async def one(self, collection: str, document_id: str) -> dict[str, Any]:
        found = await self.db[collection].find_one({"_id": document_id})
        assert found is not None
        return found


@pytest.fixture
async def stores(servers: Servers) -> AsyncIterator[Stores]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo_url)
    database = f"test_{uuid4().hex}"
    async with client:
        made = Stores(client, database)
        await made.store.prepare()
        yield made
        await client.drop_database(database)


def job(version: int, **members: Any) -> Update:
    return Update("jobs", "job_1", ORG, version, **members)


async def test_a_write_counts_once_whatever_comes_again(stores: Stores) -> None:
    born = Insert("jobs", "job_1", ORG, 1, {"status": "queued", "attempts": [], "total": 0})
    changes = (
        job(2, set={"status": "running"}, push={"attempts": ("0", {"lease": 1})}),
        job(3, set={"attempts.0.ended_at": "later"}, add={"total": 5}, unset=("status",)),
    )
    await stores.apply(born, *changes)
    await stores.apply(born, *changes, at=2)
    expected = {"_id": "job_1", "_v": 3, "attempts": [{"lease": 1, "ended_at": "later"}], "total": 5}
    assert await stores.one("jobs", "job_1") == expected
    assert await stores.store.positions(NAME) == {"events.x/0": 2}


async def test_a_batch_is_there_whole_with_its_position_or_not_at_all(stores: Stores) -> None:
    await stores.apply(Insert("jobs", "job_1", ORG, 1, {"status": "queued"}))
    with pytest.raises(OperationFailure):
        await stores.apply(job(2, set={"status": "running"}), job(3, add={"status": 1}), at=9)
    assert (await stores.one("jobs", "job_1"))["status"] == "queued"
    assert await stores.store.positions(NAME) == {"events.x/0": 1}


async def test_names_that_begin_with_a_dollar_are_kept(stores: Stores) -> None:
    schema = {"$schema": "x", "properties": {"a.b": {"$ref": "#/x"}}}
    await stores.apply(Insert("models", "m", ORG, 1, {}), Update("models", "m", ORG, 2, set={"input_schema": schema}))
    assert (await stores.one("models", "m"))["input_schema"] == schema


async def test_only_the_forgotten_persons_words_are_erased(stores: Stores) -> None:
    def message(name: str) -> Insert:
        document = {"text": f"words of {name}", "role": "user", "assets": [{"asset_id": "a", "text": "t"}, {"b": 1}]}
        return Insert("messages", f"msg_{name}", ORG, 1, document, frozenset({f"kid_{name}"}))

    job_document = {"attempts": [{"lease": 1, "error": "why"}, {"lease": 2}], "error": {"category": "x", "detail": "d"}}
    theirs = Insert("jobs", "job_1", ORG, 1, job_document, frozenset({"kid_ann"}))
    await stores.apply(message("ann"), message("bob"), theirs, Blank(ORG, "ann"))
    erased, kept = await stores.one("messages", "msg_ann"), await stores.one("messages", "msg_bob")
    assert (erased["text"], erased["role"], kept["text"]) == ("[erased]", "user", "words of bob")
    assert erased["assets"] == [{"asset_id": "a", "text": "[erased]"}, {"b": 1}]
    read = await stores.one("jobs", "job_1")
    assert read["attempts"] == [{"lease": 1, "error": "[erased]"}, {"lease": 2}]
    assert read["error"] == {"category": "x", "detail": "[erased]"}


async def test_an_as_of_balance_is_read_as_one_document(stores: Stores) -> None:
    def entry(seq: int) -> Insert:
        document = {"org_id": ORG, "seq": seq, "at": f"2026-01-01T12:{seq // 60:02}:00+00:00"}
        return Insert("ledger", f"ent_{seq}", ORG, seq, document)

    entries = [entry(seq) for seq in range(1, 600)]
    await stores.apply(*entries)
    found = await newest_at(stores.db, ORG, "$lte", datetime(2026, 1, 1, 12, 4, tzinfo=UTC))
    assert found is not None
    question = {"org_id": ORG, "at": {"$lte": found["at"]}}
    find = {"find": "ledger", "filter": question, "sort": {"at": -1, "seq": -1}, "limit": 1}
    told = await stores.db.command({"explain": find, "verbosity": "executionStats"})
    assert told["executionStats"]["totalDocsExamined"] == 1
    assert found["seq"] == max(entry.document["seq"] for entry in entries if entry.document["at"] <= found["at"])


async def test_a_read_model_of_another_shape_is_made_anew_and_only_its_topics_are_read_again(stores: Stores) -> None:
    await stores.store.renew(NAME)
    await stores.apply(Insert("ledger", "ent_1", ORG, 1, {}), Insert("jobs", "job_1", ORG, 1, {}))
    await stores.store.apply(NAME, (), {"events.credits/0": 5, "events.jobs/0": 7})
    await stores.store.renew(NAME)
    assert await stores.store.positions(NAME) == {"events.x/0": 1, "events.credits/0": 5, "events.jobs/0": 7}

    await stores.db["shapes"].update_one({"_id": "ledger"}, {"$set": {"shape": 1}})
    await stores.store.renew(NAME)
    assert await stores.store.positions(NAME) == {"events.x/0": 1, "events.jobs/0": 7}
    assert await stores.db["ledger"].count_documents({}) == 0
    assert await stores.one("jobs", "job_1") is not None


async def test_a_mirror_that_is_down_holds_nothing_up(stores: Stores) -> None:
    channel = grpc.aio.insecure_channel("127.0.0.1:1")
    client = FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))
    mirror = FirestoreStore(client, "studio-local", stores.store, stores.kids_of, within_s=0.5)
    await mirror.apply(NAME, [Insert("jobs", "job_1", ORG, 1, {"status": "queued"})], {"events.x/0": 7})
    assert await mirror.positions(NAME) == {"events.x/0": 7}


def plain(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return {name: plain(inner) for name, inner in value.map_value.fields.items()}
    if kind == "array_value":
        return [plain(inner) for inner in value.array_value.values]
    return getattr(value, kind)


async def mirrored(client: FirestoreAsyncClient, path: str) -> dict[str, Any]:
    """The document; nothing where it is not there yet."""
    database = "projects/studio-local/databases/(default)"
    request = BatchGetDocumentsRequest(database=database, documents=[f"{database}/documents/{path}"])
    async for answer in await client.batch_get_documents(request, timeout=5):
        fields = type(answer).pb(answer).found.fields
        return {field: plain(value) for field, value in fields.items()}
    return {}


def filled(document: dict[str, Any]) -> dict[str, Any]:
    """Without empty lists: a list that may grow is a map in the mirror, and not there while it is empty."""
    return {name: value for name, value in document.items() if value != []}


def unsealed(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "_kids"}


async def forgotten_in_the_mirror(core: Core, org_id: str, firestore: FirestoreAsyncClient) -> None:
    """A person's session, mirrored and then erased."""
    async with core.client(core.admin_key) as platform:
        issued = await post(platform, f"/v1/admin/orgs/{org_id}/keys", {"role": "admin", "user_id": "usr_eve"})
    async with core.client(issued["api_key"]) as eve:
        own = await post(eve, "/v1/sessions", {"title": "Eve's own"})
        place = f"orgs/{org_id}/sessions/{own['session_id']}"
        said = await post(eve, f"/v1/sessions/{own['session_id']}/messages", {"text": "Eve's words"})
        words = f"{place}/messages/{said['message_id']}"
        while (await mirrored(firestore, words)).get("text") != "Eve's words":
            continue
        assert (await eve.delete("/v1/users/usr_eve/data")).status_code == 200
        while (await mirrored(firestore, words))["text"] != "[erased]":
            continue
        assert (await mirrored(firestore, place))["title"] == "[erased]"


async def test_the_mirror_shows_what_the_read_models_hold(core: Core) -> None:
    org = await core.new_org()
    async with core.client(org.member) as client:
        session = await post(client, "/v1/sessions", {"title": "Mirrored"})
        session_id = session["session_id"]
        path = f"/v1/sessions/{session_id}"
        said = await post(client, f"{path}/messages", {"text": "hello", "approval": "auto"})
        async with player(core, org.org_id, session_id) as playing:
            plan = await playing.draft(said["message_id"])
            run = plan.replace("pln_", "run_") + ".1"
            step = step_id(plan, "s1")
            after = await playing.finish(plan, run, "s1", job_id_of_step(run, step, 1))
        assert (await client.get(f"/v1/plans/{plan}", params={"after": after})).status_code == 200

    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(core.servers.mongo_url)
    channel = grpc.aio.insecure_channel(core.servers.firestore_emulator)
    firestore = FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))
    base = f"orgs/{org.org_id}/sessions/{session_id}"
    async with mongo, asyncio.timeout(20):
        for collection, document_id, where in (
            ("sessions", session_id, base),
            ("messages", said["message_id"], f"{base}/messages/{said['message_id']}"),
            ("plans", plan, f"{base}/plans/{plan}"),
            ("steps", step, f"{base}/plans/{plan}/steps/{step}"),
        ):
            document = await mongo["studio"][collection].find_one({"_id": document_id})
            assert document is not None
            wanted = filled({name: value for name, value in document.items() if name not in ("_id", "_kids")})
            while unsealed(filled(await mirrored(firestore, where))) != wanted:
                continue
        await forgotten_in_the_mirror(core, org.org_id, firestore)
    await channel.close()


async def test_a_stored_stream_is_read_up_to_its_version(core: Core) -> None:
    org = await core.new_org()
    async with core.client(org.member) as client:
        session = await post(client, "/v1/sessions", {})
        for number in range(3):
            await post(client, f"/v1/sessions/{session['session_id']}/messages", {"text": f"Message {number}"})
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(core.servers.mongo_url)
    async with mongo:
        events = await StreamStore(mongo["studio"]).read(session["session_id"], 3, timeout_s=10)
    assert [(one.data.name, one.version) for one in events] == [
        ("session_started", 1),
        ("message_posted", 2),
        ("message_posted", 3),
    ]
