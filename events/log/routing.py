"""Which partition a key goes to: what every well-behaved producer chooses."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=16_384)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key on a topic of so many partitions."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
