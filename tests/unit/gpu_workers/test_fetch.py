"""Input files are brought from allowed hosts only, and an address that is none is the input's fault, never ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_workers.engines.base import InputRefused
from gpu_workers.fetch import Fetcher, FetchFailed
from tests.contract.providers.serving import unused_address

SCHEMA = {"properties": {"image": {"type": "string", "x-media": "image"}}}


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
        await Fetcher(frozenset({"127.0.0.1"})).localise({"image": address}, SCHEMA, tmp_path)


async def test_a_host_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed):
        await Fetcher(frozenset({"127.0.0.1"})).localise({"image": f"{unused_address()}/x"}, SCHEMA, tmp_path)
