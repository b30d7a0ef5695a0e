"""The sweepers' process: ends what nobody finishes."""

from contextlib import AsyncExitStack
from typing import Final

from redis.asyncio import Redis

from commands.bus import CommandBus
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.topics import CURRENT_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.sweepers.core import Sweep
from processors.sweepers.ticking import SweeperTicks
from studio.processes.process import Process
from studio.settings import Settings

REDIS_WITHIN_S: Final = 3.0


async def run(settings: Settings, process: Process) -> None:
    """Sweeps until the process is to stop."""
    bootstrap, redis_url = settings.kafka_bootstrap, settings.redis_url
    if bootstrap is None or redis_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP and STUDIO_REDIS_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        redis: Redis = await stack.enter_async_context(
            Redis.from_url(redis_url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S)
        )
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        core = SweeperTicks(bus, redis)
        ticker: Ticker[Sweep] = Ticker(
            bootstrap, "sweepers", current={CURRENT_JOBS: CurrentJob}, events=(), core=core, perform=core.perform
        )

        async def ready() -> None:
            await ticker.ready()
            process.ready("sweepers")

        await together(process.stop, ticker.run, core.look, once(ready))
