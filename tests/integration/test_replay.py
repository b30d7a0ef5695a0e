"""Replays on a real Kafka: the same with the index as without it, and the same as the API shows."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from arro3.io import read_parquet

from bench.ledgers import OVER, Ledgers, write
from events.log.admin import ensure_topics
from studio.client.replay_sources import LogSource
from studio.client.replaying import Asked, Replay
from tests.broker import a_broker
from tests.platform import Running
from tests.typing_line import credits_once, get, studio, studio_json

pytestmark = pytest.mark.servers
SENTENCE = "a picture of a red kite"


async def nothing_sealed(_: Any) -> str:
    raise AssertionError("nothing is sealed here")


async def account(source: LogSource, org_id: str, as_of: datetime) -> dict[str, Any]:
    replay = Replay(source, Asked(org_id, as_of, movements=False), nothing_sealed)
    async for _ in replay.movements():
        raise AssertionError("no movement was asked for")
    return {"totals": replay.account.totals, "head": replay.account.book.head, **replay.account.book.balances}


@pytest.fixture
async def own_log(tmp_path: Path) -> AsyncIterator[str]:
    """The bootstrap of a log whose times only grow: on one that others write to, a month ago would come after now."""
    async with a_broker(tmp_path / "kafka") as broker:
        await ensure_topics(broker.bootstrap)
        yield broker.bootstrap


async def test_by_the_index_as_without_it_also_when_the_index_is_of_another_log(own_log: str, tmp_path: Path) -> None:
    bootstrap, series = own_log, secrets.randbelow(10**12)
    await write(bootstrap, 3, 600, series=series)
    org_id, now = Ledgers(3, 0, series).names[0], datetime.now(UTC)
    told: list[tuple[int, int]] = []
    indexed = LogSource(bootstrap, org_id, tmp_path / "index.sqlite", lambda *at: told.append(at), every=40)
    whole = LogSource(bootstrap, org_id, tmp_path / "none.sqlite", lambda _done, _total: None, every=10**9)
    moments = [now - OVER - timedelta(days=1), now - OVER / 2, now - OVER / 7, now]
    expected = [await account(whole, org_id, moment) for moment in moments]
    assert [one["spent"] > 0 for one in expected] == [False, True, True, True]
    assert [await account(indexed, org_id, moment) for moment in moments] == expected
    assert told
    assert not indexed.rebuilt

    with sqlite3.connect(tmp_path / "index.sqlite") as index:
        index.execute("UPDATE snapshots SET digest = 'of another record'")
        index.execute("UPDATE books SET account = replace(account, '100', '999')")
    assert [await account(indexed, org_id, moment) for moment in moments] == expected
    assert indexed.rebuilt

    indexed.rebuilt = False
    with sqlite3.connect(tmp_path / "index.sqlite") as index:
        index.execute("UPDATE books SET account = CAST(replace(account, '00', '99') AS BLOB)")
    assert [await account(indexed, org_id, moment) for moment in moments] == expected
    assert indexed.rebuilt

    (tmp_path / "index.sqlite").write_bytes(b"no database" * 1_000)
    assert await account(indexed, org_id, now) == expected[-1]


class TestARealAccount:
    """Of a platform that has run a sentence."""

    @pytest.fixture(scope="class")
    def ran(self, platform: Running, tmp_path_factory: pytest.TempPathFactory) -> Running:
        answer = studio_json(platform, "run", SENTENCE, "--out", str(tmp_path_factory.mktemp("files")))
        assert answer["status"] == "succeeded"
        credits_once(platform, reserved=0)
        return platform

    def test_is_replayed_from_the_log_as_the_api_shows_it(self, ran: Running) -> None:
        told = studio_json(ran, "audit", "replay")
        shown = get(ran, "/v1/credits/ledger?expand=cause&limit=200")
        items = [{name: one[name] for name in one if name != "moves"} for one in told["movements"]]
        assert items == shown["items"][::-1]
        assert SENTENCE in {one["cause"].get("prompt") for one in items}
        assert told["closing"] == items[-1]["balances"]

        since = items[-1]["at"]
        span = studio_json(ran, "audit", "replay", "--from", since, "--as-of", since)
        assert span["movements"] == [one for one in told["movements"] if one["at"] == since]
        assert studio_json(ran, "audit", "replay", "--totals")["totals"] == told["totals"]

    def test_goes_to_tables_and_to_a_persons_screen(self, ran: Running, tmp_path: Path) -> None:
        files = (tmp_path / "a.csv", tmp_path / "a.parquet")
        told = studio_json(ran, "audit", "replay", "--to-csv", str(files[0]), "--to-parquet", str(files[1]))
        assert "movements" not in told
        rows = len(files[0].read_text().splitlines()) - 1
        assert rows == read_parquet(files[1]).read_all().num_rows == told["chain"]["entries"]
        screen = studio(ran, "audit", "replay")
        assert screen.returncode == 0, screen.stderr
        assert SENTENCE in screen.stdout
        assert told["chain"]["head"] in screen.stdout
        sealed = studio(ran, "audit", "replay", "--sealed")
        assert SENTENCE not in sealed.stdout

    def test_is_replayed_from_an_export_too(self, ran: Running, tmp_path: Path) -> None:
        file = tmp_path / "books.ndjson"
        studio_json(ran, "audit", "export", "--out", str(file))
        told, live = (
            studio_json(ran, "audit", "replay", "--from-export", str(file)),
            studio_json(ran, "audit", "replay"),
        )
        assert (told["totals"], told["closing"], told["chain"]) == (live["totals"], live["closing"], live["chain"])

    def test_what_cannot_be_replayed_is_said_in_one_line(self, ran: Running) -> None:
        for arguments, said in (
            (("--as-of", "yesterday"), "is no time"),
            (("--as-of", "2026-01-01", "--from", "2026-01-02"), "is later than"),
        ):
            found = studio(ran, "audit", "replay", *arguments)
            assert (found.returncode, found.stdout) == (1, "")
            assert said in " ".join(found.stderr.split())
        empty = json.loads(studio(ran, "audit", "replay", "--org", "org_NOBODY", "--json").stdout)
        assert (empty["movements"], empty["chain"]["entries"]) == ([], 0)

    def test_shows_a_forgotten_persons_words_as_erased_and_the_books_as_they_were(
        self, ran: Running, tmp_path: Path
    ) -> None:
        with httpx.Client(base_url=ran.url, trust_env=False, timeout=30) as client:
            platform = {"Authorization": f"Bearer {ran.admin_key}"}
            org_id = client.post("/v1/admin/orgs", json={"name": "Hers"}, headers=platform).json()["org_id"]
            grant = {"kind": "grant", "amount": 100_000}
            client.post(f"/v1/admin/orgs/{org_id}/credits", json=grant, headers=platform).raise_for_status()
            key = {"role": "admin", "user_id": "usr_ann"}
            issued = client.post(f"/v1/admin/orgs/{org_id}/keys", json=key, headers=platform).json()["api_key"]
            studio_json(ran, "run", SENTENCE, "--key", issued, "--out", str(tmp_path))
            before = studio_json(ran, "audit", "replay", "--org", org_id)
            assert SENTENCE in {one["cause"].get("prompt") for one in before["movements"]}
            mine = {"Authorization": f"Bearer {issued}"}
            client.delete("/v1/users/usr_ann/data", headers=mine).raise_for_status()
        after = studio_json(ran, "audit", "replay", "--org", org_id)
        told = {one["cause"].get("prompt") for one in after["movements"]}
        assert (SENTENCE in told, "[erased]" in told) == (False, True)
        assert (after["totals"], after["closing"], after["chain"]) == (
            before["totals"],
            before["closing"],
            before["chain"],
        )
