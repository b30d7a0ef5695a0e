"""A group's lag counts the records before it, and no transaction's markers."""

import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from studio.local.lag import lag_by_group
from tests.servers import Servers

pytestmark = pytest.mark.servers


async def write(bootstrap: str, topic: str, values: list[bytes]) -> None:
    """One transaction, one record each: a marker follows every record."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic)
    await producer.start()
    for value in values:
        async with producer.transaction():
            await producer.send_and_wait(topic, value)
    await producer.stop()


async def commit(bootstrap: str, group: str, topic: str, offset: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    await consumer.commit({partition: offset})
    await consumer.stop()


async def test_lag_counts_records(servers: Servers) -> None:
    name = f"lag.{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    await admin.close()
    await write(servers.kafka_bootstrap, name, [b"a", b"b", b"c"])  # at 0, 2 and 4; the end is 6
    for group, committed in (("none", 0), ("one", 1), ("all", 5)):
        await commit(servers.kafka_bootstrap, f"{name}.{group}", name, committed)
    lags = await lag_by_group(servers.kafka_bootstrap)
    assert {group: lags[f"{name}.{group}"] for group in ("none", "one", "all")} == {
        "none": 3,
        "one": 2,
        "all": 0,
    }
