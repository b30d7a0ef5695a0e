"""Stopping what runs at a provider: asked a few times, and not for ever."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from processors.dispatcher.errors import ProviderError
from processors.dispatcher.ports import Handle, Provider

STOP_TRIES: Final = 5
STOP_WAIT_S: Final = 1.0
STOPPING_MAX_S: Final = 60.0
log = logging.getLogger(__name__)


async def stopped_at(provider: Provider, handle: Handle, *, within_s: float = STOPPING_MAX_S) -> bool:
    """Whether the provider has confirmed it."""
    try:
        async with asyncio.timeout(within_s):
            for attempt in range(1, STOP_TRIES + 1):
                if (retryable := await _asked_to_stop(provider, handle)) is None:
                    return True
                if not retryable:
                    return False
                await asyncio.sleep(STOP_WAIT_S * attempt)
    except TimeoutError:
        log.warning("%s: not stopped at %s in time", handle.provider_job_id, provider.name)
    return False


async def _asked_to_stop(provider: Provider, handle: Handle) -> bool | None:
    """None: it is stopped; otherwise whether asking again may help."""
    try:
        await provider.cancel(handle)
    except ProviderError as error:
        log.warning("%s: not stopped at %s: %s", handle.provider_job_id, provider.name, type(error).__name__)
        return error.retryable
    return None
