"""Posts to addresses that strangers have named: public ones only, looked up here and connected to as looked up.

A name is resolved once, every address that it has must be public, and the connection goes to the address that was
checked: a second look-up could lead elsewhere. Redirects are answers, not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from processors.notifier.notifier import Answer

WITHIN_S: Final = 10.0
USER_AGENT: Final = "ai-studio-webhooks/1"
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host. Raises OSError."""
log = logging.getLogger(__name__)


class PublicPost:
    """`processors.notifier.notifier.Post`."""

    def __init__(
        self,
        *,
        private: bool = False,
        client: httpx.AsyncClient | None = None,
        resolve: Resolve | None = None,
        within_s: float = WITHIN_S,
    ) -> None:
        """`private` allows this machine and its networks: for development alone."""
        self._private = private
        self._client = client or httpx.AsyncClient(trust_env=False, follow_redirects=False)
        self._resolve = resolve or resolved
        self._within_s = within_s

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            async with asyncio.timeout(self._within_s):
                return await self._sent(httpx.URL(url), body, headers)
        except TimeoutError:
            return Answer(failure="timeout")
        except (httpx.InvalidURL, ValueError):
            return Answer(failure="forbidden_address")
        except (httpx.HTTPError, OSError) as error:
            log.info("a webhook cannot be delivered: %s", type(error).__name__)
            return Answer(failure="unreachable")

    async def _sent(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> Answer:
        if url.scheme not in ("http", "https") or url.userinfo or not url.host:
            return Answer(failure="forbidden_address")
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await self._resolve(url.host, port)
        if not addresses or not (self._private or all(is_public(address) for address in addresses)):
            return Answer(failure="forbidden_address")
        asked = {**headers, "host": url.netloc.decode(), "user-agent": USER_AGENT}
        request = self._client.build_request(
            "POST", url.copy_with(host=addresses[0]), content=body, headers=asked, extensions={"sni_hostname": url.host}
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()  # what it says beyond its status is nobody's business
        return Answer(status=answer.status_code)


def is_public(address: str) -> bool:
    """Also not an IPv4 address in IPv6's clothes, nor one that is shared, reserved or multicast."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


async def resolved(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
