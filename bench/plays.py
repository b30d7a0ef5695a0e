"""Plans of three no-op steps on a running platform, and the log's word on their runs: what bench.workflows drives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from bench.load import Api
from events.log.clients import Record
from events.log.codec import record_type_name

SENTENCE: Final = "generate a product image, animate it into a 5-second video, and add a voiceover"
"""Becomes three steps, each of which depends on the one before; what they do is replaced."""
MODEL, PROVIDER = "elevenlabs/sound-effects", "elevenlabs"
INPUT: Final = {"text": "simulate:ok=0"}
"""A simulated run of no length."""
SLOTS: Final = 512
PLANNED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True)
class Playable:
    """A plan that has not run, and the key that may run it."""

    plan_id: str
    key: str


async def prepare(api: Api, admin_key: str, *, sessions: int, each: int) -> list[Playable]:
    """So many sessions, one organisation each, with so many plans: the first by the planner, the others forked."""
    await api.call("PUT", f"/admin/providers/{PROVIDER}", admin_key, {"concurrent": SLOTS})
    keys = await api.open_orgs(admin_key, sessions)
    made: list[Playable] = []
    for begin in range(0, sessions, 8):
        some = await asyncio.gather(*(_session(api, key, each) for key in keys[begin : begin + 8]))
        made += [plan for plans in some for plan in plans]
    return made


async def _session(api: Api, key: str, plans: int) -> list[Playable]:
    session = (await api.call("POST", "/sessions", key))["session_id"]
    await api.call("POST", f"/sessions/{session}/messages", key, {"text": SENTENCE, "approval": "assist"})
    plan: dict[str, Any] = {}
    async for attempt in AsyncRetrying(stop=stop_after_delay(PLANNED_WITHIN_S), wait=wait_fixed(LOOK_EVERY_S)):
        with attempt:
            plan = await _waiting(api, key, session)
    chain = [step["depends_on"] for step in plan["steps"]]
    if len(chain) != 3 or chain[0] or len(chain[1]) != 1 or len(chain[2]) != 1:
        raise RuntimeError(f"not a chain of three steps: {chain}")
    changed: dict[str, Any] = {}
    for step in plan["steps"]:
        path = f"/plans/{plan['plan_id']}/steps/{step['step_id']}"
        changed = await api.call("PATCH", path, key, {"model": MODEL, "input": INPUT})
    made = [Playable(plan["plan_id"], key)]
    for _ in range(plans - 1):
        path = f"/plans/{plan['plan_id']}/fork?after={changed['position']}"
        made.append(Playable((await api.call("POST", path, key))["plan_id"], key))
    return made


async def _waiting(api: Api, key: str, session: str) -> dict[str, Any]:
    """Raises LookupError while there is none."""
    for plan in (await api.call("GET", f"/sessions/{session}", key))["plans"]:
        if plan["status"] == "awaiting_approval":
            return dict(plan)
    raise LookupError("the planner is not done yet")


@dataclass
class Ends:
    """What the log says of runs and jobs. `watch` it before the first run is asked for."""

    statuses: dict[str, str] = field(default_factory=dict)
    """Run → how it ended."""
    kept: list[Record] | None = None
    """All records, while they are wanted."""
    seen: dict[str, int] = field(default_factory=dict)
    """Events by type."""
    last_ms: dict[str, int] = field(default_factory=dict)
    twice: int = 0
    _waiting: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def on_record(self, record: Record) -> None:
        name = name_of(record)
        self.seen[name] = self.seen.get(name, 0) + 1
        self.last_ms[name] = record.timestamp
        if self.kept is not None:
            self.kept.append(record)
        if name.endswith(".run_completed"):
            data = orjson.loads(record.value or b"{}")
            self._ended(data["run_id"], data["status"])
        async with self._more:
            self._more.notify_all()

    async def until(self, true: Callable[[], bool], within_s: float) -> None:
        """Waits until what has been seen makes it true."""
        async with asyncio.timeout(within_s), self._more:
            await self._more.wait_for(true)

    def _ended(self, run_id: str, status: str) -> None:
        self.twice += run_id in self.statuses
        self.statuses[run_id] = status
        waiting = self._waiting.pop(run_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(status)

    async def of(self, run_id: str, within_s: float) -> str:
        """How the run ended, once it has."""
        if run_id in self.statuses:
            return self.statuses[run_id]
        future = self._waiting.setdefault(run_id, asyncio.get_running_loop().create_future())
        return await asyncio.wait_for(future, within_s)


def times(records: list[Record], marks: Mapping[str, str]) -> list[tuple[float, str]]:
    """The marks of a run that was alone on the platform: Unix seconds, and what ended there."""
    return [(record.timestamp / 1000, marks[name]) for record in records if (name := name_of(record)) in marks]


def name_of(record: Record) -> str:
    """An event's type without its version."""
    return (record_type_name(record) or b"").decode()
