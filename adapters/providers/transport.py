"""httpx's way over the wire by aiohttp, whose parser is C: an eighth of the CPU that httpcore takes for a request.

Errors stay httpx's, for callers tell from them whether a request may have arrived.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx
from yarl import URL

from adapters.providers.outside import Outside

CONNECTIONS_MAX: Final = 1_000
"""Each attempt in flight may hold one for as long as it is watched, and needs another to be stopped."""
KEPT_S: Final = 20.0
OWN_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""httpx has said them, or has left them out on purpose."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Straight to whom the address names: no proxy, no cookies, no redirects."""

    def __init__(self, trust: ssl.SSLContext, outside: Outside | None = None) -> None:
        """With `outside` it goes to what that allows, and nowhere else."""
        self._trust = trust
        self._outside = outside
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors, or ForbiddenAddress."""
        body = await request.aread()
        if self._outside is not None:
            self._outside.check(request.url.host)
        with told_as_httpx(request):
            answer = await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=body or None,
                timeout=_timeout(request),
                allow_redirects=False,
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Body(answer, request),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": (answer.reason or "").encode("latin-1")},
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Made with the first request: aiohttp wants the loop to run."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX, keepalive_timeout=KEPT_S, ssl=self._trust, resolver=self._outside
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=OWN_HEADERS,
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    """An answer's bytes as they come; what is not read to its end takes its connection with it."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with told_as_httpx(self._request):
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        self._answer.close()


@contextmanager
def told_as_httpx(request: httpx.Request) -> Iterator[None]:
    """Before a connection stands nothing has been sent; afterwards nobody knows."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error), request=request) from error
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error), request=request) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError, aiohttp.ServerDisconnectedError) as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(str(error), request=request) from error


def _timeout(request: httpx.Request) -> aiohttp.ClientTimeout:
    """Of the way there and of each read; as a whole no call is bounded here."""
    asked = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=asked.get("pool"), sock_connect=asked.get("connect"), sock_read=asked.get("read")
    )
