"""How far each consumer group is behind the log."""

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient


async def lag_by_group(bootstrap: str) -> dict[str, int]:
    """Records between each group's committed offsets and the ends of its partitions, added up."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        groups = [group for group, *_ in await admin.list_consumer_groups()]
        committed = {group: await admin.list_consumer_group_offsets(group) for group in groups}
        partitions = {partition for offsets in committed.values() for partition in offsets}
        ends = await consumer.end_offsets(list(partitions)) if partitions else {}
        return {
            group: sum(max(0, ends[partition] - offset.offset) for partition, offset in offsets.items())
            for group, offsets in committed.items()
        }
    finally:
        await consumer.stop()
        await admin.close()
