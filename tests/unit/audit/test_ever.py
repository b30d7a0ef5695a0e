"""What is kept of ended jobs on disk finds second lives and refunds that were too much or went astray."""

from __future__ import annotations

from typing import Any

import pytest

from projections.audit.books import Book, Live, moved
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from tests.given import JOB, ORG

PROJECT = "project:prj_1"


def entry(seq: int, *postings: tuple[str, int]) -> dict[str, Any]:
    data = [{"account": account, "amount": amount} for account, amount in postings]
    return {"org_id": ORG, "seq": seq, "job_id": JOB, "project_id": "prj_1", "postings": data}


def faults(*refunds: tuple[str, int], lives: int = 1, live_still: bool = False, closed: bool = False) -> list[Fault]:
    """Of a job that a project paid for, which captured 100."""
    said: list[Fault] = []
    book = Book(ORG, allocations={} if closed else {"prj_1": 0}, live={JOB: Live(1, PROJECT)} if live_still else {})
    with Ever("t") as ever:
        for seq in range(lives):
            ever.ended(entry(seq), 100, PROJECT, 0, seq)
        for seq, (account, amount) in enumerate(refunds, start=lives):
            back = entry(seq, ("spent", -amount), (account, amount))
            ever.refunded(book, back, moved(back), 0, seq)
        ever.finish([book], said.append)
    return said


@pytest.mark.parametrize(
    "said",
    [faults(), faults((PROJECT, 60), (PROJECT, 40)), faults(("available", 100), closed=True), faults(("available", 0))],
    ids=["no refund", "in two parts", "the allocation is closed", "nothing was left"],
)
def test_a_right_life_leaves_no_fault(said: list[Fault]) -> None:
    assert said == []


@pytest.mark.parametrize(
    ("said", "rule", "place"),
    [
        (faults((PROJECT, 60), (PROJECT, 41)), "once", "t/0/2"),
        (faults(lives=2), "once", "t/0/1"),
        (faults(live_still=True), "once", "t/0/0"),
        (faults((PROJECT, 1), lives=0), "once", "t/0/0"),
        (faults(("available", 100)), "source", "t/0/1"),
    ],
    ids=["refunded more", "ended twice", "lives again", "refunded without a life", "refunded to another account"],
)
def test_a_wrong_one_is_named(said: list[Fault], rule: str, place: str) -> None:
    assert [(fault.rule, fault.org_id, fault.place) for fault in said] == [(rule, ORG, place)]
