"""The books over HTTP on the real Kafka and MongoDB: as of a time, narrowed, searched, with causes and balances."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from commands.bus import CommandBus
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import DispatchJob, RecordJobSucceeded
from events.assets import AssetRef
from events.credits.chain import GENESIS, entry_hash
from events.ids import new_id
from events.log.position import encode
from tests.no_amounts import BELOW_0, UNREADABLE, WRONG
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]

GRANTED = 1_000_000
PRICE = 100
COST = 40
LEDGER, STATEMENT = "/v1/credits/ledger", "/v1/credits/statement"


@dataclass
class Bookkeeper:
    """Moves an organisation's money as people and the dispatcher do, and reads its books."""

    core: Core
    org: Org
    client: httpx.AsyncClient
    bus: CommandBus
    after: str = ""
    jobs: list[str] = field(default_factory=list)

    async def send(self, command: Command) -> None:
        envelope = CommandEnvelope(new_id("cmd"), self.org.org_id, "dispatcher", "test", "test")
        self.after = encode((await self.bus(command, envelope)).position)

    async def submit(self, **members: Any) -> str:
        body = {"model": "test/echo", "input": {"prompt": "hello"}, **members}
        answer = await post(self.client, "/v1/jobs", body, Idempotency_Key=new_id("key"))
        self.after = answer["position"]
        self.jobs.append(answer["job_id"])
        return self.jobs[-1]

    async def succeed(self, job_id: str) -> None:
        org_id = self.org.org_id
        await self.send(DispatchJob(org_id=org_id, job_id=job_id, lease=1, provider="nobody", model="test/echo"))
        output = AssetRef(asset_id=new_id("ast"), sha256="ab" * 32, bytes=3, media_type="text/plain")
        await self.send(RecordJobSucceeded(org_id=org_id, job_id=job_id, lease=1, outputs=(output,), cost=COST))

    async def cancel(self, job_id: str) -> None:
        self.after = (await post(self.client, f"/v1/jobs/{job_id}/cancel"))["position"]

    async def operate(self, what: str, **body: Any) -> dict[str, Any]:
        async with self.core.client(self.core.admin_key) as operator:
            answer = await post(operator, f"/v1/admin/orgs/{self.org.org_id}/{what}", body)
        self.after = answer["position"]
        return answer

    async def read(self, path: str = LEDGER, **asked: Any) -> dict[str, Any]:
        answer = await self.client.get(path, params={"after": self.after, **asked})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def bookkeeper(core: Core) -> AsyncIterator[Bookkeeper]:
    org = await core.new_org(GRANTED)
    async with core.client(org.admin) as client, CommandBus(core.servers.kafka_bootstrap, new_id("test")) as bus:
        yield Bookkeeper(core, org, client, bus)


@pytest.fixture
async def books(core: Core) -> AsyncIterator[Bookkeeper]:
    """Granted; a project with an allocation; a job of the project captured, one of no project cancelled."""
    async with bookkeeper(core) as made:
        project = (await post(made.client, "/v1/projects", {"name": "Spring"}))["project_id"]
        await made.operate("allocations", project_id=project, amount=500, kind="allocate")
        await made.succeed(await made.submit(project_id=project))
        await made.cancel(await made.submit())
        yield made


def kinds(page: dict[str, Any]) -> list[str]:
    return [entry["kind"] for entry in page["items"]]


async def test_every_entry_is_exactly_as_it_was_hashed(books: Bookkeeper) -> None:
    page = await books.read(expand="cause")
    assert kinds(page) == ["release", "reserve", "capture", "reserve", "allocate", "grant"]
    before = GENESIS
    for item in reversed(page["items"]):
        entry = {name: value for name, value in item.items() if name not in ("balances", "cause")}
        assert entry["prev_hash"] == before
        before = entry.pop("hash")
        assert entry_hash(entry["prev_hash"], entry) == before
    assert [set(item) for item in (await books.read())["items"]] == [
        set(item) - {"balances", "cause"} for item in page["items"]
    ]


async def test_each_line_has_the_balances_after_it_and_who_asked_for_what(books: Bookkeeper) -> None:
    page = await books.read(expand="cause")
    assert page["balances"] == page["items"][0]["balances"] == await books.read("/v1/credits")
    lines = page["items"]
    for line, older in pairwise(lines):
        moved = sum(one["amount"] for one in line["postings"] if one["account"] == "spent")
        assert line["balances"]["spent"] - older["balances"]["spent"] == moved
    capture, granted = lines[2], lines[-1]
    assert capture["balances"]["allocations"] == {capture["project_id"]: 500 - COST}
    assert capture["cause"]["model"] == "test/echo"
    assert capture["cause"]["job_id"] == books.jobs[0]
    assert capture["cause"]["actor"].startswith("key_"), "who asked for the job, not the process that ended it"
    assert granted["cause"] == {"actor": "platform"}


