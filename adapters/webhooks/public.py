"""Posts to addresses that strangers have named: public ones only, connected to as they were looked up.

A name is resolved once and every address that it has must be public; where one of them does not answer, the next is
tried. Redirects are answers, not followed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import httpx

from adapters.providers.http import straight_client
from adapters.providers.outside import ForbiddenAddress, Outside
from processors.notifier.notifier import Answer

WITHIN_S: Final = 10.0
USER_AGENT: Final = "ai-studio-webhooks/1"
log = logging.getLogger(__name__)


class PublicPost:
    """`processors.notifier.notifier.Post`."""

    def __init__(self, outside: Outside, *, within_s: float = WITHIN_S) -> None:
        self._client = straight_client(outside)
        self._within_s = within_s

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            async with asyncio.timeout(self._within_s):
                return await self._sent(httpx.URL(url), body, headers)
        except TimeoutError:
            return Answer(failure="timeout")
        except (ForbiddenAddress, httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Answer(failure="forbidden_address")
        except (httpx.HTTPError, OSError) as error:
            log.info("a webhook cannot be delivered: %s", type(error).__name__)
            return Answer(failure="unreachable")

    async def _sent(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> Answer:
        if url.scheme not in ("http", "https") or url.userinfo or not url.host:
            return Answer(failure="forbidden_address")
        asked = {**headers, "user-agent": USER_AGENT}
        request = self._client.build_request("POST", url, content=body, headers=asked)
        answer = await self._client.send(request, stream=True)
        await answer.aclose()  # what it says beyond its status is nobody's business
        return Answer(status=answer.status_code)
