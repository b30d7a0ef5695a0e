"""Many dead letters in one request, down to the real decider: each is decided for itself, and answered for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.model import CommandEnvelope
from commands.orgs import commands as c
from events.jobs.events import JobDiscarded
from gateway.routes.dead_letters import MANY_MAX
from tests.deciding import Orgs
from tests.given import ORG, dispatch, opened, submit
from tests.unit.gateway.test_app import BEARER, app, client, slug

__all__ = ["app", "client"]

PATH = "/v1/dlq/discard"
DEAD = ("job_1", "job_2", "job_3")
LIVES = "job_4"


@pytest.fixture
async def decider(tmp_path: Path) -> Orgs:
    """An organisation with three dead jobs and one that lives."""
    orgs = Orgs(tmp_path)
    submitted = [submit(job_id, max_attempts=1) for job_id in (*DEAD, LIVES)]
    failed = [
        c.RecordAttemptFailed(org_id=ORG, job_id=job_id, lease=1, category="outage", retry_in_s=1.0) for job_id in DEAD
    ]
    past = (*opened(10_000), *submitted, *(dispatch(job_id) for job_id in DEAD), *failed)
    for n, command in enumerate(past):
        await orgs(command, CommandEnvelope(f"cmd_{n}", ORG, "key_A", f"cor_{n}", f"cor_{n}"))
    return orgs


def set_aside(decider: Orgs) -> list[str]:
    return [one.data.job_id for one in decider.log if isinstance(one.data, JobDiscarded)]


async def discard(client: httpx.AsyncClient, *job_ids: str, key: str = "k1") -> Any:
    answer = await client.post(PATH, json={"job_ids": job_ids}, headers={**BEARER, "idempotency-key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_each_is_answered_in_the_order_of_the_request_and_done_once(
    client: httpx.AsyncClient, decider: Orgs
) -> None:
    items = await discard(client, "job_2", "job_1", "job_2")
    assert items == [{"job_id": one, "status": "discarded"} for one in ("job_2", "job_1")]
    assert sorted(set_aside(decider)) == ["job_1", "job_2"]


async def test_what_is_refused_says_why_and_holds_up_no_other(client: httpx.AsyncClient, decider: Orgs) -> None:
    items = await discard(client, LIVES, "job_unknown", "pln_X.1", "job_1")
    told = [(item["job_id"], item["status"], item.get("problem", {}).get("type")) for item in items]
    assert told == [
        (LIVES, "refused", "/problems/illegal-state"),
        ("job_unknown", "refused", "/problems/not-found"),
        ("pln_X.1", "refused", "/problems/not-found"),
        ("job_1", "discarded", None),
    ]
    assert (items[0]["problem"]["status"], items[0]["problem"]["allowed"]) == (409, ["dead"])
    assert set_aside(decider) == ["job_1"]


async def test_a_repeat_is_answered_as_before_and_its_key_is_good_for_no_other_list(
    client: httpx.AsyncClient, decider: Orgs
) -> None:
    first = await discard(client, "job_1", "job_2")
    assert await discard(client, "job_1", "job_2") == first
    [known, new] = await discard(client, "job_1", "job_3")
    assert known["problem"]["type"] == "/problems/idempotency-mismatch"
    assert new["status"] == "discarded"
    assert sorted(set_aside(decider)) == ["job_1", "job_2", "job_3"]


async def test_none_and_more_than_it_takes_are_refused(client: httpx.AsyncClient, decider: Orgs) -> None:
    for job_ids in ([], [f"job_{n}" for n in range(MANY_MAX + 1)]):
        answer = await client.post(PATH, json={"job_ids": job_ids}, headers=BEARER)
        assert slug(answer) == (422, "invalid-input")
        assert answer.json()["errors"][0]["pointer"] == "/job_ids"
    assert set_aside(decider) == []


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
async def test_the_description_says_what_is_taken_and_answered(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json", headers=BEARER)).json()
    for path, status in (("/v1/dlq/replay", "202"), (PATH, "200")):
        many = described["paths"][path]["post"]
        reference = many["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        body = described["components"]["schemas"][reference.rsplit("/", 1)[-1]]
        assert body["properties"]["job_ids"]["maxItems"] == MANY_MAX
        items = many["responses"][status]["content"]["application/json"]["schema"]["properties"]["items"]
        assert items["items"]["properties"]["status"]["enum"] == ["replayed", "discarded", "refused"]
