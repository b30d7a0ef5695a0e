"""Results are fetched over HTTP, from wherever they are sent to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Header
from fastapi.responses import RedirectResponse, Response

from adapters.providers.download import Downloads
from processors.dispatcher.errors import BadResult, NotSent, OutcomeUnknown, ProviderDown, ProviderError
from tests.contract.providers.serving import served, unused_address

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


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    made = Downloads()
    yield made
    await made.aclose()


async def read(downloads: Downloads, url: str, **headers: str) -> bytes:
    async with downloads(url, headers) as chunks:
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
