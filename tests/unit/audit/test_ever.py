"""What is kept of ended jobs on disk finds second lives and refunds that were too much or went astray."""

from __future__ import annotations

from typing import Any

import pytest

from projections.audit.books import Book, Live, moved
from projections.audit.ever import KEPT_ROWS, Ever
from projections.audit.faults import Fault
from tests.deciding import record
from tests.given import JOB, ORG

PROJECT = "project:prj_1"
PAID = Live(100, PROJECT, "prj_1")


def entry(seq: int, *postings: tuple[str, int], **members: Any) -> dict[str, Any]:
    data = [{"account": account, "amount": amount} for account, amount in postings]
    same = {"org_id": ORG, "seq": seq, "job_id": JOB, "project_id": "prj_1", "kind": "refund", "entry_id": f"ent_{seq}"}
    return same | {"postings": data} | members


def faults(
    *refunds: tuple[str, int],
    lives: int = 1,
    live_still: bool = False,
    closed: bool = False,
    before: bool = False,
    **members: Any,
) -> list[Fault]:
    """Of a job that a project paid for, which captured 100. Whether its rows have gone to files makes no difference."""
    found, on_disk = (_faults(refunds, lives, live_still, closed, before, members, kept) for kept in (KEPT_ROWS, 2))
    assert found == on_disk
    return found


def _faults(
    refunds: tuple[tuple[str, int], ...],
    lives: int,
    live_still: bool,
    closed: bool,
    before: bool,
    members: dict[str, Any],
    kept: int,
) -> list[Fault]:
    said: list[Fault] = []
    book = Book(ORG, allocations={} if closed else {"prj_1": 0}, live={JOB: PAID} if live_still else {})
    with Ever("t", "j", kept_rows=kept) as ever:
        for seq in range(lives):
            ever.ended(ORG, JOB, 100, 50 if before else seq, PAID, record("t", seq, None, None, ()))
        for seq, (account, amount) in enumerate(refunds, start=lives):
            back = entry(seq, ("spent", -amount), (account, amount), **members)
            ever.entered(book, back, moved(back), b"cmd_%d" % seq, record("t", seq, None, None, ()))
        ever.finish([book], said.append)
    return said


@pytest.mark.parametrize(
    "said",
    [
        faults(),
        faults((PROJECT, 60), (PROJECT, 40)),
        faults(("available", 100), closed=True),
        faults(("available", 0)),
        faults((PROJECT, 100), uncollected=7),
    ],
    ids=["no refund", "in two parts", "the allocation is closed", "nothing was left", "clamped"],
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
        (faults((PROJECT, 100), before=True), "too early", "t/0/1"),
        (faults((PROJECT, 99), uncollected=7), "uncollected", "t/0/1"),
    ],
    ids=[
        "refunded more",
        "ended twice",
        "lives again",
        "refunded without a life",
        "refunded to another account",
        "refunded before its end",
        "clamped although more was left",
    ],
)
def test_a_wrong_one_is_named(said: list[Fault], rule: str, place: str) -> None:
    assert [(fault.rule, fault.org_id, fault.place) for fault in said] == [(rule, ORG, place)]


def test_an_entry_id_and_a_command_are_used_once() -> None:
    said: list[Fault] = []
    book, place = Book(ORG), record("t", 0, None, None, ())
    with Ever("t", "j") as ever:
        for seq, (entry_id, command) in enumerate([("ent_1", b"cmd_1"), ("ent_1", b"cmd_2"), ("ent_3", b"cmd_2")]):
            grant = entry(seq, ("available", 1), ("external", -1), kind="grant", entry_id=entry_id)
            ever.entered(book, grant, moved(grant), command, place)
        ever.finish([book], said.append)
    assert sorted((fault.rule, fault.seq) for fault in said) == [("entered twice", 1), ("entered twice", 2)]


@pytest.mark.parametrize(
    ("versions", "rules"),
    [
        (((5, True), (6, False), (7, False)), []),
        (((5, True), (7, False)), ["job version"]),
        (((6, False),), ["not live"]),
        (((5, True), (6, True)), ["once"]),
    ],
)
def test_events_after_a_jobs_end_are_numbered_without_a_gap(versions: Any, rules: list[str]) -> None:
    said: list[Fault] = []
    with Ever("t", "j") as ever:
        for version, end in versions:
            ever.event(ORG, JOB, version, end=end, record=record("t", version, None, None, ()))
        ever.finish([], said.append)
    assert [fault.rule for fault in said] == rules