async def test_as_of_a_time_the_books_stand_as_they_stood_then(books: Bookkeeper) -> None:
    lines = (await books.read(expand="cause"))["items"]
    for number, line in enumerate(lines):
        then = await books.read(expand="cause", as_of=line["at"])
        upto = [other for other in lines if other["at"] <= line["at"]]
        assert then["items"] == upto
        assert then["balances"] == upto[0]["balances"]
        assert len(upto) >= len(lines) - number
    before = datetime.fromisoformat(lines[-1]["at"]) - timedelta(milliseconds=1)
    empty = await books.read(as_of=before.isoformat())
    assert empty == {"items": [], "balances": {"available": 0, "reserved": 0, "spent": 0, "allocations": {}}}


async def test_the_history_is_narrowed_by_time_kind_job_and_project(books: Bookkeeper) -> None:
    lines = (await books.read())["items"]
    first, second = books.jobs
    project = lines[2]["project_id"]
    assert kinds(await books.read(kind="reserve")) == ["reserve", "reserve"]
    assert kinds(await books.read(job_id=first)) == ["capture", "reserve"]
    assert kinds(await books.read(job_id=second, kind="release")) == ["release"]
    assert kinds(await books.read(project_id=project)) == ["capture", "reserve", "allocate"]
    start, end = lines[3]["at"], lines[0]["at"]
    within = await books.read(**{"from": start, "to": end})
    assert within["items"] == [line for line in lines if start <= line["at"] < end]
    assert kinds(await books.read(**{"from": datetime.now(UTC).isoformat()})) == []


async def test_pages_follow_each_other_without_a_gap(books: Bookkeeper) -> None:
    whole = (await books.read())["items"]
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await books.read(limit=2, **cursor)
        found += page["items"]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole


async def test_a_search_finds_ids_reasons_and_models(books: Bookkeeper) -> None:
    job_id = books.jobs[0]
    for q, expected in {
        job_id: ["capture", "reserve"],
        f"ent_{job_id.removeprefix('job_')}.capture": ["capture"],
        "ECHO": ["release", "reserve", "capture", "reserve"],
        "echo capt": ["capture"],
        "captured": ["capture"],
        "reserve": ["reserve", "reserve"],
        "cancelled": ["release"],
        ".*": [],
        "no such words": [],
    }.items():
        assert kinds(await books.read(q=q)) == expected, q
        assert kinds(await books.read(q=q, limit=1)) == expected[:1], q


async def test_a_statement_leads_from_its_opening_to_its_closing_balances(books: Bookkeeper) -> None:
    await books.operate("refunds", job_id=books.jobs[0], amount=10)
    lines = list(reversed((await books.read(expand="cause"))["items"]))
    columns = ("available", "allocations", "reserved", "spent")
    spans: list[dict[str, str]] = [{}, {"from": lines[2]["at"]}, {"from": lines[2]["at"], "to": lines[-1]["at"]}]
    for span in spans:
        found = await books.read(STATEMENT, format="json", **span)
        inside = [one for one in lines if span.get("from", "") <= one["at"] < span.get("to", "9")]
        assert found["movements"] == inside
        for name in columns:
            opening, closing = summed(found["opening"], name), summed(found["closing"], name)
            assert opening + sum(total[name] for total in found["totals"].values()) == closing
        assert sum(total["entries"] for total in found["totals"].values()) == len(inside)
        assert found["closing"] == inside[-1]["balances"]
        assert await as_table(books, span) == table_of(found)
    assert found["opening"] == lines[1]["balances"]


def summed(balances: dict[str, Any], name: str) -> int:
    value = balances[name]
    return sum(value.values()) if name == "allocations" else int(value)


async def as_table(books: Bookkeeper, span: dict[str, str]) -> list[tuple[str, str, int, int]]:
    answer = await books.client.get(STATEMENT, params={"after": books.after, "format": "csv", **span})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="statement-{books.org.org_id}-')
    rows = [row for row in csv.DictReader(io.StringIO(answer.text, newline="")) if row["record"] != "total"]
    return [(row["record"], row["hash"], int(row["available_after"]), int(row["spent_after"])) for row in rows]


