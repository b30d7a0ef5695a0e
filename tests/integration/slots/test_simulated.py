"""The simulation's model of what is done to slots, held to the real scripts on a real Redis: same calls, same answers,
same slots afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.jobs.slots import EPOCH, Slot
from processors.slots.scripts import ADOPT, PROLONG, PUT, READ, REMOVE, RENEW, STATE, TAKE
from tests.redis import OwnRedis
from tests.simulation.redis import RedisServer
from tests.simulation.slots import scripts

ROUNDED_MS: Final = 20_000
"""Time goes on in the real one."""
Call = Callable[[str, Sequence[str], Sequence[Any]], Any]
Step = Callable[[Call], Any]


def attempt(job: int, lease: int) -> Slot:
    return Slot(f"job_{job}", lease, "org_A", "acme", ("x", "y")[job % 2])


attempts = st.builds(attempt, st.integers(0, 4), st.integers(1, 2))
several = st.lists(attempts, max_size=3, unique=True)
caps = st.lists(st.sampled_from((-1, 0, 1, 2)), min_size=4, max_size=4)
lives = st.sampled_from((-1_000, 60_000, 120_000))
"""The first has lapsed as soon as it is there."""
SLOTS: Final = [attempt(job, lease) for job in range(5) for lease in (1, 2)]
SETS: Final = sorted({key for slot in SLOTS for key in slot.keys})


def keys_of(slots: Sequence[Slot]) -> list[str]:
    return [key for slot in slots for key in slot.keys]


def take(freed: list[Slot], wanted: list[tuple[Slot, list[int]]], ms: int, known: bool) -> Step:
    def step(call: Call) -> Any:
        epoch = call(STATE, [EPOCH], [])[1] if known else b"another"
        args = [epoch or b"", ms, len(freed), *(slot.holder for slot in freed)]
        for slot, limits in wanted:
            args += [slot.holder, *limits]
        return call(TAKE, [EPOCH, *keys_of(freed), *keys_of([slot for slot, _ in wanted])], args)

    return step


def put(script: str, slots: list[Slot], ms: int) -> Step:
    return lambda call: call(script, keys_of(slots), [ms, *(slot.holder for slot in slots)])


def remove(slots: list[Slot]) -> Step:
    return lambda call: call(REMOVE, keys_of(slots), [slot.holder for slot in slots for _ in slot.keys])


def renew(slots: list[Slot], ms: int) -> Step:
    keys = [key for slot in slots for key in (f"lease:{slot.job_id}", *slot.keys)]
    return lambda call: call(RENEW, keys, [15_000, ms, *(v for slot in slots for v in (slot.lease, slot.holder))])


def adopt(call: Call) -> bool:
    run: bytes = call(STATE, [EPOCH], [])[0]
    adopted: bytes = call(ADOPT, [EPOCH], [run, run + b":new"])
    return adopted == run + b":new"


steps = st.one_of(
    st.builds(take, several, st.lists(st.tuples(attempts, caps), max_size=3), lives, st.booleans()),
    st.builds(put, st.sampled_from((PUT, PROLONG)), several, lives),
    st.builds(remove, several),
    st.builds(renew, several, st.sampled_from((60_000, 120_000))),
    st.just(adopt),
)


def standing(found: Sequence[Sequence[bytes]]) -> Mapping[str, dict[bytes, int]]:
    """What lives, with about how long."""
    return {
        key: {
            holder: round(float(left) / ROUNDED_MS)
            for holder, left in zip(members[::2], members[1::2], strict=True)
            if float(left) > 0
        }
        for key, members in zip(SETS, found, strict=True)
    }


def test_the_model_does_what_the_scripts_do(own_redis: OwnRedis) -> None:
    with redis.Redis.from_url(own_redis.url) as client:

        def real(script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
            return client.eval(script, len(keys), *keys, *args)

        @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(steps, max_size=12))
        def holds(played: list[Step]) -> None:
            client.flushall()
            server = RedisServer(lambda: 1_000_000.0)

            def modelled(script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
                return scripts(server)[script](keys, args)

            for step in played:
                assert step(real) == step(modelled)
                assert standing(real(READ, SETS, [])) == standing(modelled(READ, SETS, []))
                for job in range(5):
                    assert client.get(f"lease:job_{job}") == server.get(f"lease:job_{job}")

        holds()
