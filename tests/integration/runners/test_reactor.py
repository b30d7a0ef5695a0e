"""The reactor on a real broker: nothing is lost by a crash, and members share the work."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from datetime import UTC, datetime

import pytest
from aiokafka import TopicPartition

from commands.ask import Unavailable
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.log.admin import ensure
from events.log.clients import consumer, producer
from events.log.codec import BadRecord, to_record
from events.topics import Topic
from processors.runners.reactor import Reactor
from tests.servers import Servers
from tests.unit.runners.toy import REGISTRY, Added, Noted

pytestmark = pytest.mark.servers


class Log:
    """A topic of toy events."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.topic = f"test.events.{uuid.uuid4().hex[:8]}"
        self.group = f"group.{self.topic}"

    async def make(self) -> None:
        await ensure(self.bootstrap, (Topic(self.topic, 2),))

    async def write(self, *events: Added | Noted) -> None:
        sender = producer(self.bootstrap)
        await sender.start()
        sent = []
        for number, event in enumerate(events):
            envelope = Envelope(
                id=uuid.uuid4().hex,
                type=event.ce_type(),
                time=datetime.now(UTC),
                stream=StreamRef(self.topic, event.account),
                version=number + 1,
                org_id="org",
                actor="tester",
                command_id="c",
                input=InputPosition("commands.toy", 0, number),
                correlation_id="c",
                causation_id="c",
            )
            value, headers = to_record(envelope, event)
            sent.append(await sender.send(self.topic, value, key=event.account.encode(), headers=headers))
        await asyncio.gather(*sent)
        await sender.stop()

    async def committed(self) -> int:
        """Records that the group has behind it."""
        member = consumer(self.bootstrap, group=self.group)
        await member.start()
        try:
            partitions = [TopicPartition(self.topic, number) for number in range(2)]
            member.assign(partitions)
            return sum([await member.committed(tp) or 0 for tp in partitions])
        finally:
            await member.stop()


@pytest.fixture
async def log(servers: Servers) -> Log:
    made = Log(servers.kafka_bootstrap)
    await made.make()
    return made


def account_of(recorded: Recorded) -> str:
    return recorded.stream.subject


def added(count: int, accounts: int = 5) -> list[Added]:
    return [Added(account=f"acc{n % accounts}", amount=n) for n in range(count)]


async def test_every_event_is_handled_in_order_per_key_and_committed(log: Log) -> None:
    await log.write(*added(200))
    handled: dict[str, list[int]] = {}
    done = asyncio.Event()
    unavailable = Counter[int]()

    async def handle(recorded: Recorded) -> None:
        assert isinstance(recorded.data, Added)
        amount = recorded.data.amount
        if amount % 50 == 0 and not unavailable[amount]:
            unavailable[amount] += 1
            raise Unavailable("not yet")
        await asyncio.sleep(0)
        handled.setdefault(recorded.stream.subject, []).append(amount)
        if sum(map(len, handled.values())) == 200:
            done.set()

    reactor = Reactor(
        log.bootstrap, log.group, [log.topic], handle, key_of=account_of, instance_id="0", registry=REGISTRY
    )
    stop = asyncio.Event()
    running = asyncio.create_task(reactor.run(stop))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert handled == {f"acc{n}": list(range(n, 200, 5)) for n in range(5)}
    assert await log.committed() == 200


async def test_what_was_not_finished_is_handled_again(log: Log) -> None:
    await log.write(*added(20, accounts=20))
    first: set[int] = set()
    second: set[int] = set()
    done = asyncio.Event()
    stuck = asyncio.Event()

    async def breaks(recorded: Recorded) -> None:
        assert isinstance(recorded.data, Added)
        if recorded.data.amount == 7:
            await stuck.wait()
            raise KeyError("bug")
        first.add(recorded.data.amount)
        if len(first) == 19:
            stuck.set()

    async def handle(recorded: Recorded) -> None:
        assert isinstance(recorded.data, Added)
        second.add(recorded.data.amount)
        if first | second == set(range(20)) and 7 in second:
            done.set()

    broken = Reactor(
        log.bootstrap, log.group, [log.topic], breaks, key_of=account_of, instance_id="0", registry=REGISTRY
    )
    with pytest.raises(KeyError):
        await asyncio.wait_for(broken.run(asyncio.Event()), 60)
    assert await log.committed() < 20
    stop = asyncio.Event()
    whole = Reactor(
        log.bootstrap, log.group, [log.topic], handle, key_of=account_of, instance_id="0", registry=REGISTRY
    )
    running = asyncio.create_task(whole.run(stop))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert await log.committed() == 20


