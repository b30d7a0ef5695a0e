"""The agents' process: messages become plans, by a language model and by rules."""

import asyncio
from typing import Final

from adapters.storage.objects import storage
from events.log.clients import Record
from events.log.codec import from_record, record_type_name, type_name
from events.log.follower import Follower
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from processors.agents.asking.published import Published
from processors.agents.asking.rooms import Rooms
from processors.agents.asking.spending import CALLS, WINDOW_S, Budgeted, Spending
from processors.agents.catalog import CatalogView
from processors.agents.reactor import CALL_TIMEOUT_S, GROUP, Agents, key_of
from processors.agents.sessions import Sessions
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from projections.stores import DATABASE
from projections.streams import StreamStore
from studio.processes import language, parts
from studio.processes.process import Process
from studio.settings import Settings

IN_FLIGHT_MAX: Final = 256
"""Messages that are planned at once: nearly all of their time they wait for models, whose calls have a limit too."""
PATIENCE_MS: Final = 250
CALLED: Final = frozenset(map(type_name, CALLS))


async def run(settings: Settings, process: Process) -> None:
    """Plans until the process is to stop."""
    table, client = await parts.catalog(process, settings), await parts.mongo(process, settings)
    catalog = CatalogView(lambda: [value for _, value in table.items()])
    table.on_change(catalog.changed)
    sender, bootstrap = await parts.progress(process, settings), await parts.log(process, settings)
    spending = Spending()
    agents = Agents(
        Rooms(
            ask=await parts.bus(process, settings),
            vault=await parts.vault(process, settings),
            sessions=Sessions(StreamStore(client[DATABASE])),
            catalog=catalog,
            prompts=Published(table.get),
            small_model=settings.llm_small_model,
            model=Budgeted(await language.model(process, settings), spending, settings.llm_tokens_per_day),
            send=sender.send,
            owner=f"{settings.process_name}/{process.instance}",
            storage=storage(settings.storage),
            refused=await parts.refused(process, settings),
        )
    )
    reactor = Reactor(
        bootstrap,
        GROUP,
        [EVENTS_CANVAS],
        agents.handle,
        key_of=key_of,
        wants=agents.wants,
        urgent=agents.urgent,
        in_flight_max=IN_FLIGHT_MAX,
        call_timeout_s=CALL_TIMEOUT_S,
        instance_id=settings.process_name,
    )

    counting = counters(bootstrap, spending)

    async def ready() -> None:
        await asyncio.gather(reactor.ready(), *(one.ready() for one in counting))
        process.ready("agents")

    await together(process.stop, reactor.run, *(one.run for one in counting), once(ready))


def counters(bootstrap: str, spending: Spending) -> tuple[Follower, ...]:
    """Of all partitions, for an organisation's sessions are planned, and its texts written, by all processes.

    What the agents asked counts before they ask again. What was asked for jobs, which they have reserved for, may come
    a moment later: of all events of all runs hardly one is meant.
    """

    def note(record: Record) -> None:
        if record_type_name(record) in CALLED:
            spending.note(from_record(record))

    patience = {EVENTS_CANVAS: 0, EVENTS_JOBS: PATIENCE_MS}
    return tuple(
        Follower(bootstrap, [topic], on_record=note, name=f"spending {topic}", back_s=WINDOW_S, patience_ms=patience_ms)
        for topic, patience_ms in patience.items()
    )
