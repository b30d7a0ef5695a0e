"""The auditor holds the read models against the log: what is not the log's is named, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from commands.model import CommandEnvelope
from commands.orgs.commands import RefundJob, SubmitJob
from events.log.clients import Record
from events.topics import EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.ever import JOBS, Ever
from projections.audit.faults import Fault
from projections.audit.read_models import (
    BALANCES,
    CHECKPOINTS,
    LEDGER,
    USAGE,
    Ahead,
    Ledgers,
    compare_balances,
    compare_checkpoints,
    compare_jobs,
    compare_usage,
)
from projections.audit.verifier import Sums, Verifier
from tests import tampering
from tests.deciding import Orgs
from tests.given import ORG, sealed
from tests.tampering import Signer
from tests.unit.projections.given import documents

Shown = dict[str, list[dict[str, Any]]]
LATER = (
    RefundJob(org_id=ORG, entry_id="ent_later", job_id="job_A0", amount=7),
    SubmitJob(org_id=ORG, job_id="job_later", model="m", provider="p", input=sealed(), reserve=2),
)


@dataclass
class Genuine:
    """What the log's auditor knows, the read models that were made of the same log, and both an entry later."""

    verifier: Verifier
    shown: Shown
    shown_later: Shown
    log_later: list[Record]


@pytest.fixture
async def genuine(tmp_path: Path) -> AsyncIterator[Genuine]:
    orgs, raw = await tampering.decided(Orgs(tmp_path))
    signer, known, faults = Signer(), len(orgs.raw), list[Fault]()
    signed = [signer.signed(tampering.entries(raw)[n]) for n in (5, -1)]
    with Ever(EVENTS_CREDITS, EVENTS_JOBS) as ever:
        verifier = Verifier(faults.append, ever)
        for one in [signer.introduced(), *raw, *signed]:
            verifier.take([one])
        shown = _shown(orgs, signed)
        for n, command in enumerate(LATER):
            name = f"cmd_later{n}"
            envelope = CommandEnvelope(id=name, org_id=ORG, actor="key_A", correlation_id=name, causation_id=name)
            await orgs(command, envelope)
        later = [one for one in orgs.raw[known:] if one.topic == EVENTS_CREDITS]
        yield Genuine(verifier, shown, _shown(orgs, signed), later)
    assert faults == []


def _shown(orgs: Orgs, signed: list[Record]) -> Shown:
    made = documents([event for event in orgs.log if event.stream.topic in (EVENTS_CREDITS, EVENTS_JOBS)])
    return {
        JOBS: list(made[JOBS].values()),
        USAGE: list(made[USAGE].values()),
        LEDGER: sorted(made[LEDGER].values(), key=lambda one: (one["org_id"], one["seq"])),
        BALANCES: list(made[BALANCES].values()),
        CHECKPOINTS: [orjson.loads(one.value) | {"_id": f"c{n}", "_v": 1} for n, one in enumerate(signed)],
    }


def found(verifier: Verifier, shown: Shown, read_on: list[Record] | None = None) -> list[Fault]:
    faults: list[Fault] = []
    ahead = Ahead(verifier.books, faults.append)
    ledgers = Ledgers(verifier.books, ahead, faults.append)
    ledgers.take(shown[LEDGER])
    ledgers.finish()
    compare_balances(shown[BALANCES], verifier.books, ahead, faults.append)
    compare_checkpoints(shown[CHECKPOINTS], verifier.heads, faults.append)
    compare_jobs(shown[JOBS], verifier.ever, faults.append)
    before = verifier.sums
    verifier.after = ahead.entry
    for one in read_on or []:
        verifier.take([one])
    ahead.finish()
    sums: dict[str, Sums] = {}
    for one in shown[USAGE]:
        spent, refunded = sums.get(one["org_id"], (0, 0))
        sums[one["org_id"]] = Sums(spent + one["spent"], refunded + one["refunded"])
    compare_usage(sums, before, verifier.sums, faults.append)
    verifier.ever.finish(verifier.books.values(), faults.append)
    return faults


def test_read_models_of_the_same_log_hold(genuine: Genuine) -> None:
    assert found(genuine.verifier, genuine.shown) == []


def test_what_came_after_the_reading_holds_where_the_log_comes_to_the_same(genuine: Genuine) -> None:
    assert found(genuine.verifier, genuine.shown_later, genuine.log_later) == []


def test_what_is_beyond_the_logs_end_is_a_fault(genuine: Genuine) -> None:
    faults = found(genuine.verifier, genuine.shown_later)
    assert {(fault.rule, fault.org_id) for fault in faults} == {("read model", ORG)}
    assert {LEDGER, BALANCES, USAGE, JOBS} <= {fault.place for fault in faults}


