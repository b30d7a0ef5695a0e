"""Nothing answers: the person is told so at once, with the command to type."""

from __future__ import annotations

import socket
import ssl

import pytest

from studio.client.access import Access, NoPlatform
from studio.client.api import Api, trusted_at


async def test_an_address_where_nothing_answers_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Api(Access(url, "sk_x"), 60) as api:
            with pytest.raises(NoPlatform, match=rf"nothing answers at {url}/?: run `studio up`"):
                await api.reached(within_s=0.3)


def test_at_a_plain_address_no_authority_is_read_and_no_certificate_would_hold() -> None:
    trusted = trusted_at("http://127.0.0.1:8000")
    assert isinstance(trusted, ssl.SSLContext)
    assert trusted.cert_store_stats()["x509_ca"] == 0
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_secure_address_is_held_to_the_usual_authorities() -> None:
    assert trusted_at("https://studio.example") is True
