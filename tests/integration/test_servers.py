"""The four embedded servers really serve, and only this machine."""

import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from tests.servers import Servers

pytestmark = pytest.mark.servers


async def test_kafka_commits_a_transaction(servers: Servers) -> None:
    topic = f"probe.{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=4, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka_bootstrap, transactional_id=topic)
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(topic, b"committed", key=b"k")
    await producer.stop()
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers.kafka_bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    assert record.value == b"committed"


async def test_mongo_commits_a_transaction(servers: Servers) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo_url)
    async with client:
        collection = client[f"probe_{uuid.uuid4().hex}"]["documents"]
        async with client.start_session() as session, await session.start_transaction():
            await collection.insert_one({"_id": "a"}, session=session)
            await collection.insert_one({"_id": "b"}, session=session)
        assert await collection.count_documents({}) == 2
        await client.drop_database(collection.database.name)


async def test_redis_runs_a_script(servers: Servers) -> None:
    async with Redis.from_url(servers.redis_url) as client:
        key = f"probe:{uuid.uuid4().hex}"
        answer = await client.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, key, 7)
        assert answer == 7
        await client.delete(key)


async def test_firestore_keeps_a_document(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.cloud.firestore import AsyncClient

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", servers.firestore_emulator)
    client = AsyncClient(project="probe")
    document = client.collection("probe").document(uuid.uuid4().hex)
    await document.set({"kept": True})
    assert (await document.get()).to_dict() == {"kept": True}
