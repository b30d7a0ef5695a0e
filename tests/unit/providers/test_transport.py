"""The way over the wire on real sockets: what httpx said goes out, and what goes wrong is told as httpx tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from adapters.providers.http import http_client
from adapters.providers.transport import AiohttpTransport

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-twice: a\r\nx-twice: b\r\n\r\nok"


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            pass  # the client has gone
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def http_clients() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(timeout=httpx.Timeout(5.0, read=0.3)) as client:
        yield client


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def test_a_request_goes_out_as_it_was_said_and_its_connection_is_kept() -> None:
    heads: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            heads.append(await head_of(reader))
            await reader.readexactly(len(b'{"a":1}'))
            writer.write(OK)

    async with server(serve) as url, http_clients() as client:
        for _ in range(2):
            answer = await client.post(f"{url}/a%2Fb%7E?q=%3D", json={"a": 1}, headers={"X-Key": "k"})
            assert (answer.status_code, answer.content) == (200, b"ok")
            assert answer.headers.get_list("x-twice") == ["a", "b"]
    assert connections == 1
    assert heads[0].startswith(b"POST /a%2Fb%7E?q=%3D HTTP/1.1\r\n")
    said = heads[0].lower()
    assert b"x-key: k" in said
    assert said.count(b"content-length: 7") == said.count(b"content-type: application/json") == 1
    assert said.count(b"user-agent:") == said.count(b"host:") == 1


async def test_bytes_come_while_the_answer_goes_on() -> None:
    more = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await more.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with server(serve) as url, http_clients() as client, client.stream("GET", url) as answer:
        chunks = answer.aiter_bytes()
        assert await anext(chunks) == b"one"
        more.set()
        assert await anext(chunks) == b"two"


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await head_of(reader)
    await reader.read()


async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await head_of(reader)


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")


async def babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"who is there?\r\n\r\n")


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (silent, httpx.ReadTimeout),
        (hangs_up, httpx.RemoteProtocolError),
        (breaks_off, httpx.RemoteProtocolError),
        (babbles, httpx.RemoteProtocolError),
    ],
)
async def test_what_may_have_arrived_is_no_failed_connection(serve: Serve, error: type[Exception]) -> None:
    async with server(serve) as url, http_clients() as client:
        with pytest.raises(error):
            await client.post(url, json={})


async def test_nobody_there_is_a_failed_connection() -> None:
    async with server(silent) as url:
        pass
    async with http_clients() as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(url, json={})


@pytest.mark.parametrize("url", ["http://[::1", "ftp://127.0.0.1/", "http:///nowhere"])
async def test_an_address_that_is_none_is_never_asked(url: str) -> None:
    async with http_clients() as client:
        with pytest.raises((httpx.UnsupportedProtocol, httpx.InvalidURL)):
            await client.get(url)


async def test_a_call_that_nobody_awaits_any_more_lets_go_of_the_provider() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await head_of(reader)
        asked.set()
        await reader.read()
        gone.set()

    async with server(serve) as url, http_client() as client:
        calling = asyncio.create_task(client.get(url))
        await asyncio.wait_for(asked.wait(), 5)
        calling.cancel()
        await asyncio.wait_for(gone.wait(), 5)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    client = http_client()
    chosen = [client._transport_for_url(httpx.URL(url)) for url in ("http://127.0.0.1/", "https://far.example/")]
    assert [isinstance(one, AiohttpTransport) for one in chosen] == [True, False]
