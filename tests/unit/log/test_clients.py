"""The clients' settings, on which everything else stands."""

from __future__ import annotations

from typing import Any

import aiokafka.producer.sender as aiokafka_sender
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from events.log import clients

MADE: dict[str, Any] = {}


class SeenProducer(AIOKafkaProducer):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        MADE.update(options)
        super().__init__(**options)


class SeenConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    def __init__(self, *topics: str, **options: Any) -> None:
        MADE.update(options)
        super().__init__(*topics, **options)


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    MADE.clear()
    monkeypatch.setattr(clients, "AIOKafkaProducer", SeenProducer)
    monkeypatch.setattr(clients, "AIOKafkaConsumer", SeenConsumer)


def test_the_constant_that_makes_transactions_fast_is_still_there_and_set() -> None:
    assert aiokafka_sender.BACKOFF_OVERRIDE == clients.TRANSACTION_BACKOFF_S


async def test_a_consumer_never_reads_uncommitted_commits_by_itself_or_jumps() -> None:
    await clients.consumer("127.0.0.1:1").stop()
    assert MADE["isolation_level"] == "read_committed"
    assert MADE["enable_auto_commit"] is False
    assert MADE["auto_offset_reset"] == "none"


async def test_members_are_static_and_assigned_by_range() -> None:
    await clients.consumer("127.0.0.1:1", "t", group="g", instance_id="i").stop()
    assert MADE["group_instance_id"] == "i"
    assert [assignor.name for assignor in MADE["partition_assignment_strategy"]] == ["range"]


async def test_a_transaction_ends_before_its_session() -> None:
    await clients.transactional_producer("127.0.0.1:1", "t").stop()
    assert MADE["transaction_timeout_ms"] < clients.SESSION_TIMEOUT_MS
    assert MADE["acks"] == "all"
    assert MADE["linger_ms"] == 0
    assert MADE["retry_backoff_ms"] == 5
