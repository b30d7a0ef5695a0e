"""The catalog's process: brings the models of the YAML files and the shipped prompts to the log when it starts."""

from typing import Final

from adapters.catalog.loader import load
from adapters.catalog.sync import due, due_prompts, tell
from adapters.providers.configured import REMOTE, access
from processors.agents.prompts import all_shipped
from processors.runners.together import once, together
from studio.processes import parts
from studio.processes.configured import access_of, simulators_url
from studio.processes.process import Process
from studio.settings import Settings

CONCURRENT: Final = {"llm": 8, **dict.fromkeys(REMOTE, 8)}
"""Calls at a time, until an admin says otherwise. The fleet's limit is what its workers take."""


async def run(settings: Settings, process: Process) -> None:
    """Stays until the process is to stop."""
    entries = load(lambda provider: available(settings, provider))
    bus, copy = await parts.bus(process, settings), await parts.catalog(process, settings)

    async def bring() -> None:
        await tell(bus, [*due(entries, copy, CONCURRENT), *due_prompts(all_shipped(), copy)], process.instance)
        process.ready("catalog")

    await together(process.stop, once(bring))


def available(settings: Settings, provider: str) -> bool:
    """Whether models of a provider can be used here: ours always, others with a key or in the sandbox."""
    if provider in ("fleet", "llm"):
        return True
    if provider not in CONCURRENT:
        return False
    return access(access_of(settings), provider, simulators_url(settings)).api_key is not None
