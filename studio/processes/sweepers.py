"""The sweepers' process: ends what nobody finishes."""

import asyncio
from typing import Final

from events.topics import CURRENT_APPROVALS, CURRENT_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.sweepers.approvals import Approvals, Overdue
from processors.sweepers.core import Sweep
from processors.sweepers.ticking import SweeperTicks
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

APPROVALS_EVERY_S: Final = 15.0
"""Days are waited for: nobody misses the seconds."""


async def run(settings: Settings, process: Process) -> None:
    """Sweeps until the process is to stop."""
    core = SweeperTicks(await parts.bus(process, settings), await parts.redis(process, settings))
    ticker: Ticker[Sweep] = Ticker(
        await parts.log(process, settings),
        "sweepers",
        current={CURRENT_JOBS: await parts.jobs(process, settings)},
        events=(),
        core=core,
        perform=core.perform,
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
        await asyncio.gather(ticker.ready(), waiting.ready())
        process.ready("sweepers")

    await together(process.stop, ticker.run, waiting.run, core.look, once(ready))
