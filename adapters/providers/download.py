"""Opens results for reading over HTTP: from the outside, and from places of our own where an adapter says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

import httpx

from adapters.providers.http import http_client, outside_client, refusal, retry_after, translated
from adapters.providers.outside import ForbiddenAddress, Outside
from processors.dispatcher.errors import BadResult, OutcomeUnknown, ProviderDown, RateLimited
from processors.dispatcher.ports import RemoteFile

CHUNK_BYTES: Final = 256 * 1024
REDIRECTS_MAX: Final = 5
WHO: Final = "the address of a result"

Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


def origin_of(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port


class Downloads:
    """`processors.dispatcher.results.Fetch`. What a provider names is a stranger's word: it may lead to this machine,
    or be moved there. Each hop is looked up and checked anew."""

    def __init__(self, own: Collection[str] = (), outside: Outside | None = None) -> None:
        """`own`: addresses that we are set to call anyway; what lies beside them is fetched wherever that is."""
        self._own = frozenset(origin_of(httpx.URL(url)) for url in own)
        self._outside = outside_client(outside or Outside())
        self._inside = http_client()

    async def aclose(self) -> None:
        await self._outside.aclose()
        await self._inside.aclose()

    @asynccontextmanager
    async def __call__(self, file: RemoteFile) -> AsyncIterator[AsyncIterator[bytes]]:
        """httpx drops `Authorization` where a redirect leads to another host, and here all of a key goes."""
        with translated(WHO):
            try:
                request = self._outside.build_request("GET", file.url, headers=dict(file.headers))
                async with self._answered(file, request) as answer:
                    yield answer.aiter_bytes(CHUNK_BYTES)
            except ForbiddenAddress as error:
                raise BadResult(f"{WHO} is {error}") from error

    @asynccontextmanager
    async def _answered(self, file: RemoteFile, request: httpx.Request) -> AsyncIterator[httpx.Response]:
        """What stands at the end of all redirects."""
        first = origin_of(request.url)
        for _ in range(REDIRECTS_MAX + 1):
            answer = await self._client(file, request.url).send(request, stream=True)
            try:
                if answer.next_request is None:
                    if answer.status_code != httpx.codes.OK:
                        _refuse(answer)
                    yield answer
                    return
                request = answer.next_request
                if origin_of(request.url) != first:
                    for name in file.headers:
                        request.headers.pop(name, None)
            finally:
                await answer.aclose()
        raise OutcomeUnknown(f"{WHO} leads on and on")

    def _client(self, file: RemoteFile, url: httpx.URL) -> httpx.AsyncClient:
        """A worker's own file lies at the worker; where that leads elsewhere, the place is a stranger's again."""
        origin = origin_of(url)
        ours = origin in self._own or (file.own and origin == origin_of(httpx.URL(file.url)))
        return self._inside if ours else self._outside


def _refuse(answer: httpx.Response) -> None:
    words = f"{WHO} answered {answer.status_code}"
    error = refusal(answer.status_code, words, retry_after_s=retry_after(answer.headers))
    if isinstance(error, ProviderDown | RateLimited):
        raise error
    raise BadResult(error.detail)
