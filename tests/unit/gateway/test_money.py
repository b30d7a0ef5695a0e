"""Money over HTTP, down to the real decider: amounts that are none, keys that hold for ever, refunds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.model import CommandEnvelope
from commands.orgs import commands as c
from events.accounts.events import EntryRecorded
from events.credits.events import EntryKind
from events.model import MONEY_MAX
from tests.deciding import Orgs
from tests.given import ORG, asset, dispatch, opened, sealed, submit
from tests.no_amounts import BELOW_0, UNREADABLE, WRONG
from tests.unit.gateway.test_app import ADMIN, KEY, app, client, slug

__all__ = ["app", "client"]

GRANTED = 10_000
CREDITS, ALLOCATIONS, REFUNDS = (f"/v1/admin/orgs/{ORG}/{what}" for what in ("credits", "allocations", "refunds"))
JOBS = "/v1/jobs"
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
JOB = "job_1"


@pytest.fixture
async def decider(tmp_path: Path) -> Orgs:
    """An organisation with a project, an allocation, and a job that cost 300 of its 400."""
    orgs = Orgs(tmp_path)
    done = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=300)
    project = c.OpenProject(org_id=ORG, project_id="prj_1", title=sealed())
    for n, command in enumerate((*opened(GRANTED), project, submit(JOB), dispatch(JOB), done)):
        await orgs(command, CommandEnvelope(f"cmd_{n}", ORG, "key_A", f"cor_{n}", f"cor_{n}"))
    return orgs


async def call(client: httpx.AsyncClient, path: str, raw: dict[str, Any], key: str | None = None) -> Any:
    headers = OPERATOR | ({} if key is None else {"idempotency-key": key})
    return await client.post(path, json=raw, headers=headers)


async def say(client: httpx.AsyncClient, kind: str, amount: str) -> httpx.Response:
    """A call that is about money, with this in the place of the amount."""
    path, body = BODIES[kind]
    who = {"authorization": f"Bearer {KEY}"} if path == JOBS else OPERATOR
    content = body.replace("AMOUNT", amount)
    return await client.post(path, content=content, headers={**who, "idempotency-key": f"{kind}-key"})


BODIES = {
    "grant": (CREDITS, '{"kind": "grant", "amount": AMOUNT}'),
    "purchase": (CREDITS, '{"kind": "purchase", "amount": AMOUNT}'),
    "adjust": (CREDITS, '{"kind": "adjust", "amount": AMOUNT}'),
    "allocate": (ALLOCATIONS, '{"kind": "allocate", "project_id": "prj_1", "amount": AMOUNT}'),
    "deallocate": (ALLOCATIONS, '{"kind": "deallocate", "project_id": "prj_1", "amount": AMOUNT}'),
    "refund": (REFUNDS, f'{{"job_id": "{JOB}", "amount": AMOUNT}}'),
    "max_cost": (JOBS, '{"model": "m", "input": {}, "max_cost": AMOUNT}'),
}


@pytest.mark.parametrize("kind", BODIES)
async def test_what_is_no_amount_is_422_by_its_name_and_nothing_is_written(
    client: httpx.AsyncClient, decider: Orgs, kind: str
) -> None:
    before = len(decider.log)
    name = "/max_cost" if kind == "max_cost" else "/amount"
    for amount in [*WRONG, *UNREADABLE, *([] if kind == "adjust" else BELOW_0)]:
        answer = await say(client, kind, amount)
        assert slug(answer) == (422, "invalid-input"), amount
        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert pointers == ["" if amount in UNREADABLE else name], amount
    assert len(decider.log) == before


@pytest.mark.parametrize("kind", BODIES)
async def test_what_is_an_amount_is_taken(client: httpx.AsyncClient, decider: Orgs, kind: str) -> None:
    """The same bodies: they were refused for their amount and nothing else."""
    if kind == "deallocate":
        await say(client, "allocate", "5")
    answer = await say(client, kind, "5")
    assert answer.status_code in (201, 202), answer.text


@pytest.mark.parametrize("kind", ["grant", "purchase", "adjust"])
@pytest.mark.parametrize("amount", [MONEY_MAX, MONEY_MAX - GRANTED + 1])
async def test_a_sum_beyond_what_json_keeps_is_422_and_nothing_is_written(
    client: httpx.AsyncClient, decider: Orgs, kind: str, amount: int
) -> None:
    before = len(decider.log)
    assert slug(await call(client, CREDITS, {"kind": kind, "amount": amount})) == (422, "invalid-input")
    assert len(decider.log) == before


async def test_the_largest_sum_that_json_keeps_is_taken(client: httpx.AsyncClient, decider: Orgs) -> None:
    most = MONEY_MAX - GRANTED
    answer = await call(client, CREDITS, {"kind": "grant", "amount": most})
    assert answer.status_code == 201
    assert answer.json()["available"] == MONEY_MAX - 300


@pytest.mark.parametrize("amount", [1, GRANTED, MONEY_MAX])
async def test_an_adjustment_downwards_is_clamped(client: httpx.AsyncClient, decider: Orgs, amount: int) -> None:
    there = GRANTED - 300
    answer = await call(client, CREDITS, {"kind": "adjust", "amount": -amount, "reason": "correction"})
    assert answer.json()["available"] == max(0, there - amount)
    entry = decider.entries()[-1]
    assert (entry.kind, entry.reason, entry.uncollected or 0) == ("adjust", "correction", max(0, amount - there))


async def test_a_refund_says_what_it_moved_and_what_not(client: httpx.AsyncClient, decider: Orgs) -> None:
    first = await call(client, REFUNDS, {"job_id": JOB, "amount": 200, "reason": "goodwill"})
    second = await call(client, REFUNDS, {"job_id": JOB, "amount": 200})
    third = await call(client, REFUNDS, {"job_id": JOB})
    assert [answer.status_code for answer in (first, second, third)] == [201, 201, 409]
    moved = [(answer.json()["refunded"], answer.json()["uncollected"]) for answer in (first, second)]
    assert moved == [(200, 0), (100, 100)]
    assert [entry.entry_id for entry in decider.entries()[-2:]] == [a.json()["entry_id"] for a in (first, second)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"job_id": "job_9"}, 404),
        ({"job_id": "$where"}, 422),
        ({"job_id": JOB, "reason": "So sorry!"}, 422),
        ({"job_id": JOB, "org_id": ORG}, 422),
        ({"amount": 1}, 422),
    ],
)
async def test_a_refund_that_makes_no_sense(
    client: httpx.AsyncClient, decider: Orgs, body: dict[str, Any], status: int
) -> None:
    before = len(decider.log)
    assert (await call(client, REFUNDS, body)).status_code == status
    assert len(decider.log) == before


async def test_only_the_platforms_own_key_refunds(client: httpx.AsyncClient, decider: Orgs) -> None:
    answer = await client.post(REFUNDS, json={"job_id": JOB}, headers={"authorization": "Bearer sk_ann"})
    assert slug(answer) == (403, "forbidden")


MONEY_CALLS = [
    ("grant", CREDITS, {"kind": "grant", "amount": 5}),
    ("adjust", CREDITS, {"kind": "adjust", "amount": -5}),
    ("allocate", ALLOCATIONS, {"kind": "allocate", "project_id": "prj_1", "amount": 5}),
    ("refund", REFUNDS, {"job_id": JOB, "amount": 5}),
]


@pytest.mark.parametrize("later", [False, True], ids=["at-once", "after-a-day"])
@pytest.mark.parametrize(("kind", "path", "body"), MONEY_CALLS)
async def test_a_key_moves_money_once_for_ever(
    client: httpx.AsyncClient, decider: Orgs, kind: EntryKind, path: str, body: dict[str, Any], later: bool
) -> None:
    """Commands are remembered for a day; after that the entry's own stream answers."""
    first = await call(client, path, body, "k1")
    assert first.status_code == 201
    before = len(decider.log)
    if later:
        decider.forget_commands()
    again = await call(client, path, body, "k1")
    assert slug(again) == (409, "idempotency-replay")
    assert again.json()["existing_id"] == first.json()["entry_id"] == decider.entries()[-1].entry_id
    assert slug(await call(client, path, body | {"amount": 4}, "k1")) == (422, "idempotency-mismatch")
    assert len(decider.log) == before
    assert (await call(client, path, body, "k2")).status_code == 201


async def test_a_refused_money_call_burns_no_key(client: httpx.AsyncClient, decider: Orgs) -> None:
    much = {"kind": "allocate", "project_id": "prj_1", "amount": 2 * GRANTED}
    assert slug(await call(client, ALLOCATIONS, much, "k1")) == (402, "insufficient-credit")
    await call(client, CREDITS, {"kind": "grant", "amount": 2 * GRANTED})
    assert (await call(client, ALLOCATIONS, much, "k1")).status_code == 201


async def test_what_keeps_a_key_is_small_and_not_the_organisations(client: httpx.AsyncClient, decider: Orgs) -> None:
    await call(client, CREDITS, {"kind": "grant", "amount": 5}, "k1")
    (*_, entry, marker), entry_id = decider.log, decider.entries()[-1].entry_id
    assert marker.data == EntryRecorded(org_id=ORG, entry_id=entry_id, seq=entry.version)
    assert (marker.stream.subject, marker.version) == (entry_id, 1)
    assert marker.envelope.digest == entry.envelope.digest
    assert marker.envelope.digest is not None