def test_what_came_after_the_reading_and_is_not_the_logs_is_a_fault(genuine: Genuine) -> None:
    shown = deepcopy(genuine.shown_later)
    _line(shown, -1)["_balances"]["available"] += 1
    _balance(shown)
    faults = found(genuine.verifier, shown, genuine.log_later)
    assert [fault.place for fault in faults] == [LEDGER, BALANCES]


def _line(shown: Shown, n: int) -> dict[str, Any]:
    return [one for one in shown[LEDGER] if one["org_id"] == ORG][n]


def _of_org(shown: Shown, collection: str) -> dict[str, Any]:
    return next(one for one in shown[collection] if one["org_id"] == ORG)


def _edit(shown: Shown) -> None:
    _line(shown, 2)["postings"][0]["amount"] += 1


def _drop(shown: Shown) -> None:
    shown[LEDGER].remove(_line(shown, 2))


def _truncate(shown: Shown) -> None:
    shown[LEDGER].remove(_line(shown, -1))


def _drop_all(shown: Shown) -> None:
    shown[LEDGER][:] = [one for one in shown[LEDGER] if one["org_id"] != ORG]


def _insert(shown: Shown) -> None:
    shown[LEDGER].append(_line(shown, 0) | {"org_id": "org_Z"})


def _balances_after(shown: Shown) -> None:
    _line(shown, -1)["_balances"]["spent"] += 1


def _balances_once(shown: Shown) -> None:
    """What `?as_of=` and a statement of that time show."""
    _line(shown, 4)["_balances"]["available"] += 1


def _forged_line(shown: Shown) -> None:
    last = _line(shown, -1)
    at = shown[LEDGER].index(last) + 1
    shown[LEDGER].insert(at, last | {"seq": last["seq"] + 1, "prev_hash": last["hash"], "hash": "0" * 64})


def _balance(shown: Shown) -> None:
    _of_org(shown, BALANCES)["available"] += 1


def _balance_of_later(shown: Shown) -> None:
    one = _of_org(shown, BALANCES)
    one |= {"_v": 10**9, "available": one["available"] + 1}


def _balance_of_nobody(shown: Shown) -> None:
    shown[BALANCES].append({"_id": "org_Z", "org_id": "org_Z", "_v": 3, "available": 9})


def _no_balance(shown: Shown) -> None:
    shown[BALANCES][:] = [one for one in shown[BALANCES] if one["org_id"] != ORG]


def _checkpoint(shown: Shown) -> None:
    _of_org(shown, CHECKPOINTS)["hash"] = "0" * 64


def _no_checkpoint(shown: Shown) -> None:
    del shown[CHECKPOINTS][-1]


def _job(shown: Shown, job: str) -> dict[str, Any]:
    return next(one for one in shown[JOBS] if one["job_id"] == job)


def _captured(shown: Shown) -> None:
    _job(shown, "job_A0")["captured"] -= 1


def _captured_of_live(shown: Shown) -> None:
    _job(shown, "job_A7")["captured"] = 0


def _reserved(shown: Shown) -> None:
    _job(shown, "job_A3")["reserved"] += 1


def _refunded(shown: Shown) -> None:
    del _job(shown, "job_A0")["refunded"]


def _captured_text(shown: Shown) -> None:
    _job(shown, "job_A0")["captured"] = "300"


def _no_job(shown: Shown) -> None:
    shown[JOBS].remove(_job(shown, "job_A0"))


def _other_job(shown: Shown) -> None:
    shown[JOBS].append(_job(shown, "job_A0") | {"job_id": "job_Z"})


def _usage(shown: Shown) -> None:
    _of_org(shown, USAGE)["spent"] += 1


@pytest.mark.parametrize(
    "tamper",
    [
        _edit, _drop, _truncate, _drop_all, _insert, _balances_after, _balances_once, _forged_line,
        _balance, _balance_of_later, _balance_of_nobody, _no_balance, _checkpoint, _no_checkpoint,
        _captured, _captured_of_live, _reserved, _refunded, _captured_text, _no_job, _other_job, _usage,
    ],
)  # fmt: skip
def test_what_is_not_the_logs_is_named(genuine: Genuine, tamper: Callable[[Shown], None]) -> None:
    shown = deepcopy(genuine.shown)
    tamper(shown)
    faults = found(genuine.verifier, shown)
    assert {fault.rule for fault in faults} == {"read model"}
    assert faults[0].org_id in (ORG, "org_Z")
