"""The broker: partitions, transactions with their markers, fencing, groups and their offsets. No I/O and no clock.

As Kafka 4.1 speaks to aiokafka 0.14 (tests/integration/log holds the real ones to it): transactions are fenced by
producer id and epoch, never by a group's generation; a commit is decided at once and becomes visible partition by
partition; offsets of an open transaction are not seen by who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from aiokafka import TopicPartition
from aiokafka.errors import ConcurrentTransactions, ProducerFenced, UnknownMemberIdError

from events.log.clients import Record
from events.log.routing import partition_of
from events.topics import topics

Outcome = Literal["open", "committed", "aborted"]
Headers = Sequence[tuple[str, bytes]]
LEAVES_AFTER_S: Final = 20.0


@dataclass(eq=False, slots=True)
class Transaction:
    producer: str
    began_at: float
    timeout_s: float
    entries: dict[TopicPartition, list[Entry]] = field(default_factory=dict)
    offsets: dict[tuple[str, TopicPartition], int] = field(default_factory=dict)
    decided: Outcome = "open"


@dataclass(eq=False, slots=True)
class Entry:
    """A record, or the marker that ends a transaction in this partition (`record` is None)."""

    record: Record | None
    outcome: Outcome


@dataclass(slots=True)
class Partition:
    entries: list[Entry] = field(default_factory=list)
    stable: int = 0
    """The last stable offset: everything before it is decided."""

    @property
    def end(self) -> int:
        return len(self.entries)

    def append(self, record: Record | None, outcome: Outcome) -> Entry:
        entry = Entry(record, outcome)
        self.entries.append(entry)
        self.settle()
        return entry

    def settle(self) -> None:
        while self.stable < len(self.entries) and self.entries[self.stable].outcome != "open":
            self.stable += 1


@dataclass(slots=True)
class Producer:
    """What the coordinator knows of a transactional id."""

    epoch: int = -1
    present: Transaction | None = None
    ending: Transaction | None = None


@dataclass(slots=True)
class Member:
    instance: str | None
    topics: tuple[str, ...]
    seen_at: float
    generation: int = -1


@dataclass(slots=True)
class Group:
    offsets: dict[TopicPartition, int] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    generation: int = 0
    owned: dict[str, tuple[TopicPartition, ...]] = field(default_factory=dict)
    """Member → its partitions, of the present generation."""


class Broker:
    """Every method is one atomic effect. `now` is the broker's clock in seconds."""

    def __init__(self, partitions: int, epoch_ms: int) -> None:
        self.counts = {topic.name: topic.partitions for topic in topics(partitions)}
        self._by_append_time = {
            t.name for t in topics(partitions) if t.config.get("message.timestamp.type") == "LogAppendTime"
        }
        self._epoch_ms = epoch_ms
        self.partitions = {
            TopicPartition(name, number): Partition() for name, count in self.counts.items() for number in range(count)
        }
        self.producers: dict[str, Producer] = {}
        self.groups: dict[str, Group] = {}
        self.unmarked: list[tuple[Transaction, TopicPartition | None]] = []
        """What is decided and not visible yet: markers to be written; None: its offsets."""

    # --- records -----------------------------------------------------------------------------------------

    def append(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Headers, now: float
    ) -> Record:
        """Outside any transaction."""
        tp = self._place(topic, partition, key)
        record = self._record(tp, key, value, headers, now)
        self.partitions[tp].append(record, "committed")
        return record

    def _place(self, topic: str, partition: int | None, key: bytes | None) -> TopicPartition:
        if partition is None:
            partition = partition_of((key or b"").decode(), self.counts[topic])
        return TopicPartition(topic, partition)

    def _record(
        self, tp: TopicPartition, key: bytes | None, value: bytes | None, headers: Headers, now: float
    ) -> Record:
        ms = self._epoch_ms + int(now * 1000)
        kind = 1 if tp.topic in self._by_append_time else 0
        offset = self.partitions[tp].end
        return Record(tp.topic, tp.partition, offset, ms, kind, key, value, None, -1, -1, tuple(headers))

    def read(self, tp: TopicPartition, start: int, *, committed: bool, most: int) -> tuple[list[Record], int]:
        """Records from `start` on, and the offset behind what was looked at."""
        partition = self.partitions[tp]
        end = partition.stable if committed else partition.end
        found: list[Record] = []
        while start < end and len(found) < most:
            entry = partition.entries[start]
            if entry.record is not None and (entry.outcome == "committed" or not committed):
                found.append(entry.record)
            start += 1
        return found, start

    def committed(self, tp: TopicPartition) -> list[Record]:
        """All there is to be read of a partition."""
        return self.read(tp, 0, committed=True, most=len(self.partitions[tp].entries))[0]

    # --- transactions ------------------------------------------------------------------------------------

    def init(self, producer: str) -> int:
        """The new epoch: who wrote before under this id is fenced. Raises ConcurrentTransactions while one ends."""
        known = self.producers.setdefault(producer, Producer())
        if known.present is not None:
            known.epoch += 1
            self._decide(known, "aborted")
        if known.ending is not None:
            raise ConcurrentTransactions
        known.epoch += 1
        return known.epoch

    def append_in(
        self,
        producer: str,
        epoch: int,
        place: tuple[str, int | None],
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        *,
        now: float,
        timeout_s: float,
    ) -> Record:
        present = self._present(producer, epoch, now, timeout_s)
        tp = self._place(*place, key)
        record = self._record(tp, key, value, headers, now)
        present.entries.setdefault(tp, []).append(self.partitions[tp].append(record, "open"))
        return record

    def offsets_in(
        self, producer: str, epoch: int, group: str, offsets: dict[TopicPartition, int], *, now: float, timeout_s: float
    ) -> None:
        present = self._present(producer, epoch, now, timeout_s)
        present.offsets.update({(group, tp): offset for tp, offset in offsets.items()})

    def end(self, producer: str, epoch: int, outcome: Outcome) -> None:
        known = self._known(producer, epoch)
        if known.present is not None:
            self._decide(known, outcome)

    def expire(self, now: float) -> None:
        """Aborts and fences transactions that have been open for too long."""
        for known in self.producers.values():
            present = known.present
            if present is not None and now - present.began_at > present.timeout_s:
                known.epoch += 1
                self._decide(known, "aborted")

    def mark(self, transaction: Transaction, tp: TopicPartition | None) -> None:
        """Makes a decided transaction visible in one partition, or its offsets."""
        self.unmarked.remove((transaction, tp))
        if tp is not None:
            for entry in transaction.entries[tp]:
                entry.outcome = transaction.decided
            self.partitions[tp].append(None, "committed")
        elif transaction.decided == "committed":
            for (group, at), offset in transaction.offsets.items():
                self.group(group).offsets[at] = offset
        if all(other is not transaction for other, _ in self.unmarked):
            self.producers[transaction.producer].ending = None

    def _known(self, producer: str, epoch: int) -> Producer:
        known = self.producers.get(producer)
        if known is None or known.epoch != epoch:
            raise ProducerFenced
        return known

    def _present(self, producer: str, epoch: int, now: float, timeout_s: float) -> Transaction:
        known = self._known(producer, epoch)
        if known.ending is not None:
            raise ConcurrentTransactions
        if known.present is None:
            known.present = Transaction(producer, now, timeout_s)
        return known.present

    def _decide(self, known: Producer, outcome: Outcome) -> None:
        transaction = known.present
        assert transaction is not None
        known.present, transaction.decided = None, outcome
        parts: list[TopicPartition | None] = [*transaction.entries]
        if transaction.offsets:
            parts.append(None)
        if parts:
            known.ending = transaction
            self.unmarked += [(transaction, part) for part in parts]

    # --- groups ------------------------------------------------------------------------------------------

    def group(self, name: str) -> Group:
        return self.groups.setdefault(name, Group())

    def join(self, name: str, member: str, instance: str | None, wanted: tuple[str, ...], now: float) -> None:
        """A static member that comes back takes its partitions over at once; anybody else starts a new generation."""
        group = self.group(name)
        known = group.members.get(member)
        if known is not None:
            known.seen_at, known.generation = now, group.generation
        else:
            before = next((m for m, other in group.members.items() if instance and other.instance == instance), None)
            group.members[member] = Member(instance, wanted, now, group.generation)
            if before is not None:
                del group.members[before]
                if group.owned:
                    group.owned[member] = group.owned.pop(before, ())
            else:
                self._regroup(group, member)
        if all(other.generation == group.generation for other in group.members.values()) and not group.owned:
            self._assign(group)

    def leave(self, name: str, member: str) -> None:
        group = self.group(name)
        if group.members.pop(member, None) is not None:
            self._regroup(group, None)

    def heartbeat(self, name: str, member: str, now: float) -> tuple[int, tuple[TopicPartition, ...] | None]:
        """The generation and the member's partitions; None while the others join. Raises UnknownMemberIdError."""
        group = self.group(name)
        for other, known in list(group.members.items()):
            if now - known.seen_at > LEAVES_AFTER_S:
                self.leave(name, other)
        if member not in group.members:
            raise UnknownMemberIdError
        group.members[member].seen_at = now
        return group.generation, group.owned.get(member)

    def commit(self, name: str, member: str, generation: int, offsets: dict[TopicPartition, int]) -> None:
        group = self.group(name)
        known = group.members.get(member)
        if known is None or generation != group.generation:
            raise UnknownMemberIdError
        group.offsets.update(offsets)

    def _regroup(self, group: Group, newcomer: str | None) -> None:
        group.generation += 1
        group.owned = {}
        if newcomer is not None:
            group.members[newcomer].generation = group.generation

    def _assign(self, group: Group) -> None:
        """By ranges, as RangePartitionAssignor does."""
        names = sorted(group.members)
        wanted = {topic for member in group.members.values() for topic in member.topics}
        owned: dict[str, list[TopicPartition]] = {name: [] for name in names}
        for topic in sorted(wanted):
            count = self.counts[topic]
            share, more = divmod(count, len(names))
            first = 0
            for index, name in enumerate(names):
                size = share + (index < more)
                owned[name] += [TopicPartition(topic, number) for number in range(first, first + size)]
                first += size
        group.owned = {name: tuple(tps) for name, tps in owned.items()}
