"""What goes wrong, when its time has come."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition

from events.catalog.current import CurrentProvider
from events.log.clients import Record
from events.topics import COMMANDS_ORGS, CURRENT_CATALOG
from tests.simulation import codes
from tests.simulation.network import Caller
from tests.simulation.scenario import Fault, Turn

if TYPE_CHECKING:
    from tests.simulation.world import World


LATE_S: Final = 3.5
"""Longer than an asker waits until it asks again."""
FROZEN_S: Final = 45.0
"""Longer than a session, a lease and the grace after it."""


@dataclass(slots=True)
class _Armed:
    """A crash or a freeze that waits for its effect."""

    fault: Fault
    left: int


class Faults:
    def __init__(self, world: World) -> None:
        self._world = world
        self._armed: list[_Armed] = []
        self._deviations = {deviation.effect: deviation for deviation in world.scenario.deviations}

    def begin(self) -> None:
        for fault in self._world.scenario.faults:
            self._world.loop.call_at(fault.at, self._happen, fault, context=Context())

    def heal(self) -> None:
        """All faults are off; what is dead comes back by itself."""
        world = self._world
        world.tell("healed")
        self._armed.clear()
        world.network.slow = 0.0
        world.network.stalled_until.clear()
        world.redis.away_until = 0.0
        for remote in world.remotes.values():
            remote.badness, remote.stalled_until = 0.0, 0.0
        for node in world.nodes.values():
            node.skew_s = 0.0
            if node.process.frozen:
                node.process.thaw()

    def late(self, number: int) -> float:
        """Once: when it comes again it is on time."""
        deviation = self._deviations.get(number)
        if deviation is None or deviation.turn != "late":
            return 0.0
        del self._deviations[number]
        return LATE_S

    def survives(self, number: int, caller: Caller, *, after: bool) -> bool:
        """Whether the caller lives on; what was armed for this effect happens here."""
        turn = None if (deviation := self._deviations.get(number)) is None else deviation.turn
        if turn == ("killed_after" if after else "killed_before"):
            caller.die(f"killed at effect {number}")
            return False
        if after and turn is not None:
            self._turn(turn, caller)
        for armed in list(self._armed):
            if armed.fault.node != caller.name or armed.fault.after != after or not caller.alive:
                continue
            armed.left -= 1
            if armed.left <= 0:
                self._armed.remove(armed)
                if armed.fault.kind == "freeze":
                    self._world.freeze(caller.name, armed.fault.seconds)
                    continue
                caller.die(f"killed {'after' if after else 'before'} effect {number}")
                return False
        return True

    def _turn(self, turn: Turn, caller: Caller) -> None:
        match turn:
            case "frozen_after":
                self._world.freeze(caller.name, FROZEN_S)
            case "redelivered":
                self._again(lambda records: records)
            case "rewound":
                self._rewind(None)

    def _happen(self, fault: Fault) -> None:
        self._world.tell(f"fault: {fault}")
        getattr(self, f"_{fault.kind}")(fault)

    def _crash(self, fault: Fault) -> None:
        if fault.nth == 0:
            self._world.nodes[fault.node].process.die("killed")
        else:
            self._armed.append(_Armed(fault, fault.nth))

    def _freeze(self, fault: Fault) -> None:
        if fault.nth == 0:
            self._world.freeze(fault.node, fault.seconds)
        else:
            self._armed.append(_Armed(fault, fault.nth))

    def _lose_disk(self, fault: Fault) -> None:
        node = self._world.nodes[fault.node]
        node.process.die("its machine is gone")
        shutil.rmtree(node.disk, ignore_errors=True)

    def _redis_flush(self, _fault: Fault) -> None:
        self._world.redis.flush()

    def _redis_away(self, fault: Fault) -> None:
        self._world.redis.away_until = self._world.now + fault.seconds

    def _kafka_stalls(self, fault: Fault) -> None:
        self._world.network.stalled_until["kafka"] = self._world.now + fault.seconds

    def _provider_stalls(self, fault: Fault) -> None:
        self._world.remotes[fault.node].stalled_until = self._world.now + fault.seconds

    def _redeliver(self, fault: Fault) -> None:
        self._again(lambda records: [records[(fault.nth * 7) % len(records)]])

    def _again(self, chosen: Callable[[list[Record]], list[Record]]) -> None:
        """Commands that were on their way for long arrive once more."""
        broker = self._world.broker
        for number in range(broker.counts[COMMANDS_ORGS]):
            tp = TopicPartition(COMMANDS_ORGS, number)
            records = broker.committed(tp)
            for old in chosen(records) if records else ():
                broker.append(COMMANDS_ORGS, number, old.key, old.value, old.headers, self._world.now)
                self._world.wake(tp)

    def _rewind(self, _fault: Fault | None) -> None:
        """The dispatchers' group has lost its offsets: the whole history is read again."""
        self._world.rewound.add("dispatcher")
        self._world.broker.group("dispatcher").offsets.clear()
        for name, node in self._world.nodes.items():
            if name.startswith(("dispatcher", "workers")):
                node.process.die("killed for its offsets")

    def _lower_cap(self, fault: Fault) -> None:
        traits = self._world.remotes[fault.node].traits
        current = CurrentProvider(
            provider=traits.name, active=True, concurrent=1, per_api=dict(traits.per_api), version=2
        )
        record = self._world.broker.append(
            CURRENT_CATALOG,
            None,
            f"provider:{traits.name}".encode(),
            current.model_dump_json().encode(),
            (),
            self._world.now,
        )
        self._world.wake(TopicPartition(record.topic, record.partition))

    def _roll_back(self, _fault: Fault) -> None:
        """Deciders come back with older code than that which has written, on empty disks."""
        codes.written_by(1)
        self._world.rolled_back_at = self._world.now
        for name, node in self._world.nodes.items():
            if name.startswith("decider"):
                node.process.die("its code is rolled back")
                shutil.rmtree(node.disk, ignore_errors=True)

    def _clock_step(self, fault: Fault) -> None:
        self._world.nodes[fault.node].skew_s = fault.seconds
