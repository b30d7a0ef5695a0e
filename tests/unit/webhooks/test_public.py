"""A stranger's address is posted to where it is the outside's, and to nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.providers.outside import Outside, Resolve
from adapters.webhooks.public import PublicPost
from processors.notifier.notifier import Answer
from tests.serving import served

HERE = "127.0.0.1"


@dataclass
class Far:
    """Whoever is connected to: it keeps what it was asked."""

    port: int = 0
    asked: list[tuple[str, str, bytes, str]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        headers = request.headers
        self.asked.append((headers["host"], str(request.url.query), await request.body(), headers["webhook-id"]))
        moved = {"location": "http://169.254.169.254/latest"} if request.url.path == "/moved" else {}
        return Response(b"x" * 10_000, 302 if moved else 200, moved)

    def at(self, path: str, host: str = "hooks.example.com") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    found = Far()
    app = Starlette(routes=[Route("/{path:path}", found.take, methods=["POST"])])
    async with served(app) as url:
        found.port = urlsplit(url).port or 0
        yield found


def known(*addresses: str) -> Resolve:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


async def sent(url: str, outside: Outside) -> Answer:
    post = PublicPost(outside)
    try:
        return await post(url, b"body", {"webhook-id": "evt_1"})
    finally:
        await post.aclose()


async def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked_for(far: Far) -> None:
    answer = await sent(far.at("/x?y=1"), Outside(known(HERE), private=True))
    assert answer == Answer(status=200)
    assert far.asked == [(f"hooks.example.com:{far.port}", "y=1", b"body", "evt_1")]


async def test_where_one_address_of_a_name_does_not_answer_the_next_is_tried(far: Far) -> None:
    """Nobody listens at the second address of this machine."""
    assert (await sent(far.at("/x"), Outside(known("127.0.0.2", HERE), private=True))).taken
    assert len(far.asked) == 1


@pytest.mark.parametrize("host", ["rebound.example.com", HERE, "127.1", "2130706433", "[::1]"])
async def test_a_private_address_is_refused_by_whatever_name(far: Far, host: str) -> None:
    assert await sent(far.at("/", host), Outside(known(HERE))) == Answer(failure="forbidden_address")
    assert far.asked == []


@pytest.mark.parametrize(
    "url", ["ftp://x.example.com/", "https://user:pass@x.example.com/", "https:///x", "http://[::1"]
)
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    assert await sent(url, Outside(known(HERE), private=True)) == Answer(failure="forbidden_address")


async def test_a_redirect_is_an_answer_and_not_followed(far: Far) -> None:
    answer = await sent(far.at("/moved"), Outside(known(HERE), private=True))
    assert (answer.status, answer.taken, len(far.asked)) == (302, False, 1)


async def test_a_name_that_is_not_known_and_a_far_end_that_is_away_are_unreachable(far: Far) -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    assert await sent("https://x.example.com/", Outside(unknown)) == Answer(failure="unreachable")
    away = Outside(known("127.0.0.2"), private=True)
    assert await sent(far.at("/"), away) == Answer(failure="unreachable")
    no_certificate = Outside(known(HERE), private=True)
    assert await sent(f"https://x.example.com:{far.port}/", no_certificate) == Answer(failure="unreachable")


async def test_one_that_does_not_answer_is_not_waited_for() -> None:
    async def slow(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    post = PublicPost(Outside(slow), within_s=0.01)
    assert await post("https://x.example.com/", b"", {}) == Answer(failure="timeout")
    await post.aclose()
