"""How far each consumer group is behind the log."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

# Transactions leave markers on the log, which have offsets but are no records: a group that has
# read everything still seems a few behind. A short rest is therefore looked at, record by record.
SHORT_REST = 64
READ_TIMEOUT_MS = 300

Offsets = Mapping[TopicPartition, int]


async def lag_by_group(bootstrap: str) -> dict[str, int]:
    """Records that each group has still to read, over all its partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed")
    try:
        await admin.start()
        await consumer.start()
        groups = await committed_offsets(admin)
        partitions = {partition for offsets in groups.values() for partition in offsets}
        ends: Offsets = await consumer.end_offsets(list(partitions)) if partitions else {}
        rests = await short_rests(consumer, groups, ends)
        return {group: lag(offsets, ends, rests) for group, offsets in groups.items()}
    finally:
        await consumer.stop()
        await admin.close()


async def committed_offsets(admin: AIOKafkaAdminClient) -> dict[str, Offsets]:
    """Where each group has got to."""
    return {
        group: {
            partition: committed.offset
            for partition, committed in (await admin.list_consumer_group_offsets(group)).items()
            if committed.offset >= 0  # -1: nothing yet
        }
        for group, *_ in await admin.list_consumer_groups()
    }


async def short_rests(
    consumer: AIOKafkaConsumer, groups: Mapping[str, Offsets], ends: Offsets
) -> dict[TopicPartition, list[int]]:
    """The offsets of the records (not the markers) in every short rest that a group has before it."""
    starts: dict[TopicPartition, int] = {}
    for offsets in groups.values():
        for partition, offset in offsets.items():
            if 0 < ends[partition] - offset <= SHORT_REST:
                starts[partition] = min(offset, starts.get(partition, offset))
    found: dict[TopicPartition, list[int]] = {partition: [] for partition in starts}
    if not starts:
        return found
    consumer.assign(list(starts))
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    while batch := await consumer.getmany(timeout_ms=READ_TIMEOUT_MS):
        for partition, records in batch.items():
            found[partition] += [record.offset for record in records if record.offset < ends[partition]]
        if all(records[-1].offset >= ends[partition] for partition, records in batch.items()):
            break  # only what has been written meanwhile
    return found


def lag(offsets: Offsets, ends: Offsets, rests: Mapping[TopicPartition, list[int]]) -> int:
    """One group's lag: counted where its rest is short, otherwise the distance to the end."""
    behind = 0
    for partition, offset in offsets.items():
        distance = max(0, ends[partition] - offset)
        if 0 < distance <= SHORT_REST:
            distance = sum(1 for found in rests[partition] if found >= offset)
        behind += distance
    return behind
