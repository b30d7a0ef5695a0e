"""A replay of real entries: movements with causes and balances, spans, broken chains, and tables of it all."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from arro3.io import read_parquet

from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from events.log.clients import Record
from events.sealed import Sealed
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.account import Account
from projections.audit.books import Book
from projections.audit.causes import Causes
from studio.client.replay_tables import COLUMNS, CsvTable, ParquetTable
from studio.client.replaying import Asked, BooksBroken, Replay
from studio.verbs.audit_replay import BadTime, moment
from tests import tampering
from tests.deciding import record
from tests.given import ORG

EVER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Held:
    """A history in memory, a record a batch."""

    records: Sequence[Record]

    async def begin(self, before: str) -> tuple[Account, int]:
        return Account(Book(ORG)), 0

    async def credits(self, start: int) -> AsyncIterator[Sequence[Record]]:
        for one in self.records:
            if one.topic == EVENTS_CREDITS and one.offset >= start:
                yield [one]

    async def jobs(self, since: str | None) -> AsyncIterator[Sequence[Record]]:
        yield [one for one in self.records if one.topic == EVENTS_JOBS]

    async def canvas(self, sessions: Sequence[str]) -> AsyncIterator[Sequence[Record]]:
        yield [one for one in self.records if one.topic == EVENTS_CANVAS]


async def never_asked(_: Any) -> str:
    raise AssertionError("nothing is sealed here")


async def movements(records: Sequence[Record], asked: Asked) -> tuple[Replay, list[dict[str, Any]]]:
    replay = Replay(Held(records), asked, never_asked)
    return replay, [one async for one in replay.movements()]


async def test_every_entry_is_there_as_on_the_log_with_what_was_left(tmp_path: Path) -> None:
    records = await tampering.history(tmp_path)
    replay, found = await movements(records, Asked(ORG, EVER))
    entries = [orjson.loads(one.value) for one in tampering.entries(records)]
    beside = ("moves", "balances", "cause")
    assert [{name: one[name] for name in one if name not in beside} for one in found] == entries
    assert found[-1]["balances"] == replay.account.book.balances
    assert {one["cause"].get("model") for one in found if "job_id" in one} == {"m"}
    assert sum(total["entries"] for total in replay.account.totals.values()) == len(entries)
    left = replay.account.book
    for name, amount in {"available": left.available, "spent": left.spent, "reserved": left.reserved}.items():
        assert sum(total[name] for total in replay.account.totals.values()) == amount


async def test_as_of_a_time_holds_what_was_decided_until_then_and_a_span_begins_with_what_was_left(
    tmp_path: Path,
) -> None:
    records = await tampering.history(tmp_path)
    _, whole = await movements(records, Asked(ORG, EVER))
    since, upto = (datetime.fromisoformat(whole[n]["at"]) for n in (4, 9))
    replay, found = await movements(records, Asked(ORG, upto, since))
    assert found == [one for one in whole if whole[4]["at"] <= one["at"] <= whole[9]["at"]]
    before = [one for one in whole if one["at"] < whole[4]["at"]]
    assert replay.opening == before[-1]["balances"]
    assert sum(total["entries"] for total in replay.account.totals.values()) == len(found)
    totals, nothing = await movements(records, Asked(ORG, upto, movements=False))
    assert (totals.account.book.balances, nothing) == (found[-1]["balances"], [])


async def test_as_of_an_offset_holds_what_stands_before_it(tmp_path: Path) -> None:
    records = await tampering.history(tmp_path)
    _, whole = await movements(records, Asked(ORG, EVER))
    below = tampering.entries(records)[7].offset
    replay, found = await movements(records, Asked(ORG, EVER, below=below))
    assert found == whole[:7]
    assert replay.account.book.balances == whole[6]["balances"]
    totals, nothing = await movements(records, Asked(ORG, EVER, movements=False, below=below))
    assert (totals.account.book.balances, nothing) == (whole[6]["balances"], [])


@pytest.mark.parametrize("change", [{"postings": []}, {"seq": 99}, {"hash": "0" * 64}, {"prev_hash": "1" * 64}])
async def test_where_the_chain_breaks_the_replay_ends(tmp_path: Path, change: dict[str, Any]) -> None:
    records = await tampering.history(tmp_path)
    broken = tampering.entries(records)[3]
    records = tampering.put(records, broken, tampering.rewritten(broken, **change))
    with pytest.raises(BooksBroken, match=f"{EVENTS_CREDITS}/0/{broken.offset}"):
        await movements(records, Asked(ORG, EVER))


def on_canvas(name: str, subject: str, actor: str, at: datetime, data: dict[str, Any], org: str = ORG) -> Record:
    headers = [
        ("ce_type", f"com.aistudio.canvas.{name}.v1".encode()),
        ("ce_subject", subject.encode()),
        ("ce_orgid", org.encode()),
        ("ce_actor", actor.encode()),
        ("ce_time", at.isoformat().encode()),
    ]
    return record(EVENTS_CANVAS, 0, b"ses_X", orjson.dumps(data), headers)


async def test_the_cause_goes_back_to_the_words_of_a_person_until_that_person_is_forgotten() -> None:
    vault = KeyVault(MemoryKeyStore(), bytes(32))
    words = (await vault.seal(ORG, "usr_1", "a red kite\nover the sea")).model_dump()
    title = (await vault.seal(ORG, "usr_1", "Draw the kite")).model_dump()
    run = {"session_id": "ses_X", "run_id": "run_X.1.1", "step_id": "stp_X.1.s1"}
    accepted = [("ce_type", b"com.aistudio.jobs.accepted.v1"), ("ce_actor", b"executor")]
    job = record(EVENTS_JOBS, 0, ORG.encode(), orjson.dumps({"job_id": "job_1", "model": "m", "cause": run}), accepted)
    later = EVER + timedelta(days=1)
    renamed = {"step": {"step_id": "stp_X.1.s1", "title": "renamed"}}
    canvas = [
        on_canvas("message_posted", "ses_X", "usr_1", EVER, {"message_id": "msg_1", "text": words}),
        on_canvas("plan_drafted", "pln_X.1", "planner", EVER, {"message_id": "msg_1"}),
        on_canvas("step_drafted", "pln_X.1", "planner", EVER, {"step": {"step_id": "stp_X.1.s1", "title": title}}),
        on_canvas("plan_revised", "pln_X.1", "usr_1", later, renamed),
        on_canvas("plan_revised", "pln_X.1", "usr_1", EVER, renamed, org="org_B"),
    ]
    with Causes(ORG, EVER) as causes:
        causes.take_jobs([job])
        assert list(causes.sessions()) == ["ses_X"]
        causes.take_canvas(canvas)
        found = causes.of({"job_id": "job_1"}, "executor")
        assert causes.of({}, "platform") == {"actor": "platform"}
    assert found == {
        "actor": "usr_1", "plan_id": "pln_X.1", "model": "m", "job_id": "job_1", **run, "step_title": title,
        "prompt": words,
    }  # fmt: skip
    assert await vault.open(Sealed.model_validate(found["prompt"])) == "a red kite\nover the sea"
    await vault.forget(ORG, "usr_1")
    assert await vault.open(Sealed.model_validate(found["prompt"])) == "[erased]"


async def test_tables_hold_every_movement(tmp_path: Path) -> None:
    _, found = await movements(await tampering.history(tmp_path), Asked(ORG, EVER))
    found[0]["reason"] = "=1+1"
    with CsvTable(tmp_path / "a.csv") as one, ParquetTable(tmp_path / "a.parquet") as two:
        for movement in found:
            one.add(movement)
            two.add(movement)
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = read_parquet(tmp_path / "a.parquet").read_all()
    assert columns.column_names == list(COLUMNS)
    assert columns["seq"].to_pylist() == [int(row["seq"]) for row in rows] == [one["seq"] for one in found]
    assert columns["spent"].to_pylist() == [one["moves"]["spent"] for one in found]
    assert columns["hash"].to_pylist() == [row["hash"] for row in rows]
    assert columns["available_after"].to_pylist()[-1] == found[-1]["balances"]["available"]
    assert (rows[0]["reason"], columns["reason"].to_pylist()[0]) == ("'=1+1", "=1+1")


def test_a_table_that_was_not_finished_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cut"), CsvTable(tmp_path / "b.csv"), ParquetTable(tmp_path / "b.parquet"):
        raise OSError("cut")
    assert list(tmp_path.iterdir()) == []


def test_a_date_is_all_of_its_day_and_nonsense_is_said() -> None:
    assert moment("2026-11-30", end=True) == datetime(2026, 11, 30, 23, 59, 59, 999999, UTC)
    assert moment("2026-11-30", end=False) == moment("2026-11-30T01:00:00+01:00", end=True)
    assert moment("2026-11-30T12:00:00Z", end=False) == datetime(2026, 11, 30, 12, tzinfo=UTC)
    for text in ("yesterday", "9999-12-31", "0001-01-01", "1969-12-31T23:59:59Z"):
        with pytest.raises(BadTime, match=text):
            moment(text, end=True)
