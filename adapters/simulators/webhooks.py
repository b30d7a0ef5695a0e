"""Webhooks as Replicate sends them, and as they should never be: twice, late, stale, forged."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Final

import httpx
import orjson

from adapters.providers.http import http_client
from adapters.providers.replicate.webhook import signature
from adapters.simulators.replicate_state import Prediction, body_of

LATE_S: Final = 1.0
STALE_S: Final = 3600
TASKS_MAX: Final = 2000
TIMEOUT_S: Final = 10.0
log = logging.getLogger(__name__)


class Webhooks:
    """One task per prediction that asked for webhooks."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = http_client(timeout=httpx.Timeout(TIMEOUT_S))

    def announce(self, prediction: Prediction, present: Callable[[], Prediction]) -> None:
        if len(self._tasks) >= TASKS_MAX:
            log.warning("too many webhooks under way: none for %s", prediction.id)
            return
        task = asyncio.create_task(self._announce(prediction, present))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=TIMEOUT_S)
        await self._client.aclose()

    async def _announce(self, prediction: Prediction, present: Callable[[], Prediction]) -> None:
        await asyncio.sleep(max(0.0, prediction.starts_at - time.time()))
        await self._send(present())
        name = prediction.behaviour.name
        if name == "never":
            return
        await asyncio.sleep(max(0.0, prediction.ends_at - time.time()) + (LATE_S if name == "webhook_late" else 0.0))
        for _ in range(2 if name == "webhook_twice" else 1):
            await self._send(present())

    async def _send(self, prediction: Prediction) -> None:
        name = prediction.behaviour.name
        body = orjson.dumps(body_of(prediction, time.time()))
        moment = str(int(time.time()) - (STALE_S if name == "webhook_stale" else 0))
        webhook_id = f"msg_{secrets.token_hex(8)}"
        key = b"somebody else's" if name == "webhook_forged" else self._secret
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{signature(b'retired', webhook_id, moment, body)} "
            f"v1,{signature(key, webhook_id, moment, body)}",
        }
        try:
            await self._client.post(str(prediction.webhook), content=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("webhook of %s not delivered: %s", prediction.id, type(error).__name__)
