"""The auditor holds the read models against the log: what is not the log's is named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from events.topics import EVENTS_CREDITS
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.read_models import BALANCES, LEDGER, Ledgers, compare_balances
from projections.audit.verifier import Verifier
from tests import tampering
from tests.deciding import Orgs
from tests.given import ORG
from tests.unit.projections.given import documents

Shown = dict[str, list[dict[str, Any]]]


@pytest.fixture
async def genuine(tmp_path: Path) -> tuple[Verifier, Shown]:
    """What the log's auditor knows, and the read models that were made of the same log."""
    orgs, raw = await tampering.decided(Orgs(tmp_path))
    made = documents([event for event in orgs.log if event.stream.topic == EVENTS_CREDITS])
    shown = {
        LEDGER: sorted(made[LEDGER].values(), key=lambda one: (one["org_id"], one["seq"])),
        BALANCES: list(made[BALANCES].values()),
    }
    faults: list[Fault] = []
    with Ever(EVENTS_CREDITS) as ever:
        verifier = Verifier(faults.append, ever)
        for one in raw:
            verifier.take([one])
    assert faults == []
    return verifier, shown


def found(verifier: Verifier, shown: Shown) -> list[Fault]:
    faults: list[Fault] = []
    ledgers = Ledgers(verifier.books, faults.append)
    ledgers.take(shown[LEDGER])
    ledgers.finish()
    compare_balances(shown[BALANCES], verifier.books, faults.append)
    return faults


def test_read_models_of_the_same_log_hold(genuine: tuple[Verifier, Shown]) -> None:
    assert found(*genuine) == []


def test_what_came_after_the_reading_is_not_looked_at(genuine: tuple[Verifier, Shown]) -> None:
    verifier, shown = genuine
    later = deepcopy(shown)
    last = max((one for one in later[LEDGER] if one["org_id"] == ORG), key=lambda one: one["seq"])
    at = later[LEDGER].index(last) + 1
    later[LEDGER].insert(at, last | {"seq": last["seq"] + 1, "prev_hash": last["hash"], "hash": "0" * 64})
    for one in later[BALANCES]:
        if one["org_id"] == ORG:
            one |= {"_v": one["_v"] + 1, "available": one["available"] + 1}
    assert found(verifier, later) == []


def _line(shown: Shown, n: int) -> dict[str, Any]:
    return [one for one in shown[LEDGER] if one["org_id"] == ORG][n]


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


def _balance(shown: Shown) -> None:
    next(one for one in shown[BALANCES] if one["org_id"] == ORG)["available"] += 1


def _no_balance(shown: Shown) -> None:
    shown[BALANCES][:] = [one for one in shown[BALANCES] if one["org_id"] != ORG]


@pytest.mark.parametrize(
    "tamper", [_edit, _drop, _truncate, _drop_all, _insert, _balances_after, _balance, _no_balance]
)
def test_what_is_not_the_logs_is_named(genuine: tuple[Verifier, Shown], tamper: Callable[[Shown], None]) -> None:
    verifier, shown = genuine
    tamper(shown)
    faults = found(verifier, shown)
    assert {fault.rule for fault in faults} == {"read model"}
    assert faults[0].org_id in (ORG, "org_Z")
