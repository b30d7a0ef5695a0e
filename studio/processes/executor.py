"""The executor's process: ready steps become jobs, and jobs become results."""

from typing import Final

from adapters.catalog.copy import CopiedModels
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from processors.executor.executor import TYPES, Executor, key_of, reads, urgent, wants
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from projections.stores import DATABASE
from projections.streams import StreamStore
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "executor"
IN_FLIGHT_MAX: Final = 256
READING_MAX: Final = 64
"""Those that wait for stored streams, in places of their own: a burst of them keeps nobody else from working."""


async def run(settings: Settings, process: Process) -> None:
    """Executes until the process is to stop."""
    refused, client = await parts.refused(process, settings), await parts.mongo(process, settings)
    models = CopiedModels(await parts.catalog(process, settings), refused)
    executor = Executor(
        await parts.bus(process, settings), await parts.vault(process, settings), models, StreamStore(client[DATABASE])
    )
    reactor = Reactor(
        await parts.log(process, settings),
        GROUP,
        [EVENTS_CANVAS, EVENTS_JOBS],
        executor.handle,
        key_of=key_of,
        urgent=urgent,
        types=TYPES,
        wants=wants,
        in_flight_max=IN_FLIGHT_MAX,
        apart=reads,
        apart_max=READING_MAX,
        instance_id=settings.process_name,
    )

    async def ready() -> None:
        await reactor.ready()
        process.ready("executor")

    await together(process.stop, reactor.run, once(ready))
