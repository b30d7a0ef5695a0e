"""The sweepers' process: ends what nobody finishes, and mends what is not as the log has it.

The sweeper of the queue is in the scheduler's process: it is that one's memory that it looks at.
"""

import asyncio
from typing import Final

from adapters.vault.mongo import MongoKeyStore
from events.topics import CURRENT_APPROVALS, CURRENT_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.slots.table import SlotTable
from processors.sweepers.approvals import Approvals, Overdue
from processors.sweepers.core import Sweep
from processors.sweepers.slots import Mend
from processors.sweepers.slots_ticking import SlotSweeperTicks
from processors.sweepers.ticking import SweeperTicks
from projections.drift_ticking import DriftTicks, MakeAnew
from projections.mending import Mending
from projections.stores import DATABASE
from projections.stores.mongo import MongoStore
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
    documents = await _documents(bootstrap, process, settings)
    comparing: Ticker[MakeAnew] = Ticker(
        bootstrap,
        "sweeper of jobs",
        current=current,
        events=(),
        core=documents,
        perform=documents.perform,
        concurrency=1,
    )
    approvals = Approvals(await parts.bus(process, settings))
    waiting: Ticker[Overdue] = Ticker(
        bootstrap,
        "approvals",
        current={CURRENT_APPROVALS: await parts.approvals(process, settings)},
        events=(),
        core=approvals,
        perform=approvals.perform,
        interval_s=APPROVALS_EVERY_S,
        concurrency=4,
    )
    tickers = (ending, mending, comparing, waiting)

    async def ready() -> None:
        await asyncio.gather(*(one.ready() for one in tickers))
        process.ready("sweepers")

    runs = (one.run for one in tickers)
    await together(process.stop, *runs, attempts.look, slots.look, documents.look, once(ready))


async def _documents(bootstrap: str, process: Process, settings: Settings) -> DriftTicks:
    mongo = await parts.mongo(process, settings)
    store, vaults = MongoStore(mongo, MongoKeyStore(mongo).kids), await parts.fresh_vaults(process, settings)
    return DriftTicks(mongo[DATABASE], Mending(bootstrap, store, vaults))
