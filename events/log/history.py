"""History in bulk: committed records of whole partitions, batch by batch, from given offsets to the log's end."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from aiokafka import TopicPartition

from events.log.clients import Record, close, consumer
from events.log.follower import Stalled, assigned_partitions
from events.log.position import Position, part
from events.log.routing import partition_of

CHUNK: Final = 100
"""Records handed over at once. A record is some twenty objects: those of a hundred stay in the processor's cache from
when they are decoded until they are looked at, those of thousands are fetched from memory twice."""
POLL_MS: Final = 100
FETCH_WAIT_MS: Final = 20
"""How long the broker may hold a fetch back that finds nothing: what another topic has waits behind it."""
SILENT_POLLS_MAX: Final = 300
"""So many polls of a partition without a record or a step forward: it stands."""
FETCH_BYTES: Final = 2_000_000
"""What the client holds of a partition ahead of its reader."""


class History:
    """An async context manager. In memory is one fetch of each partition that is being read, however long it is.

    The ends are those of the moment when it was opened, without what open transactions have written; `extend` takes
    the present ones. What was fetched along with the last wanted record is handed over too.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        key: str | None = None,
        starts: Position | None = None,
    ) -> None:
        """With a key only the partitions that it goes to are read. Without a start one is read from its beginning."""
        self._topics = tuple(topics)
        self._key = key
        self._starts = starts or {}
        self._client = consumer(bootstrap, max_wait_ms=FETCH_WAIT_MS, partition_bytes=FETCH_BYTES)
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._done = 0
        self._total = 0

    async def __aenter__(self) -> History:
        try:
            await self._client.start()
            # The client would rest for 100 ms wherever one partition's fetch lasts longer than another's.
            self._client._fetcher._prefetch_backoff = 0.0
            partitions = await self._partitions()
            self._client.assign(partitions)
            begins = await self._client.beginning_offsets(partitions)
            self._ends = await self._client.end_offsets(partitions)
            for tp in partitions:
                self._next[tp] = max(begins[tp], self._starts.get(part(tp.topic, tp.partition), 0))
                self._client.seek(tp, self._next[tp])
            self._total = self._left()
            self._client.pause(*partitions)
        except BaseException:
            await close(self._client)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await close(self._client)

    async def _partitions(self) -> list[TopicPartition]:
        found = await assigned_partitions(self._client, self._topics)
        if self._key is None:
            return found
        counts = Counter(tp.topic for tp in found)
        return [tp for tp in found if tp.partition == partition_of(self._key, counts[tp.topic])]

    @property
    def numbers(self) -> list[int]:
        """Partition numbers, each once."""
        return sorted({tp.partition for tp in self._ends})

    @property
    def done(self) -> int:
        """How many offsets have been passed."""
        return self._done

    @property
    def total(self) -> int:
        """How many there are up to the ends."""
        return self._total

    @property
    def position(self) -> dict[str, int]:
        return {part(tp.topic, tp.partition): at for tp, at in self._next.items()}

    async def extend(self) -> bool:
        """Moves the ends to where the log ends now; whether there is more to be read."""
        self._ends = await self._client.end_offsets(list(self._ends))
        left = self._left()
        self._total = self._done + left
        return left > 0

    def _left(self) -> int:
        return sum(max(0, end - self._next[tp]) for tp, end in self._ends.items())

    def _pass(self, tp: TopicPartition, to: int) -> None:
        self._done += to - self._next[tp]
        self._next[tp] = to

    async def batch(self, topic: str, partition: int) -> Sequence[Record]:
        """The partition's next records; none once its end is reached. Raises Stalled."""
        tp, silent = TopicPartition(topic, partition), 0
        self._client.resume(tp)
        while self._next[tp] < self._ends[tp]:
            records: list[Record] = (await self._client.getmany(tp, timeout_ms=POLL_MS, max_records=CHUNK)).get(tp, [])
            if records:
                self._pass(tp, records[-1].offset + 1)
                return records
            # Markers of transactions take offsets and are never handed over.
            at = await self._client.position(tp)
            silent = 0 if at > self._next[tp] else silent + 1
            if silent > SILENT_POLLS_MAX:
                raise Stalled(f"{part(*tp)} stands at {at}, the log ends at {self._ends[tp]}")
            self._pass(tp, at)
        self._client.pause(tp)
        return ()


async def in_step(
    history: History, partition: int, topics: Sequence[str], leads_ms: Mapping[str, int] | None = None
) -> AsyncIterator[Sequence[Record]]:
    """Batches of several topics' partitions of one number, about in the order of their time.

    What one decision wrote to two topics so comes soon one after the other. A topic is read ahead of the others by
    its lead.
    """
    leads = leads_ms or {}
    heads = {topic: await history.batch(topic, partition) for topic in topics}
    while any(heads.values()):
        topic = min((t for t in topics if heads[t]), key=lambda t: heads[t][0].timestamp - leads.get(t, 0))
        yield heads[topic]
        heads[topic] = await history.batch(topic, partition)