def table_of(found: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """What the table of the same statement holds."""
    moved = [("movement", one["hash"], one["balances"]) for one in found["movements"]]
    rows = [("opening", "", found["opening"]), *moved, ("closing", "", found["closing"])]
    return [(record, digest, left["available"], left["spent"]) for record, digest, left in rows]


async def test_a_statement_that_ends_before_it_begins_is_422(books: Bookkeeper) -> None:
    asked = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert (await books.client.get(STATEMENT, params=asked)).status_code == 422


async def test_the_days_sums_are_those_of_the_books(books: Bookkeeper) -> None:
    await books.operate("refunds", job_id=books.jobs[0], amount=10)
    project = (await books.read(kind="allocate"))["items"][0]["project_id"]
    for by, key in (("model", "test/echo"), ("project", project)):
        found = await books.read("/v1/credits/usage", by=by)
        (line,) = found["items"]
        assert line == {"day": line["day"], "key": key, "spent": COST, "refunded": 10, "jobs": 1}
        assert line["spent"] - line["refunded"] == (await books.read("/v1/credits"))["spent"]
    day = date.fromisoformat(line["day"])
    past = {"from": f"{day - timedelta(days=2)}T00:00:00Z", "to": f"{day}T00:00:00Z"}
    assert (await books.read("/v1/credits/usage", by="model", **past))["items"] == []


async def test_a_line_of_a_job_of_its_own_is_explained_from_the_request_on(books: Bookkeeper) -> None:
    await books.operate("refunds", job_id=books.jobs[0], amount=10, reason="sorry")
    lines = {one["kind"]: one for one in (await books.read(job_id=books.jobs[0]))["items"]}
    for kind, expected in {
        "reserve": ["job", "entry"],
        "capture": ["job", "entry", "attempt", "file", "entry"],
        "refund": ["job", "entry", "attempt", "file", "entry", "entry"],
    }.items():
        found = await books.read(f"/v1/credits/entries/{lines[kind]['entry_id']}/explain")
        assert found["entry"] == lines[kind]
        assert [stop["kind"] for stop in found["chain"]] == expected
        assert found["chain"][-1]["id"] == lines[kind]["entry_id"]
        assert [one["kind"] for one in found["siblings"]] == ["reserve", "capture", "refund"]
        assert (found["job"]["job_id"], found["job"]["refunded"]) == (books.jobs[0], 10)
    granted = (await books.read(kind="grant"))["items"][0]
    found = await books.read(f"/v1/credits/entries/{granted['entry_id']}/explain")
    assert ("job" in found, [stop["id"] for stop in found["chain"]]) == (False, [granted["entry_id"]])


async def test_another_organisation_sees_nothing_of_it(books: Bookkeeper, core: Core) -> None:
    other = await core.new_org(0)
    async with core.client(other.member) as client:
        entry = (await books.read())["items"][0]["entry_id"]
        for unknown in (entry, "ent_nothing", "nonsense"):
            answer = await client.get(f"/v1/credits/entries/{unknown}/explain", params={"after": books.after})
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        others = await client.get(STATEMENT, params={"after": books.after, "format": "json"})
        assert others.json()["movements"] == []
        spent = await client.get("/v1/credits/usage", params={"after": books.after, "by": "model"})
        assert spent.json() == {"items": []}
        for asked in ({}, {"job_id": books.jobs[0]}, {"q": books.jobs[0]}, {"q": "echo"}):
            answer = await client.get(LEDGER, params={"after": books.after, "expand": "cause", **asked})
            assert answer.json()["items"] == []


async def test_what_is_no_question_is_422(core: Core) -> None:
    org = await core.new_org(0)
    nonsense = ({"as_of": "yesterday"}, {"as_of": "2026-01-01T00:00:00"}, {"kind": "gift"}, {"expand": "all"})
    async with core.client(org.member) as client:
        for asked in nonsense:
            assert (await client.get(LEDGER, params=asked)).status_code == 422, asked
        assert (await client.get(LEDGER, params={"cursor": "nonsense"})).status_code == 400


async def test_what_is_no_amount_moves_nothing(books: Bookkeeper) -> None:
    """Every call about money; then one that is right, and its entry follows the last one from before."""
    before = (await books.read())["items"]
    admin, project = f"/v1/admin/orgs/{books.org.org_id}", before[2]["project_id"]
    calls = {
        f"{admin}/credits": [f'{{"kind": "{kind}", "amount": AMOUNT}}' for kind in ("grant", "purchase", "adjust")],
        f"{admin}/allocations": [
            f'{{"kind": "{kind}", "project_id": "{project}", "amount": AMOUNT}}' for kind in ("allocate", "deallocate")
        ],
        f"{admin}/refunds": [f'{{"job_id": "{books.jobs[0]}", "amount": AMOUNT}}'],
        "/v1/jobs": ['{"model": "test/echo", "input": {"prompt": "x"}, "max_cost": AMOUNT}'],
    }
    async with books.core.client(books.core.admin_key) as operator:
        for path, bodies in calls.items():
            client = books.client if path == "/v1/jobs" else operator
            for body in bodies:
                for amount in [*WRONG, *UNREADABLE, *([] if "adjust" in body else BELOW_0)]:
                    content = body.replace("AMOUNT", amount)
                    answer = await client.post(path, content=content, headers={"Idempotency-Key": new_id("key")})
                    assert answer.status_code == 422, content
                    assert answer.json()["type"] == "/problems/invalid-input"
    await books.operate("credits", kind="grant", amount=1)
    after = (await books.read())["items"]
    assert after[1:] == before
    assert after[0]["seq"] == before[0]["seq"] + 1
