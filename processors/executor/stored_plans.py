"""Plans folded from their stored streams; the last few are kept, for steps that become ready together ask for one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from events.canvas.plan_state import NoPlan, Plan, PlanState, evolve_plan
from processors.executor.ports import StoredStreams

KEPT_MAX: Final = 16
"""Plans: one of the largest size takes about 2 MiB."""


@dataclass(slots=True)
class _Kept:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    plan: Plan | None = None


class StoredPlans:
    """One read at a time of each plan; the others wait for it, and most often need none of their own."""

    def __init__(self, streams: StoredStreams) -> None:
        self._streams = streams
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def at(self, plan_id: str, version: int, tells: Callable[[Plan], bool]) -> Plan | None:
        """The plan as of this version, or as it was read before where that `tells` what is asked.

        None where the stream holds no plan that does. Raises Unavailable while it is not stored yet.
        """
        kept = self._kept.setdefault(plan_id, _Kept())
        self._kept.move_to_end(plan_id)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        async with kept.turn:
            if kept.plan is None or not tells(kept.plan):
                kept.plan = await self._read(plan_id, version)
            return kept.plan if kept.plan is not None and tells(kept.plan) else None

    async def _read(self, plan_id: str, version: int) -> Plan | None:
        state: PlanState = NoPlan()
        for recorded in await self._streams.of_plan(plan_id, version):
            state = evolve_plan(state, recorded.data, recorded.envelope.time)
        return state if isinstance(state, Plan) else None
