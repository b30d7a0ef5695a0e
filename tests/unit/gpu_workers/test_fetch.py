"""Input files are brought from allowed hosts only, and an address that is none is the input's fault, never ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import anyio
import httpx
import pytest

from gpu_workers.engines.base import InputRefused
from gpu_workers.fetch import Fetcher, FetchFailed
from tests.serving import unused_address

SCHEMA = {"properties": {"image": {"type": "string", "x-media": "image"}}}

HERE = frozenset({"127.0.0.1"})


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:99999999/x",
        "http://127.0.0.1:abc/",
        "http://[::1",
        "http://127.0.0.1/\x00",
        "ftp://127.0.0.1/x",
        "http:///x",
        "http://example.org/x",
        "data:image/png;base64,***",
        "image.png",
    ],
)
async def test_what_is_no_address_of_an_allowed_host_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        await Fetcher(HERE).localise({"image": address}, SCHEMA, tmp_path, {})


async def test_a_host_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed):
        await Fetcher(HERE, again_for_s=0).localise({"image": f"{unused_address()}/x"}, SCHEMA, tmp_path, {})


async def test_a_host_that_is_back_within_time_costs_no_attempt(tmp_path: Path) -> None:
    answers = iter([503, 200])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(next(answers), content=b"picture")

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    local = await Fetcher(HERE, client).localise({"image": "http://127.0.0.1/x"}, SCHEMA, tmp_path, {})
    assert await anyio.Path(local["image"]).read_bytes() == b"picture"


ADDRESS = "http://127.0.0.1/x"
PICTURE = hashlib.sha256(b"picture").hexdigest()


def serving(body: bytes) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))


async def test_what_was_made_here_is_not_fetched(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"picture")
    fetcher = Fetcher(HERE, serving(b"another"), made={PICTURE: made}.get)
    local = await fetcher.localise({"image": ADDRESS}, SCHEMA, tmp_path, {ADDRESS: PICTURE})
    assert local["image"] != str(made)
    assert await anyio.Path(local["image"]).read_bytes() == b"picture"


async def test_what_arrives_is_what_was_stored(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="not arrive as it was stored"):
        await Fetcher(HERE, serving(b"cut sh"), again_for_s=0).localise(
            {"image": ADDRESS}, SCHEMA, tmp_path, {ADDRESS: PICTURE}
        )
    local = await Fetcher(HERE, serving(b"picture")).localise({"image": ADDRESS}, SCHEMA, tmp_path, {ADDRESS: PICTURE})
    assert await anyio.Path(local["image"]).read_bytes() == b"picture"
