"""The auditor on a real Kafka: tampered topics are found out, and a real platform's books hold, also as a file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from events.log.admin import ensure
from events.log.clients import Record, producer
from events.topics import Topic
from projections.audit.faults import Fault
from projections.audit.verifier import Topics
from projections.stores import DATABASE
from studio.client.verifying import verify_log
from studio.client.verifying_files import Asked
from tests import tampering
from tests.platform import Running
from tests.servers import Servers
from tests.tampering import OF_THE_LOG, Signer, Tampering
from tests.typing_line import credits_once, studio, studio_json

pytestmark = pytest.mark.servers
SENTENCE = "a picture of a red kite"


async def written(bootstrap: str, records: Sequence[Record]) -> Topics:
    """Topics of their own that hold these records, in their order."""
    name = f"audit.{uuid.uuid4().hex[:8]}"
    topics = Topics(f"{name}.credits", f"{name}.jobs", f"{name}.checkpoints")
    own = dict(zip(Topics().all, topics.all, strict=True))
    await ensure(bootstrap, tuple(Topic(one, 1) for one in topics.all))
    client = producer(bootstrap)
    await client.start()
    try:
        for one in records:
            await client.send(
                own[one.topic], one.value, key=one.key, headers=list(one.headers), timestamp_ms=one.timestamp
            )
        await client.flush()
    finally:
        await client.stop()
    return topics


async def faults_of(bootstrap: str, records: Sequence[Record], **asked: Any) -> list[Fault]:
    topics = await written(bootstrap, records)
    faults: list[Fault] = []
    await verify_log(bootstrap, Asked(topics=topics, **asked), faults.append, lambda _done, _total: None)
    return faults


async def test_a_genuine_topic_holds(servers: Servers, tmp_path: Path) -> None:
    genuine = await tampering.history(tmp_path)
    assert await faults_of(servers.kafka_bootstrap, tampering.signed(genuine, Signer())) == []


@pytest.mark.parametrize("one", OF_THE_LOG, ids=lambda one: one.name)
async def test_a_tampered_topic_is_found_out(servers: Servers, tmp_path: Path, one: Tampering) -> None:
    genuine = await tampering.history(tmp_path)
    faults = await faults_of(servers.kafka_bootstrap, one.do(tampering.signed(genuine, Signer())))
    assert one.found_as in {fault.rule for fault in faults}


async def test_a_log_cut_back_to_an_earlier_moment_is_found_by_the_checkpoint_that_one_holds(
    servers: Servers, tmp_path: Path
) -> None:
    """All that is left fits together, signatures too: only what the auditor has kept tells."""
    signer, genuine = Signer(), await tampering.history(tmp_path)
    held = {"mine.json": signer.checkpoint(tampering.entries(genuine)[-1])}
    at = next(index for index, one in enumerate(genuine) if one is tampering.entries(genuine)[1])
    cut = [signer.introduced(), *genuine[: at + 1]]
    assert await faults_of(servers.kafka_bootstrap, cut) == []
    assert [fault.rule for fault in await faults_of(servers.kafka_bootstrap, cut, held=held)] == ["truncated"]


class TestRealBooks:
    """Of a platform that has run a sentence."""

    @pytest.fixture(scope="class")
    def ran(self, platform: Running, tmp_path_factory: pytest.TempPathFactory) -> Running:
        answer = studio_json(platform, "run", SENTENCE, "--out", str(tmp_path_factory.mktemp("files")))
        assert answer["status"] == "succeeded"
        credits_once(platform, reserved=0)
        return platform

    def test_hold_on_the_log_and_in_the_read_models(self, ran: Running) -> None:
        found = studio_json(ran, "audit", "verify", "--read-model")
        assert (found["holds"], found["faults"]) == (True, [])
        assert found["entries"] == found["read_model_lines"] >= 3

    def test_hold_in_an_export_and_a_cut_one_does_not(self, ran: Running, tmp_path: Path) -> None:
        file = tmp_path / "books.ndjson"
        told = studio_json(ran, "audit", "export", "--out", str(file))
        assert told["proven_to"] == told["entries"] >= 3
        alone = studio_json(ran, "audit", "verify", "--from-export", str(file))
        assert (alone["holds"], alone["since_checkpoints"]) == (True, 0)
        assert alone["chain"]["proven_to"] == told["entries"]

        lines = file.read_bytes().splitlines(keepends=True)
        last = max(number for number, line in enumerate(lines) if b'"topic":"events.credits"' in line)
        file.write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
        cut = studio(ran, "audit", "verify", "--from-export", str(file), "--json")
        assert (cut.returncode, json.loads(cut.stdout)["holds"]) == (1, False)
        assert "truncated" in json.loads(cut.stdout)["by_rule"]

    def test_a_balance_that_was_changed_in_the_read_model_is_named(self, ran: Running) -> None:
        mongo = json.loads((ran.data_dir / "dev.json").read_text())["mongo_url"]
        with MongoClient[dict[str, Any]](mongo) as client:
            balances = client[DATABASE]["balances"]
            balances.update_one({"_id": ran.org_id}, {"$inc": {"available": 1}})
            try:
                found = studio(ran, "audit", "verify", "--read-model", "--json")
            finally:
                balances.update_one({"_id": ran.org_id}, {"$inc": {"available": -1}})
        told = json.loads(found.stdout)
        assert (found.returncode, told["by_rule"]) == (1, {"read model": 1})
        assert told["faults"][0]["org_id"] == ran.org_id

    def test_what_is_no_export_is_said_in_one_line(self, ran: Running, tmp_path: Path) -> None:
        file = tmp_path / "nonsense"
        file.write_text("nonsense")
        found = studio(ran, "audit", "verify", "--from-export", str(file))
        assert (found.returncode, found.stdout) == (1, "")
        assert "is no export" in found.stderr
