"""A reader's rest: what comes within a moment of a batch comes with the next one, for each fetch has its price.

The first record after a quiet time is read at once; it is those behind it that come together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer


@asynccontextmanager
async def resting(client: AIOKafkaConsumer, rest_s: float) -> AsyncIterator[None]:
    """Nothing is fetched within the block, nor for `rest_s` from its beginning on. 0: as if it were not there."""
    if not rest_s:
        yield
        return
    loop = asyncio.get_running_loop()
    until, held = loop.time() + rest_s, client.assignment()
    client.pause(*held)
    try:
        yield
        if (left := until - loop.time()) > 0:
            await asyncio.sleep(left)
    finally:
        client.resume(*(held & client.assignment()))
