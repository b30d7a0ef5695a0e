"""The dispatcher's process: carries dispatched attempts to the providers that are configured."""

from typing import Final

from redis.asyncio import Redis

from adapters.media.probe import probe
from adapters.providers.configured import own_addresses, providers
from adapters.providers.download import Downloads
from adapters.providers.fleet.directory import RedisDirectory
from adapters.providers.llm.adapter import LanguageModels
from adapters.storage.objects import storage
from events.topics import EVENTS_JOBS
from processors.agents.asking.published import Published
from processors.dispatcher.classifier import Classifier
from processors.dispatcher.dispatcher import TYPES, Dispatcher, Reach, Rooms, key_of, longest_s, urgent
from processors.dispatcher.leases import Leases
from processors.dispatcher.ports import Provider
from processors.dispatcher.results import Results
from processors.dispatcher.tables import KnownJobs
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from studio.processes import language, parts
from studio.processes.configured import access_of, secret, simulators_url
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "dispatcher"
IN_FLIGHT_MAX: Final = 500
"""Calls wait at their providers, not here: the caps are the scheduler's."""


async def run(settings: Settings, process: Process) -> None:
    """Dispatches until the process is to stop."""
    redis, sender = await parts.redis(process, settings), await parts.progress(process, settings)
    vault, store, leases = await parts.vault(process, settings), storage(settings.storage), Leases(redis)
    model = await language.model(process, settings)
    catalog, claims = await parts.catalog(process, settings), await parts.claims(process)
    prompts = Published(catalog.get)
    classifier = Classifier(model, prompts)
    downloads = Downloads(own_addresses(access_of(settings), simulators_url=simulators_url(settings)))
    dispatcher = Dispatcher(
        Rooms(
            ask=await parts.bus(process, settings),
            vault=vault,
            storage=store,
            results=Results(store, vault, probe, downloads),
            providers=providers_of(settings, redis, LanguageModels(model, prompts)),
            # The copies say which attempts are over already: they are caught up before anything is dispatched.
            catalog=catalog,
            jobs=KnownJobs(await parts.jobs(process, settings)),
            leases=leases,
            send=sender.send,
            reach=reach(settings),
            classify=classifier,
            claims=claims,
        )
    )
    reactor = reactor_of(dispatcher, await parts.log(process, settings), settings.process_name)
    claims.attach(lambda provider, org: dispatcher.carries_out(provider) and reactor.has_room_for(EVENTS_JOBS, org))

    async def ready() -> None:
        await reactor.ready()
        process.ready("dispatcher")

    try:
        await together(process.stop, leases.run, reactor.run, once(ready))
    finally:
        await classifier.aclose()
        await downloads.aclose()


def reactor_of(dispatcher: Dispatcher, bootstrap: str, instance_id: str) -> Reactor:
    return Reactor(
        bootstrap,
        GROUP,
        [EVENTS_JOBS],
        dispatcher.handle,
        key_of=key_of,
        urgent=urgent,
        types=TYPES,
        wants=dispatcher.wants,
        in_flight_max=IN_FLIGHT_MAX,
        call_timeout_s=longest_s,
        instance_id=instance_id,
    )


def providers_of(settings: Settings, redis: Redis, writer: LanguageModels) -> dict[str, Provider]:
    return providers(access_of(settings), RedisDirectory(redis), writer, simulators_url=simulators_url(settings))


def reach(settings: Settings) -> Reach:
    """Workers beside the gateway reach it here, and so do simulators; all else goes by the public address."""
    here, public = f"http://127.0.0.1:{settings.http_port}" if settings.http_port else None, settings.public_url
    safe = public if public is not None and public.startswith("https://") else None
    return Reach(
        internal=settings.internal_url or here or public,
        public=public,
        secret=secret(settings.server_secret, "SERVER_SECRET").encode(),
        webhooks=safe or (here if settings.sandbox else None),
    )
