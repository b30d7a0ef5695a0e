"""Topics on the broker: made as declared, refused where their partition counts differ."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from events.topics import PARTITIONS_LOCAL, Topic, topics

SHOWN_WITHIN_S: Final = 15.0
SHOWN_RETRY_S: Final = 0.1

log = logging.getLogger(__name__)


class PartitionCountDiffers(RuntimeError):
    """Keys would move to other partitions and a stream would have two writers: needs new topics and a migration."""


async def ensure_topics(bootstrap: str, partitions: int = PARTITIONS_LOCAL, *, replicas: int = 1) -> None:
    """Creates what is missing of the house's topics. Raises PartitionCountDiffers."""
    await ensure(bootstrap, topics(partitions), replicas=replicas)


async def ensure(bootstrap: str, wanted: tuple[Topic, ...], *, replicas: int = 1) -> None:
    """Creates what is missing of these topics and waits until the broker shows them all."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in existing]
        if missing:
            await _create(admin, missing, replicas)
        async with asyncio.timeout(SHOWN_WITHIN_S):
            while not await _counts_agree(admin, wanted):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(SHOWN_RETRY_S)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, missing: list[Topic], replicas: int) -> None:
    new = [NewTopic(t.name, t.partitions, replicas, topic_configs=dict(t.config)) for t in missing]
    response = await admin.create_topics(new)
    for name, code, message in response.topic_errors:
        error = for_code(code)
        if error not in (NoError, TopicAlreadyExistsError):
            raise error(f"{name}: {message}")
        log.info("topic %s %s", name, "made" if error is NoError else "was there")


async def _counts_agree(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...]) -> bool:
    """Whether all are shown; raises where one is shown with another count."""
    counts = {
        found["topic"]: len(found["partitions"])
        for found in await admin.describe_topics([topic.name for topic in wanted])
    }
    for topic in wanted:
        count = counts.get(topic.name, 0)
        if count not in (topic.partitions, 0):
            raise PartitionCountDiffers(f"{topic.name} has {count} partitions, {topic.partitions} are declared")
    return all(counts.get(topic.name, 0) for topic in wanted)
