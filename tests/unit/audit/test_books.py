"""The auditor's books: equal to the deciders' where these are right, and closed to what no book may hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.credits.events import LedgerEntry
from events.credits.state import evolve, initial
from events.topics import EVENTS_CREDITS
from projections.audit.books import BadEntry, Book, moved, post, shape_holds
from tests import tampering
from tests.deciding import Orgs
from tests.given import ORG


def entry(kind: str, *postings: tuple[str, Any], **members: Any) -> dict[str, Any]:
    return {"kind": kind, "postings": [{"account": a, "amount": n} for a, n in postings]} | members


def grant(amount: int) -> dict[str, Any]:
    return entry("grant", ("available", amount), ("external", -amount))


def reserve(job: str, amount: int, account: str = "available", **members: Any) -> dict[str, Any]:
    return entry("reserve", (account, -amount), (f"reserved:{job}", amount), job_id=job, **members)


def end(kind: str, job: str, *postings: tuple[str, int], **members: Any) -> dict[str, Any]:
    return entry(kind, *postings, job_id=job, **members)


def kept(*entries: dict[str, Any]) -> Book:
    book = Book(ORG)
    for one in entries:
        m = moved(one)
        assert shape_holds(one["kind"], m), one
        post(book, one, m)
    return book


async def test_both_models_come_to_the_same_balances(tmp_path: Path) -> None:
    orgs, _ = await tampering.decided(Orgs(tmp_path))
    theirs = {ORG: initial(ORG), tampering.OTHER: initial("")}
    ours: dict[str, Book] = {}
    for recorded, raw in zip(orgs.log, orgs.raw, strict=True):
        if raw.topic != EVENTS_CREDITS:
            continue
        assert isinstance(recorded.data, LedgerEntry)
        data = orjson.loads(raw.value or b"")
        org = data["org_id"]
        theirs[org] = evolve(theirs[org], recorded.data, recorded.envelope.time)
        post(ours.setdefault(org, Book(org)), data, moved(data))
    for org, book in theirs.items():
        assert ours[org].balances == {
            "available": book.available,
            "reserved": book.reserved,
            "spent": book.spent,
            "allocations": dict(book.allocations),
        }
        assert ours[org].external == book.external
    assert ours[ORG].reserved > 0


FULL = (grant(1_000), reserve("job_1", 400))
IN_PROJECT = (
    grant(1_000),
    entry("allocate", ("available", -500), ("project:prj_1", 500), project_id="prj_1"),
    reserve("job_1", 400, "project:prj_1", project_id="prj_1"),
)


@pytest.mark.parametrize(
    ("before", "bad", "rule"),
    [
        ((), entry("grant", ("available", 10.0), ("external", -10.0)), "amount"),
        ((), entry("grant", ("available", True), ("external", -1)), "amount"),
        ((), entry("grant", ("available", "10"), ("external", -10)), "amount"),
        ((), entry("grant", ("available", 2**53), ("external", -(2**53))), "amount"),
        ((), entry("grant", ("available", 10), ("external", -9)), "sum"),
        ((), entry("grant", ("pocket", 10), ("external", -10)), "account"),
        (FULL, end("release", "job_1", ("reserved:job_2", -400), ("available", 400)), "account"),
        (FULL, reserve("job_2", 100, "project:prj_1", project_id="prj_2"), "account"),
        (FULL, reserve("job_2", 601), "negative"),
        (FULL, reserve("job_3", 1, "project:prj_1", project_id="prj_1"), "negative"),
        (FULL, reserve("job_1", 100), "reserved twice"),
        (FULL, end("release", "job_2", ("reserved:job_2", -400), ("available", 400)), "no reservation"),
        (FULL, end("release", "job_1", ("reserved:job_1", -300), ("available", 300)), "reservation"),
        (IN_PROJECT, end("release", "job_1", ("reserved:job_1", -400), ("available", 400)), "source"),
        (
            IN_PROJECT,
            entry("deallocate", ("project:prj_1", -50), ("available", 50), project_id="prj_1", reason="closed"),
            "closing",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_no_book_holds(before: Iterable[dict[str, Any]], bad: dict[str, Any], rule: str) -> None:
    book = kept(*before)
    with pytest.raises(BadEntry) as raised:
        post(book, bad, moved(bad))
    assert raised.value.rule == rule


@pytest.mark.parametrize(
    "bad",
    [
        entry("grant", ("available", -10), ("external", 10)),
        entry("purchase", ("spent", 10), ("external", -10)),
        entry("adjust", ("spent", 10), ("external", -10)),
        entry("allocate", ("project:prj_1", -10), ("available", 10), project_id="prj_1"),
        entry("deallocate", ("project:prj_1", 10), ("available", -10), project_id="prj_1"),
        reserve("job_1", -10),
        end("capture", "job_1", ("reserved:job_1", -10), ("spent", 11), ("available", -1)),
        end("release", "job_1", ("reserved:job_1", -10), ("spent", 10)),
        end("refund", "job_1", ("spent", 10), ("available", -10)),
        end("refund", "job_1", ("external", -10), ("available", 10)),
    ],
    ids=lambda one: one["kind"],
)
def test_no_entry_of_its_kind_moves(bad: dict[str, Any]) -> None:
    assert not shape_holds(bad["kind"], moved(bad))


def test_a_job_that_costs_nothing_reserves_nothing() -> None:
    free = kept(grant(10), entry("reserve", job_id="job_1"), entry("capture", job_id="job_1"))
    assert free.balances == {"available": 10, "reserved": 0, "spent": 0, "allocations": {}}


def test_a_closed_allocation_that_something_comes_back_to_is_open_again() -> None:
    closing = entry("deallocate", ("project:prj_1", -100), ("available", 100), project_id="prj_1", reason="closed")
    back = end("capture", "job_1", ("reserved:job_1", -400), ("spent", 300), ("project:prj_1", 100), project_id="prj_1")
    assert kept(*IN_PROJECT, closing).allocations == {}
    assert kept(*IN_PROJECT, closing, back).allocations == {"prj_1": 100}
