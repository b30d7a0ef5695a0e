"""The agents' process: messages become plans, by a language model and by rules."""

from typing import Final

from events.topics import EVENTS_CANVAS
from processors.agents.catalog import CatalogView
from processors.agents.published import Published
from processors.agents.reactor import CALL_TIMEOUT_S, Agents, key_of
from processors.agents.rooms import Rooms
from processors.agents.sessions import Sessions
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from projections.stores import DATABASE
from projections.streams import StreamStore
from studio.processes import parts
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "agents"
IN_FLIGHT_MAX: Final = 64


async def run(settings: Settings, process: Process) -> None:
    """Plans until the process is to stop."""
    table, client = await parts.catalog(process, settings), await parts.mongo(process, settings)
    catalog = CatalogView(lambda: [value for _, value in table.items()])
    table.on_change(catalog.changed)
    sender = await parts.progress(process, settings)
    agents = Agents(
        Rooms(
            ask=await parts.bus(process, settings),
            vault=await parts.vault(process, settings),
            sessions=Sessions(StreamStore(client[DATABASE])),
            catalog=catalog,
            prompts=Published(table.get),
            model=await parts.model(process, settings),
            send=sender.send,
            owner=f"{settings.process_name}/{process.instance}",
        )
    )
    reactor = Reactor(
        await parts.log(process, settings),
        GROUP,
        [EVENTS_CANVAS],
        agents.handle,
        key_of=key_of,
        wants=agents.wants,
        in_flight_max=IN_FLIGHT_MAX,
        call_timeout_s=CALL_TIMEOUT_S,
        instance_id=settings.process_name,
    )

    async def ready() -> None:
        await reactor.ready()
        process.ready("agents")

    await together(process.stop, reactor.run, once(ready))
