"""Nothing answers: the person is told so at once, with the command to type."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.client.access import Access, NoPlatform, access
from studio.client.api import Api, OutOfTime, trusted_at
from studio.local.layout import Layout


async def test_an_address_where_nothing_answers_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Api(Access(url, "sk_x"), 60, reached_within_s=0.3) as api:
            with pytest.raises(NoPlatform, match=rf"nothing answers at {url}/?: run `studio up`"):
                await api.get("/v1/credits")


async def test_who_has_answered_once_is_waited_for_until_the_time_is_over() -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()
        server.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Api(Access(url, "sk_x"), 0.5, reached_within_s=0.0) as api:
        assert await api.get("/v1/credits") == {}
        await server.wait_closed()
        with pytest.raises(OutOfTime):
            await api.get("/v1/credits")


@pytest.mark.parametrize(
    "verb",
    [
        ("run", "a picture"),
        ("jobs", "list"),
        ("jobs", "get", "job_X"),
        ("credits", "show"),
        ("credits", "ledger"),
        ("credits", "grant", "5"),
        ("models",),
        ("dlq", "list"),
        ("prompts", "list"),
        ("audit", "keys"),
        ("audit", "checkpoint"),
        ("audit", "rotate-key"),
    ],
)
def test_after_down_every_verb_says_what_to_type(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:9"
    kept = {"url": url, "api_key": "sk_x", "admin_key": "sk_y", "org_id": "org_X"}
    (tmp_path / "dev.json").write_text(json.dumps(kept))
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    told = CliRunner().invoke(app, verb)
    assert told.exit_code == 1
    assert told.stderr.splitlines()[-1] == f"failed: nothing answers at {url}: run `studio up`"


def test_a_platform_whose_supervisor_lives_is_given_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    layout = Layout(tmp_path)
    layout.prepare()
    layout.dev.write_text(json.dumps({"url": "http://127.0.0.1:9", "api_key": "sk_x"}))
    with pytest.raises(NoPlatform, match="nothing answers"):
        access(None, None)
    assert access("http://elsewhere.test", None).api_key == "sk_x"
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind(str(layout.supervisor_socket))
        supervisor.listen()
        assert access(None, None).url == "http://127.0.0.1:9"
    with pytest.raises(NoPlatform, match="nothing answers"):
        access(None, None)


def test_at_a_plain_address_no_authority_is_read_and_no_certificate_would_hold() -> None:
    trusted = trusted_at("http://127.0.0.1:8000")
    assert isinstance(trusted, ssl.SSLContext)
    assert trusted.cert_store_stats()["x509_ca"] == 0
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_secure_address_is_held_to_the_usual_authorities() -> None:
    assert trusted_at("https://studio.example") is True
