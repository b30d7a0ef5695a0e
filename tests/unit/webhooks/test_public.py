"""A stranger's address leads to the outside, or nowhere."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from adapters.webhooks.public import PublicPost, is_public
from processors.notifier.notifier import Answer

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "no address",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_of_networks_nobody_else_sees(address: str) -> None:
    assert not is_public(address)


class Far:
    """Whoever is connected to: it keeps the requests."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = (status, headers or {})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status, headers = self._answer
        return httpx.Response(status, headers=headers, content=b"x" * 10_000)


def post(far: Far, *addresses: str, private: bool = False) -> PublicPost:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    client = httpx.AsyncClient(transport=httpx.MockTransport(far), follow_redirects=False)
    return PublicPost(client=client, resolve=resolve, private=private)


async def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked_for() -> None:
    far = Far()
    answer = await post(far, PUBLIC)("https://hooks.example.com:8443/x?y=1", b"body", {"webhook-id": "evt_1"})
    assert answer == Answer(status=200)
    [request] = far.requests
    assert str(request.url) == f"https://{PUBLIC}:8443/x?y=1"
    assert request.headers["host"] == "hooks.example.com:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.com"
    assert (request.content, request.headers["webhook-id"]) == (b"body", "evt_1")


@pytest.mark.parametrize("addresses", [("10.0.0.1",), (PUBLIC, "127.0.0.1"), ()])
async def test_one_private_address_is_enough_to_refuse_a_name(addresses: tuple[str, ...]) -> None:
    far = Far()
    assert await post(far, *addresses)("https://rebound.example.com/", b"", {}) == Answer(failure="forbidden_address")
    assert far.requests == []
    if addresses:
        assert (await post(far, *addresses, private=True)("https://x.example.com/", b"", {})).taken


@pytest.mark.parametrize(
    "url", ["ftp://x.example.com/", "https://user:pass@x.example.com/", "https:///x", "http://[::1"]
)
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    far = Far()
    assert await post(far, PUBLIC)(url, b"", {}) == Answer(failure="forbidden_address")
    assert far.requests == []


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    far = Far(302, {"location": "http://169.254.169.254/latest"})
    answer = await post(far, PUBLIC)("https://x.example.com/", b"", {})
    assert (answer.status, answer.taken, len(far.requests)) == (302, False, 1)


async def test_a_name_that_is_not_known_and_a_far_end_that_is_away_are_unreachable() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    assert await PublicPost(resolve=unknown)("https://x.example.com/", b"", {}) == Answer(failure="unreachable")

    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused") from ssl.SSLError("bad certificate")

    async def known(_host: str, _port: int) -> list[str]:
        return [PUBLIC]

    client = httpx.AsyncClient(transport=httpx.MockTransport(away))
    assert (await PublicPost(client=client, resolve=known)("https://x.example.com/", b"", {})).failure == "unreachable"


async def test_one_that_does_not_answer_is_not_waited_for() -> None:
    async def slow(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert await PublicPost(resolve=slow, within_s=0.01)("https://x.example.com/", b"", {}) == Answer(failure="timeout")