async def test_a_stop_waits_for_what_runs_and_gives_back_what_does_not_end(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.runners.reactor.GRACE_S", 0.3)
    await log.write(Added(account="quick", amount=1), Added(account="slow", amount=2))
    began = asyncio.Event()
    ended: list[str] = []
    stop = asyncio.Event()

    async def handle(recorded: Recorded) -> None:
        if recorded.stream.subject == "slow":
            began.set()
            await asyncio.Event().wait()
        await stop.wait()
        ended.append(recorded.stream.subject)

    reactor = Reactor(
        log.bootstrap, log.group, [log.topic], handle, key_of=account_of, instance_id="0", registry=REGISTRY
    )
    running = asyncio.create_task(reactor.run(stop))
    await asyncio.wait_for(began.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert ended == ["quick"]
    assert await log.committed() <= 1


async def test_an_urgent_event_overtakes_a_full_house(log: Log) -> None:
    await log.write(*added(40, accounts=40))
    released = asyncio.Event()
    cancelled: list[str] = []
    done = asyncio.Event()

    async def handle(recorded: Recorded) -> None:
        if isinstance(recorded.data, Noted):
            released.set()
            return
        try:
            await released.wait()
        except asyncio.CancelledError:
            cancelled.append(recorded.stream.subject)
            raise
        if recorded.stream.subject == "acc39":
            done.set()

    reactor = Reactor(
        log.bootstrap,
        log.group,
        [log.topic],
        handle,
        key_of=account_of,
        urgent=lambda recorded: isinstance(recorded.data, Noted),
        in_flight_max=40,
        instance_id="0",
        registry=REGISTRY,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(reactor.run(stop))
    await asyncio.wait_for(reactor.ready(), 60)
    await log.write(Noted(account="acc3", text="cancel"))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert cancelled in ([], ["acc3"])  # where it came first, there was nothing to cancel yet
    assert await log.committed() == 41


async def test_two_members_share_the_work(log: Log) -> None:
    seen: Counter[int] = Counter()
    by_member: dict[str, int] = Counter()
    done = asyncio.Event()

    def member(name: str) -> Reactor:
        async def handle(recorded: Recorded) -> None:
            assert isinstance(recorded.data, Added)
            seen[recorded.data.amount] += 1
            by_member[name] += 1
            if len(seen) == 400:
                done.set()

        return Reactor(
            log.bootstrap, log.group, [log.topic], handle, key_of=account_of, instance_id=name, registry=REGISTRY
        )

    stop = asyncio.Event()
    one = member("one")
    tasks = [asyncio.create_task(one.run(stop))]
    await asyncio.wait_for(one.ready(), 60)
    everything = added(400, accounts=50)
    await log.write(*everything[:200])
    two = member("two")
    tasks.append(asyncio.create_task(two.run(stop)))
    await asyncio.wait_for(two.ready(), 60)
    await log.write(*everything[200:])
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert set(seen) == set(range(400))
    assert by_member["one"] > 0
    assert by_member["two"] > 0
    assert await log.committed() == 400


async def test_a_record_that_is_no_event_stops_the_reactor(log: Log) -> None:
    sender = producer(log.bootstrap)
    await sender.start()
    await sender.send_and_wait(log.topic, b"noise", key=b"k")
    await sender.stop()

    async def handle(_recorded: Recorded) -> None:
        raise AssertionError("never called")

    reactor = Reactor(
        log.bootstrap, log.group, [log.topic], handle, key_of=account_of, instance_id="0", registry=REGISTRY
    )
    with pytest.raises(BadRecord):
        await asyncio.wait_for(reactor.run(asyncio.Event()), 60)
