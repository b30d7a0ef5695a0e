"""The sweepers' process: ends what nobody finishes, and mends what is not as the log has it.

The fourth sweeper, of the queue, is in the scheduler's process: it is that one's memory that it looks at.
"""

import asyncio
from typing import Final

from events.topics import CURRENT_APPROVALS, CURRENT_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.slots.table import SlotTable
from processors.sweepers.approvals import Approvals, Overdue
from processors.sweepers.core import Sweep
from processors.sweepers.slots import Mend
from processors.sweepers.slots_ticking import SlotSweeperTicks
from processors.sweepers.ticking import SweeperTicks
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

APPROVALS_EVERY_S: Final = 15.0
"""Days are waited for: nobody misses the seconds."""


async def run(settings: Settings, process: Process) -> None:
    """Sweeps until the process is to stop."""
    bootstrap, redis = await parts.log(process, settings), await parts.redis(process, settings)
    current = {CURRENT_JOBS: await parts.jobs(process, settings)}
    attempts = SweeperTicks(await parts.bus(process, settings), redis)
    slots = SlotSweeperTicks(SlotTable(redis))
    ending: Ticker[Sweep] = Ticker(
        bootstrap, "sweepers", current=current, events=(), core=attempts, perform=attempts.perform
    )
    mending: Ticker[Mend] = Ticker(
        bootstrap, "sweeper of slots", current=current, events=(), core=slots, perform=slots.perform, concurrency=1
    )

    approvals = Approvals(await parts.bus(process, settings))
    waiting: Ticker[Overdue] = Ticker(
        await parts.log(process, settings),
        "approvals",
        current={CURRENT_APPROVALS: await parts.approvals(process, settings)},
        events=(),
        core=approvals,
        perform=approvals.perform,
        interval_s=APPROVALS_EVERY_S,
        concurrency=4,
    )

    async def ready() -> None:
        await asyncio.gather(ending.ready(), mending.ready(), waiting.ready())
        process.ready("sweepers")

    looks = (attempts.look, slots.look)
    await together(process.stop, ending.run, mending.run, waiting.run, *looks, once(ready))
