"""The simulation itself: one scenario is one run, and the modelled broker does what the real one was seen to do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ConcurrentTransactions, ProducerFenced

from events.topics import COMMANDS_ORGS, EVENTS_JOBS
from tests.simulation.broker import Broker
from tests.simulation.run import run
from tests.simulation.scenario import PROVIDERS, Order, Scenario, drawn

IN = TopicPartition(COMMANDS_ORGS, 0)
OUT = TopicPartition(EVENTS_JOBS, 0)
GROUP = "g"


@pytest.mark.parametrize("seed", [3, 8])
def test_the_same_scenario_is_the_same_run_to_the_last_effect(seed: int) -> None:
    first, second = run(drawn(seed)), run(drawn(seed))
    assert first.effects > 100
    assert (first.digest, first.effects, first.ended) == (second.digest, second.effects, second.ended)


def test_another_process_with_other_hashes_has_the_same_run() -> None:
    program = (
        "from tests.simulation.run import run; from tests.simulation.scenario import drawn; print(run(drawn(5)).digest)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": os.getcwd()}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(told.stdout) == run(drawn(5)).digest


@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_nothing_goes_wrong_every_job_succeeds(provider: str) -> None:
    """What looks at a house that does nothing finds nothing."""
    models = PROVIDERS[provider].catalog_ids
    orders = tuple(Order(1.0 + n, n % 2, models[n % len(models)]) for n in range(6))
    report = run(Scenario(seed=1, orders=orders, providers=(provider,), projector=True))
    assert (report.violation, report.ended) == (None, {"succeeded": len(orders)})


# --- the broker, held to what `probes/` has measured of Kafka 4.1 with aiokafka 0.14 ---------------------


def _written(broker: Broker, producer: str, epoch: int, value: bytes, offset: int) -> None:
    broker.append_in(producer, epoch, (OUT.topic, 0), None, value, (), now=0.0, timeout_s=10.0)
    broker.offsets_in(producer, epoch, GROUP, {IN: offset}, now=0.0, timeout_s=10.0)


def _marked(broker: Broker) -> None:
    for transaction, tp in list(broker.unmarked):
        broker.mark(transaction, tp)


def _values(broker: Broker) -> list[bytes | None]:
    return [record.value for record in broker.committed(OUT)]


@pytest.fixture
def broker() -> Broker:
    return Broker(1, 0)


def test_a_zombie_under_another_id_commits_and_sets_the_offset_back(broker: Broker) -> None:
    zombie, owner = broker.init("a"), broker.init("b")
    _written(broker, "a", zombie, b"A:m0", 1)
    for number in range(5):
        _written(broker, "b", owner, b"B:m%d" % number, number + 1)
        broker.end("b", owner, "committed")
        _marked(broker)
    broker.end("a", zombie, "committed")
    _marked(broker)
    assert broker.group(GROUP).offsets[IN] == 1
    assert sorted(v for v in _values(broker) if v) == [b"A:m0", *(b"B:m%d" % number for number in range(5))]


def test_a_zombie_under_the_same_id_is_fenced_and_nothing_of_it_is_read(broker: Broker) -> None:
    zombie = broker.init("a")
    _written(broker, "a", zombie, b"A:m0", 1)
    with pytest.raises(ConcurrentTransactions):
        broker.init("a")
    _marked(broker)
    broker.init("a")
    with pytest.raises(ProducerFenced):
        broker.end("a", zombie, "committed")
    assert _values(broker) == []
    assert broker.group(GROUP).offsets == {}


def test_a_transaction_that_takes_too_long_fences_its_only_producer(broker: Broker) -> None:
    epoch = broker.init("a")
    _written(broker, "a", epoch, b"x", 1)
    broker.expire(10.5)
    _marked(broker)
    with pytest.raises(ProducerFenced):
        broker.end("a", epoch, "committed")
    assert _values(broker) == []


def test_what_is_decided_becomes_visible_part_by_part_and_an_open_one_hides_what_is_behind_it(broker: Broker) -> None:
    epoch, other = broker.init("a"), broker.init("b")
    _written(broker, "b", other, b"open", 7)
    _written(broker, "a", epoch, b"x", 1)
    broker.end("a", epoch, "committed")
    assert broker.group(GROUP).offsets == {}
    _marked(broker)
    assert broker.group(GROUP).offsets == {IN: 1}
    assert _values(broker) == []
    assert [r.value for r in broker.read(OUT, 0, committed=False, most=9)[0]] == [b"open", b"x"]
    broker.end("b", other, "aborted")
    _marked(broker)
    assert _values(broker) == [b"x"]
