"""The scheduler's process: every pool, one after the other in one loop, on the present state of jobs and caps."""

from typing import Final

from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS, EVENTS_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.scheduler.ticking import TYPES, Effect, SchedulerTicks
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

TICK_S: Final = 0.25
CONCURRENCY: Final = 64


async def run(settings: Settings, process: Process) -> None:
    """Schedules until the process is to stop."""
    core = SchedulerTicks(await parts.bus(process, settings), await parts.redis(process, settings))
    ticker: Ticker[Effect] = Ticker(
        await parts.log(process, settings),
        "scheduler",
        current={
            CURRENT_JOBS: await parts.jobs(process, settings),
            CURRENT_ORGS: await parts.orgs(process, settings),
            CURRENT_CATALOG: await parts.catalog(process, settings),
        },
        events=(EVENTS_JOBS,),
        types=TYPES,
        core=core,
        perform=core.perform,
        interval_s=TICK_S,
        concurrency=CONCURRENCY,
    )

    async def ready() -> None:
        await ticker.ready()
        process.ready("scheduler")

    await together(process.stop, ticker.run, core.look, once(ready))
