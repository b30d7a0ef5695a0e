"""The decider's store: what it keeps, and when it is thrown away."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.model import Stream
from processors.runners import store as store_module
from processors.runners.rows import Changes, CommandRow, LastEvent, Mark, StreamRow
from processors.runners.store import DeciderStore, StoreBroken

KEY = ("toy.accounts", "acc")
ROW = StreamRow(Stream({"amount": 3}, 2, "digest", '{"account_id":"acc"}'), "corr")
COMMAND = CommandRow("corr", "digest", '{"a":1}', 1000, {"toy.accounts/0": 2})
MARK = Mark({"toy.accounts": LastEvent(1, "event-1")}, 5, 1000)


def opened(folder: Path, fingerprint: str = "f") -> DeciderStore:
    return DeciderStore(folder / "toy-0.sqlite", fingerprint=fingerprint)


async def filled(folder: Path) -> None:
    store = opened(folder)
    store.apply(Changes({KEY: ROW}, {"cmd": COMMAND}), MARK)
    await store.close()


async def test_what_was_flushed_is_there_again(tmp_path: Path) -> None:
    await filled(tmp_path)
    store = opened(tmp_path)
    assert store.stream(*KEY) == ROW
    assert store.command("cmd") == COMMAND
    assert store.known_commands(["cmd", "other"]) == {"cmd": COMMAND}
    assert store.mark == MARK
    await store.close()


async def test_which_streams_are_not_there_is_one_question(tmp_path: Path) -> None:
    await filled(tmp_path)
    store = opened(tmp_path)
    new, unwritten = ("toy.accounts", "new"), ("toy.accounts", "unwritten")
    store.apply(Changes({unwritten: ROW}, {}), MARK)
    assert store.absent([KEY, new, None, unwritten, ("toy.other", "acc")]) == {new, ("toy.other", "acc")}
    assert store.absent([None]) == set()
    await store.close()


async def test_what_was_not_flushed_is_not_half_there(tmp_path: Path) -> None:
    await filled(tmp_path)
    store = opened(tmp_path)
    newer = StreamRow(Stream({"amount": 9}, 3), "corr")
    store.apply(Changes({KEY: newer}, {}), Mark({"toy.accounts": LastEvent(2, "event-2")}, 6, 1001))
    assert store.stream(*KEY) == newer
    again = opened(tmp_path)
    assert again.stream(*KEY) == ROW
    assert again.mark == MARK


async def test_other_code_begins_with_an_empty_store(tmp_path: Path) -> None:
    await filled(tmp_path)
    store = opened(tmp_path, fingerprint="other code")
    assert store.stream(*KEY) is None
    assert store.mark == Mark()


async def test_a_corrupt_file_is_made_anew(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "toy-0.sqlite").write_bytes(b"no database" * 500)
    store = opened(tmp_path)
    assert store.stream(*KEY) is None
    assert store.mark == Mark()


async def test_a_row_that_cannot_be_read_ends_the_store(tmp_path: Path) -> None:
    await filled(tmp_path)
    store = opened(tmp_path)
    store._write.execute("UPDATE streams SET state = ?", (b"no pickle",))
    store._write.commit()
    with pytest.raises(StoreBroken):
        store.stream(*KEY)
    assert opened(tmp_path).mark == Mark()


async def test_who_was_succeeded_writes_no_more(tmp_path: Path) -> None:
    zombie = opened(tmp_path)
    successor = opened(tmp_path)
    successor.apply(Changes({KEY: ROW}, {}), MARK)
    await successor.flush()
    zombie.apply(Changes({KEY: StreamRow(Stream({"amount": 0}, 1), "old")}, {}), Mark(highest_input=1))
    with pytest.raises(StoreBroken, match="successor"):
        await zombie.flush()
    assert successor.stream(*KEY) == ROW
    assert opened(tmp_path).mark == MARK


async def test_commands_are_forgotten_after_a_day_of_the_logs_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PRUNE_EVERY", 1)
    day = store_module.REMEMBERED_MS
    store = opened(tmp_path)
    old, kept = (CommandRow("c", None, None, time_ms, {}) for time_ms in (1, 1000))
    store.apply(Changes({}, {"old": old, "kept": kept}), Mark(last_ms=day + 500))
    await store.close()
    assert set(opened(tmp_path).known_commands(["old", "kept"])) == {"kept"}


async def test_memory_is_bounded_and_reads_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "STREAMS_IN_MEMORY", 10)
    store = opened(tmp_path)
    rows = {("toy.accounts", f"acc{n}"): StreamRow(Stream({"amount": n}, 1), "c") for n in range(100)}
    store.apply(Changes(rows, {}), Mark(highest_input=1))
    await store.flush()
    assert len(store._streams._clean) == 10
    assert store.unwritten == 0
    assert {key: store.stream(*key) for key in rows} == rows
    assert len(store._streams._clean) == 10
