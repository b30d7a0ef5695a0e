"""Kafka clients, tuned and made safe in one place."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import aiokafka.producer.sender as aiokafka_sender
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import NotEnoughReplicasError

log = logging.getLogger(__name__)

Record = ConsumerRecord
"""A record as it came from Kafka: topic, partition, offset, timestamp, key, value, headers."""

TRANSACTION_BACKOFF_S: Final = 0.001
"""How long a producer rests while the broker still closes its last transaction; the client's own 20 ms are a sleep."""
RETRY_BACKOFF_MS: Final = 5
TRANSACTION_TIMEOUT_MS: Final = 10_000
SESSION_TIMEOUT_MS: Final = 20_000
"""Longer than a transaction may last: who has lost its session has lost its transaction before."""
HEARTBEAT_MS: Final = 2_000
SAID_EVERY_S: Final = 5.0
CLOSE_WITHIN_S: Final = 5.0
BATCH_BYTES: Final = 512 * 1024
PATIENT_BYTES: Final = 64 * 1024
"""So much ends the wait of a reader that has time."""
REQUEST_BYTES_MAX: Final = 1_100_000
"""Largest record that a producer takes; a command may have 1 MiB."""


def _tune() -> None:
    """Sets the constant that aiokafka offers no argument for; refuses to go on where it has gone."""
    if not hasattr(aiokafka_sender, "BACKOFF_OVERRIDE"):
        raise RuntimeError("aiokafka.producer.sender.BACKOFF_OVERRIDE is gone: transactions would be slow")
    aiokafka_sender.BACKOFF_OVERRIDE = TRANSACTION_BACKOFF_S


class _Seldom(logging.Filter):
    """Lets each kind of message through once in a while: aiokafka says some of them hundreds of times a second.

    What the broker's verification of a transaction's partition makes it warn of is retried at once, and dropped.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if NotEnoughReplicasError in (record.args or ()):
            return False
        if record.created - self._said_at.get(record.msg, 0.0) < SAID_EVERY_S:
            return False
        self._said_at[record.msg] = record.created
        return True


_tune()
for _name in (
    "aiokafka",
    "aiokafka.producer.sender",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
):
    logging.getLogger(_name).addFilter(_Seldom())


def transactional_producer(bootstrap: str, transactional_id: str) -> AIOKafkaProducer:
    """The producer of one input partition. Its id is static, so that a successor fences it."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES_MAX,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )


def producer(bootstrap: str, *, linger_ms: int = 0) -> AIOKafkaProducer:
    """An idempotent producer outside transactions: commands, replies, progress."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=linger_ms,
        max_batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES_MAX,
        retry_backoff_ms=50,
    )


def consumer(
    bootstrap: str,
    *topics: str,
    group: str | None = None,
    instance_id: str | None = None,
    reset: str = "none",
    max_wait_ms: int = 1000,
    patience_ms: int = 0,
    partition_bytes: int = 1_200_000,
    session_ms: int = SESSION_TIMEOUT_MS,
) -> AIOKafkaConsumer:
    """A consumer that reads committed records, never commits by itself and never jumps silently.

    With `instance_id` its membership is static: after a crash it comes back to its partitions at once. With
    `patience_ms` records are not handed over one by one, but wait so long for others: each fetch costs the broker.
    """
    options: dict[str, Any] = {}
    if group is not None:
        options = {
            "group_id": group,
            "group_instance_id": instance_id,
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": min(HEARTBEAT_MS, session_ms // 4),
            "partition_assignment_strategy": (RangePartitionAssignor,),
        }
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset=reset,
        fetch_max_wait_ms=patience_ms or max_wait_ms,
        fetch_min_bytes=PATIENT_BYTES if patience_ms else 1,
        max_partition_fetch_bytes=partition_bytes,
        **options,
    )


def is_dead(client: AIOKafkaProducer) -> bool:
    """Whether a producer has met an error that it does not survive: whatever it is given now will fail."""
    task = client._sender.sender_task
    return task is not None and task.done()


def give_up_membership(member: AIOKafkaConsumer) -> None:
    """Lets the member's stop end its static membership too: the others have its partitions at once.

    A stop alone keeps the name, and with it the partitions until the session is over: right for whoever was killed and
    comes back, but whoever ends in good order may not. aiokafka offers no argument for it.
    """
    member._coordinator._group_instance_id = None


async def close(*clients: AIOKafkaProducer | AIOKafkaConsumer, within_s: float = CLOSE_WITHIN_S) -> None:
    """Stops clients. What cannot be stopped in time, because no broker answers, ends with the process."""
    stopping = [asyncio.ensure_future(client.stop()) for client in clients]
    done, late = await asyncio.wait(stopping, timeout=within_s)
    for task in done:
        if (error := task.exception()) is not None:
            log.warning("a client did not stop cleanly: %r", error)
    for task in late:
        log.warning("a client did not stop in time")
        task.cancel()
