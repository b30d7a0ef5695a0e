"""Which addresses lead outside: whatever strangers name is looked up once, and connected to as it was looked up."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host. Raises OSError."""
_V4_BITS: Final = 0xFFFFFFFF
_WITHIN_V6: Final = tuple(
    ipaddress.IPv6Network(network) for network in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
"""Whose last 32 bits are an IPv4 address that a translator or an old stack may go to: compatible, translated, NAT64."""
_NOT_OUTSIDE: Final = (ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("fec0::/10"))
"""Relays of 6to4 and site-local addresses: deprecated, and still somebody's network."""


class ForbiddenAddress(ValueError):
    """It leads to this machine or to a network that nobody else sees."""


class Outside(AbstractResolver):
    """aiohttp's resolver: it connects to nothing but what this has found. One private address refuses a name."""

    def __init__(self, resolve: Resolve | None = None, *, private: bool = False) -> None:
        """`private` allows this machine and its networks: for development alone."""
        self._resolve = resolve or resolved
        self._private = private

    def check(self, host: str) -> None:
        """Of an address that needs no look-up. Raises ForbiddenAddress."""
        if not self._private and _parsed(host) is not None and not is_public(host):
            raise ForbiddenAddress("a private address")

    async def asked(self, request: httpx.Request) -> None:
        """httpx's hook where a proxy connects: what it looks up and we cannot is its own affair."""
        try:
            self.check(request.url.host)
            await self.resolve(request.url.host, request.url.port or 0)
        except OSError:
            return

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp asks for both
    ) -> list[ResolveResult]:
        """Raises ForbiddenAddress or OSError."""
        found = await self._resolve(host, port)
        if not self._private and not all(map(is_public, found)):
            raise ForbiddenAddress("a name of a private address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """It holds nothing."""


def is_public(address: str) -> bool:
    """Also not an IPv4 address in IPv6's clothes, nor one that is shared, reserved or multicast."""
    found = _parsed(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (inner := _within(found)) is not None:
        return is_public(str(inner))
    if any(found in network for network in _NOT_OUTSIDE if network.version == found.version):
        return False
    return found.is_global and not found.is_multicast


async def resolved(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _parsed(address: str) -> Address | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that it stands for."""
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and any(address in network for network in _WITHIN_V6):
        return ipaddress.IPv4Address(int(address) & _V4_BITS)
    return inner
