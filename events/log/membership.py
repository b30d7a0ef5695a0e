"""Membership of a group that shares out the partitions of a topic: who owns what, and nothing is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from events.log.clients import close, consumer
from events.log.polling import polling
from events.log.routing import partition_of

POLL_MS: Final = 1000
SESSION_MS: Final = 6_000
"""After it a member that is gone is replaced: the least that a broker takes."""


class Membership:
    """Static: a member that was killed and comes back has its partitions again at once."""

    def __init__(self, bootstrap: str, group: str, topic: str, instance_id: str) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topic = topic
        self._instance_id = f"{group}.{instance_id}"
        self._listeners: list[Callable[[], None]] = []
        self._partitions = 0
        self._owned: frozenset[int] = frozenset()
        self._joined = asyncio.Event()

    def owns(self, key: str) -> bool:
        """Whether the key's partition is this member's, as far as it knows."""
        return self._partitions > 0 and partition_of(key, self._partitions) in self._owned

    def on_change(self, callback: Callable[[], None]) -> None:
        """Calls back whenever something else is owned than before."""
        self._listeners.append(callback)

    async def ready(self) -> None:
        """Returns once the group has said what is owned, be it nothing."""
        await self._joined.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Stays a member until the stop; then nothing is owned any more."""
        client = consumer(
            self._bootstrap, group=self._group, instance_id=self._instance_id, reset="latest", session_ms=SESSION_MS
        )
        client.subscribe([self._topic], listener=_Listener(self, client))
        try:
            await client.start()
            async with polling(client, stop) as polls:
                while not stop.is_set():
                    await polls.next(timeout_ms=POLL_MS)
        finally:
            self.change(self._partitions, ())
            await close(client)

    def change(self, partitions: int, owned: Collection[int]) -> None:
        self._partitions, self._owned = partitions, frozenset(owned)
        for listener in self._listeners:
            listener()

    def joined(self) -> None:
        self._joined.set()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """What is revoked is let go before another one may have it."""

    def __init__(self, membership: Membership, client: AIOKafkaConsumer) -> None:
        self._membership = membership
        self._client = client

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002
        self._membership.change(0, ())

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        topics = await self._client._client._wait_on_metadata(self._membership._topic)
        self._membership.change(len(topics), {tp.partition for tp in assigned})
        self._membership.joined()
