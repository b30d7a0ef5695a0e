"""Waits for the servers that a process works with, so that it may be started beside them."""

import asyncio
from collections.abc import Awaitable, Callable

from studio.local.servers import kafka, mongo, redis
from studio.local.servers.server import wait_until_ready
from studio.settings import Settings


async def servers_answer(settings: Settings) -> None:
    """Returns once Kafka, MongoDB and Redis, as far as they are named, answer their protocols. Raises NotReady."""
    checks: list[tuple[str, str | None, Callable[[str], Awaitable[None]]]] = [
        ("kafka", settings.kafka_bootstrap, kafka.check_kafka),
        ("mongo", settings.mongo_url, mongo.check_mongo),
        ("redis", settings.redis_url, redis.check_redis),
    ]

    async def answers(name: str, address: str, check: Callable[[str], Awaitable[None]]) -> None:
        await wait_until_ready(name, lambda: check(address))

    async with asyncio.TaskGroup() as waiting:
        for name, address, check in checks:
            if address is not None:
                waiting.create_task(answers(name, address, check), name=f"wait for {name}")
