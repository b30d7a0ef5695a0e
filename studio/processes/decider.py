"""The deciders' process: canvas, orgs and catalog, each the only writer of its topics."""

import asyncio

from commands.canvas.decider import CANVAS
from commands.catalog.decider import CATALOG
from commands.orgs.decider import ORGS
from events.log.admin import ensure_topics
from processors.runners.decider import DeciderRunner
from processors.runners.together import once, together
from studio.processes.process import Process
from studio.settings import Settings


async def run(settings: Settings, process: Process) -> None:
    """Decides until the process is to stop. Nothing but deciders may share its event loop."""
    if settings.kafka_bootstrap is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP is not set")
    await ensure_topics(settings.kafka_bootstrap)
    runners = [
        DeciderRunner(settings.kafka_bootstrap, decider, data_dir=settings.data_dir, instance_id=settings.process_name)
        for decider in (CANVAS, ORGS, CATALOG)
    ]

    async def all_ready() -> None:
        await asyncio.gather(*(runner.ready() for runner in runners))
        process.ready("decider")

    await together(process.stop, *(runner.run for runner in runners), once(all_ready))
