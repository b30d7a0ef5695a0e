"""Nothing answers: the person is told so at once, with the command to type."""

from __future__ import annotations

import socket

import pytest

from studio.client.access import Access, NoPlatform
from studio.client.api import Api


async def test_an_address_where_nothing_answers_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Api(Access(url, "sk_x"), 60) as api:
            with pytest.raises(NoPlatform, match=rf"nothing answers at {url}/?: run `studio up`"):
                await api.reached(within_s=0.3)
