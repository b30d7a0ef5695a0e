"""The sweepers' process: ends what nobody finishes."""

from events.topics import CURRENT_JOBS
from processors.runners.ticker import Ticker
from processors.runners.together import once, together
from processors.sweepers.core import Sweep
from processors.sweepers.ticking import SweeperTicks
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings


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

    async def ready() -> None:
        await ticker.ready()
        process.ready("sweepers")

    await together(process.stop, ticker.run, core.look, once(ready))
