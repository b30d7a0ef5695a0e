"""The scheduler's process: every pool, one after the other in one loop, on the present state of jobs and caps."""

from contextlib import AsyncExitStack
from typing import Final

from redis.asyncio import Redis

from adapters.catalog.copy import entry
from commands.bus import CommandBus
from events.accounts.current import CurrentOrg
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.scheduler.core import Dispatch
from processors.scheduler.ticking import SchedulerTicks
from studio.processes.process import Process
from studio.settings import Settings

TICK_S: Final = 0.25
CONCURRENCY: Final = 64
REDIS_WITHIN_S: Final = 3.0


async def run(settings: Settings, process: Process) -> None:
    """Schedules until the process is to stop."""
    bootstrap, redis_url = settings.kafka_bootstrap, settings.redis_url
    if bootstrap is None or redis_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP and STUDIO_REDIS_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        redis: Redis = await stack.enter_async_context(
            Redis.from_url(redis_url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S)
        )
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        core = SchedulerTicks(bus, redis)
        ticker: Ticker[Dispatch] = Ticker(
            bootstrap,
            "scheduler",
            current={CURRENT_JOBS: CurrentJob, CURRENT_ORGS: CurrentOrg, CURRENT_CATALOG: entry},
            events=(),
            core=core,
            perform=core.perform,
            interval_s=TICK_S,
            concurrency=CONCURRENCY,
        )

        async def ready() -> None:
            await ticker.ready()
            process.ready("scheduler")

        await together(process.stop, ticker.run, core.look, once(ready))
