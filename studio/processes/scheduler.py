"""The scheduler's process: its share of the pools, on the state of all jobs and caps; it stands by for the rest."""

from typing import Final

from events.log.membership import Membership
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS, EVENTS_JOBS, POOLS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.scheduler.ticking import TYPES, Effect, SchedulerTicks
from processors.slots.slots import Slots
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "scheduler"
TICK_S: Final = 0.1
"""What only the clock brings, a retry whose time has come, is dispatched so much later at most."""
CONCURRENCY: Final = 64
PATIENCE_MS: Final = 100
"""How providers do is a matter of many attempts; what is to be dispatched comes by the state, at once."""


async def run(settings: Settings, process: Process) -> None:
    """Schedules until the process is to stop."""
    redis = await parts.redis(process, settings)
    slots = Slots(redis)
    bootstrap = await parts.log(process, settings)
    pools = Membership(bootstrap, GROUP, POOLS, settings.process_name)
    jobs = await parts.jobs(process, settings)
    bus = await parts.bus(process, settings)
    core = SchedulerTicks(
        bus,
        redis,
        slots,
        pools.owns,
        jobs,
        weights=settings.priority_weights,
        claims=await parts.claims(process),
    )
    pools.on_change(core.pools_changed)
    ticker: Ticker[Effect] = Ticker(
        bootstrap,
        "scheduler",
        current={
            CURRENT_JOBS: jobs,
            CURRENT_ORGS: await parts.orgs(process, settings),
            CURRENT_CATALOG: await parts.catalog(process, settings),
        },
        events=(EVENTS_JOBS,),
        types=TYPES,
        core=core,
        perform=core.perform,
        interval_s=TICK_S,
        concurrency=CONCURRENCY,
        patience_ms=PATIENCE_MS,
    )

    core.registered.on_change(ticker.hurry)

    async def ready() -> None:
        await ticker.ready()
        await pools.ready()
        process.ready("scheduler")

    looks = (core.registered.look, core.registered.listen)
    await together(process.stop, pools.run, ticker.run, slots.run, core.keep_slots, *looks, once(ready))
