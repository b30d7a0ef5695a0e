"""Opens results for reading over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx

from adapters.providers.http import http_client, refusal, translated
from processors.dispatcher.errors import BadResult, ProviderDown

CHUNK_BYTES: Final = 256 * 1024
REDIRECTS_MAX: Final = 5
WHO: Final = "the address of a result"


class Downloads:
    """`processors.dispatcher.results.Fetch`."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or http_client()
        self._client.max_redirects = REDIRECTS_MAX

    async def aclose(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def __call__(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncIterator[bytes]]:
        """httpx drops `Authorization` where a redirect leads to another host."""
        with translated(WHO):
            async with self._client.stream("GET", url, headers=dict(headers), follow_redirects=True) as answer:
                if answer.status_code != httpx.codes.OK:
                    _refuse(answer)
                yield answer.aiter_bytes(CHUNK_BYTES)


def _refuse(answer: httpx.Response) -> None:
    error = refusal(answer.status_code, f"{WHO} answered {answer.status_code}")
    if isinstance(error, ProviderDown):
        raise error
    raise BadResult(error.detail)
