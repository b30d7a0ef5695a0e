"""The dispatcher's process: carries dispatched attempts to the providers that are configured."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from pydantic import SecretStr
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from adapters.llm.client import LlmClient
from adapters.media.probe import probe
from adapters.providers.configured import Access, Configured, providers
from adapters.providers.download import Downloads
from adapters.providers.fleet.directory import RedisDirectory
from adapters.storage.objects import storage
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.catalog.current import CurrentModel, CurrentProvider
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.log.progress import ProgressSender
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, EVENTS_JOBS
from processors.dispatcher.dispatcher import Dispatcher, Reach, Rooms, key_of, longest_s, urgent, wants
from processors.dispatcher.leases import Leases
from processors.dispatcher.ports import Provider
from processors.dispatcher.results import Results
from processors.dispatcher.tables import KnownJobs
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "dispatcher"
IN_FLIGHT_MAX: Final = 500
"""Calls wait at their providers, not here: the caps are the scheduler's."""
REDIS_WITHIN_S: Final = 3.0
OPENAI: Final = "https://api.openai.com/v1"


async def run(settings: Settings, process: Process) -> None:
    """Dispatches until the process is to stop."""
    bootstrap, mongo_url, redis_url = settings.kafka_bootstrap, settings.mongo_url, settings.redis_url
    if bootstrap is None or mongo_url is None or redis_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP, STUDIO_MONGO_URL and STUDIO_REDIS_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(AsyncMongoClient(mongo_url))
        redis: Redis = await stack.enter_async_context(
            Redis.from_url(redis_url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S)
        )
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        sender = await stack.enter_async_context(ProgressSender(bootstrap))
        writer = await stack.enter_async_context(language_model(settings))
        keys = MongoKeyStore(client)
        await keys.prepare()
        vault = KeyVault(keys, master_key(secret(settings.master_key, "MASTER_KEY")))
        store = storage(settings.storage)
        catalog = CompactedTable(bootstrap, CURRENT_CATALOG, catalog_value)
        jobs = CompactedTable(bootstrap, CURRENT_JOBS, CurrentJob)
        leases = Leases(redis)
        dispatcher = Dispatcher(
            Rooms(
                ask=bus,
                vault=vault,
                storage=store,
                results=Results(store, vault, probe, Downloads()),
                providers=providers_of(settings, redis, writer),
                catalog=catalog,
                jobs=KnownJobs(jobs),
                leases=leases,
                send=sender.send,
                reach=reach(settings),
            )
        )
        reactor = reactor_of(dispatcher, bootstrap, settings.process_name)

        async def react(stop: asyncio.Event) -> None:
            """Not before the copies are there: they say which attempts are over already."""
            await asyncio.gather(catalog.ready(), jobs.ready())
            await reactor.run(stop)

        async def ready() -> None:
            await reactor.ready()
            process.ready("dispatcher")

        await together(process.stop, catalog.run, jobs.run, leases.run, react, once(ready))


def reactor_of(dispatcher: Dispatcher, bootstrap: str, instance_id: str) -> Reactor:
    return Reactor(
        bootstrap,
        GROUP,
        [EVENTS_JOBS],
        dispatcher.handle,
        key_of=key_of,
        urgent=urgent,
        wants=wants,
        in_flight_max=IN_FLIGHT_MAX,
        call_timeout_s=longest_s,
        instance_id=instance_id,
    )


def providers_of(settings: Settings, redis: Redis, writer: LlmClient) -> dict[str, Provider]:
    return providers(access_of(settings), RedisDirectory(redis), writer, simulators_url=simulators_url(settings))


def catalog_value(key: str, value: bytes) -> CurrentModel | CurrentProvider:
    kind: type[CurrentModel] | type[CurrentProvider] = CurrentModel if key.startswith("model:") else CurrentProvider
    return kind.model_validate_json(value)


def language_model(settings: Settings) -> LlmClient:
    """The server that is configured, or the offline stand-in."""
    if settings.planner == "offline":
        return LlmClient(f"{(settings.standins_url or '').rstrip('/')}/llm/v1", None, settings.planner)
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return LlmClient(settings.llm_base_url or OPENAI, key, settings.planner, settings.llm_secondary_model)


def access_of(settings: Settings) -> Configured:
    def access(name: str) -> Access:
        own = settings.provider(name)
        return Access(own.base_url, own.api_key.get_secret_value() if own.api_key else None)

    return access


def simulators_url(settings: Settings) -> str | None:
    if not settings.sandbox or settings.standins_url is None:
        return None
    return f"{settings.standins_url.rstrip('/')}/simulators"


def reach(settings: Settings) -> Reach:
    """Workers beside the gateway reach it here; elsewhere everything goes by the public address."""
    here = f"http://127.0.0.1:{settings.http_port}" if settings.http_port else None
    return Reach(
        internal=settings.internal_url or here or settings.public_url,
        public=settings.public_url,
        secret=secret(settings.server_secret, "SERVER_SECRET").encode(),
    )


def secret(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise ValueError(f"STUDIO_{name} is not set")
    return value.get_secret_value()
