"""Results are fetched over HTTP, from wherever they are sent to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Header, Request
from fastapi.responses import RedirectResponse, Response

from adapters.providers.download import Downloads
from adapters.providers.outside import Outside
from processors.dispatcher.errors import BadResult, NotSent, OutcomeUnknown, ProviderDown, ProviderError, RateLimited
from processors.dispatcher.ports import RemoteFile
from tests.serving import served, unused_address

BODY = bytes(range(256)) * 4096


def shelf() -> FastAPI:
    app = FastAPI()

    @app.get("/file")
    async def file() -> Response:
        return Response(BODY, media_type="image/png")

    @app.get("/private")
    async def private(authorization: str = Header("")) -> Response:
        return Response(BODY if authorization == "Bearer key" else b"", 200 if authorization else 401)

    @app.get("/moved")
    async def moved() -> Response:
        return RedirectResponse("/file")

    @app.get("/away")
    async def away(request: Request, to: str) -> Response:
        return RedirectResponse(to.format(port=request.url.port))

    @app.get("/keys")
    async def keys(request: Request) -> Response:
        return Response(request.headers.get("x-key", "none"))

    @app.get("/round")
    async def round_and_round() -> Response:
        return RedirectResponse("/round")

    @app.get("/status/{code}")
    async def status(code: int) -> Response:
        return Response(b"", code)

    return app


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with served(shelf()) as address:
        yield address


async def resolve(host: str, port: int) -> list[str]:
    """`far.example` is a public host in these tests; all of its files lie here."""
    return ["127.0.0.1"]


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    made = Downloads(outside=Outside(resolve, private=True))
    yield made
    await made.aclose()


@pytest.fixture
async def guarded(url: str) -> AsyncIterator[Downloads]:
    """The shelf is an address of our own; everything else has to be public."""
    made = Downloads([f"{url}/v1"])
    yield made
    await made.aclose()


async def read(downloads: Downloads, url: str, **headers: str) -> bytes:
    return await fetched(downloads, RemoteFile(url, headers))


async def fetched(downloads: Downloads, file: RemoteFile) -> bytes:
    async with downloads(file) as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("path", ["/file", "/moved"])
async def test_a_file_comes_whole_also_from_where_it_has_moved(downloads: Downloads, url: str, path: str) -> None:
    assert await read(downloads, url + path) == BODY


async def test_a_key_goes_along_where_it_is_asked_for(downloads: Downloads, url: str) -> None:
    assert await read(downloads, url + "/private", authorization="Bearer key") == BODY
    with pytest.raises(BadResult):
        await read(downloads, url + "/private")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/status/404", BadResult),
        ("/status/410", BadResult),
        ("/status/204", BadResult),
        ("/status/429", RateLimited),
        ("/status/500", ProviderDown),
        ("/status/503", ProviderDown),
        ("/round", OutcomeUnknown),
    ],
)
async def test_what_is_gone_is_told_from_what_is_down(
    downloads: Downloads, url: str, path: str, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        await read(downloads, url + path)


@pytest.mark.parametrize("address", [None, "ftp://example.test/x", "nonsense"])
async def test_where_nobody_is_nothing_was_sent(downloads: Downloads, address: str | None) -> None:
    with pytest.raises(NotSent):
        await read(downloads, address or unused_address())


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "http://127.0.0.1:{port}/file", "http://localhost:{port}/file", "http://[::1]/"],
)
async def test_what_a_provider_names_is_never_fetched_from_within(url: str, address: str) -> None:
    downloads = Downloads()
    with pytest.raises(BadResult, match="private address"):
        await read(downloads, address.format(port=httpx.URL(url).port))
    await downloads.aclose()


async def test_an_address_of_our_own_is_fetched_wherever_it_is(guarded: Downloads, url: str) -> None:
    assert await read(guarded, url + "/file") == BODY
    with pytest.raises(BadResult, match="private address"):
        await read(guarded, unused_address())


async def test_a_redirect_inward_is_not_followed(guarded: Downloads, url: str) -> None:
    with pytest.raises(BadResult, match="private address"):
        await read(guarded, f"{url}/away?to=http://169.254.169.254/latest")
    with pytest.raises(BadResult, match="private address"):
        await read(guarded, f"{url}/away?to=http://localhost:{{port}}/file")


async def test_a_workers_file_is_fetched_from_the_worker_and_from_nowhere_else(url: str) -> None:
    downloads = Downloads()
    assert await fetched(downloads, RemoteFile(url + "/moved", own=True)) == BODY
    with pytest.raises(BadResult, match="private address"):
        await fetched(downloads, RemoteFile(f"{url}/away?to=http://localhost:{{port}}/file", own=True))
    await downloads.aclose()


async def test_a_key_stays_where_it_was_meant_for(downloads: Downloads, url: str) -> None:
    key = {"x-key": "secret"}
    assert await fetched(downloads, RemoteFile(f"{url}/away?to=/keys", key)) == b"secret"
    assert await fetched(downloads, RemoteFile(f"{url}/away?to=http://far.example:{{port}}/keys", key)) == b"none"
