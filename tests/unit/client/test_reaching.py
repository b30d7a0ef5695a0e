"""Nothing answers: the person is told so at once, with the command to type."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.client.access import Access, NoPlatform, access
from studio.client.api import REACHED_WITHIN_S, RESTARTED_WITHIN_S, Api, OutOfTime, trusted_at
from studio.local import addresses
from studio.local.layout import Layout
from studio.local.packing import PACKING
from studio.settings import Settings

DEAD = "http://127.0.0.1:9"


async def test_an_address_where_nothing_answers_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Api(Access(url, "sk_x"), 60, reached_within_s=0.3) as api:
            with pytest.raises(NoPlatform, match=rf"nothing answers at {url}: check the address, or leave --url out"):
                await api.get("/v1/credits")


async def test_what_is_kept_up_here_and_does_not_answer_is_looked_at_here() -> None:
    async with Api(Access(DEAD, "sk_x", is_kept_up=True), 60, reached_within_s=0.3) as api:
        with pytest.raises(NoPlatform, match=rf"nothing answers at {DEAD}, though it runs here: see `studio status`"):
            await api.get("/v1/credits")


@pytest.fixture
def silent() -> Iterator[str]:
    """Where connections are neither taken nor refused: the line before it is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["dead", "silent"])
def test_a_dead_address_is_told_of_in_about_two_seconds(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = DEAD if kind == "dead" else request.getfixturevalue("silent")
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    began = time.monotonic()
    told = CliRunner().invoke(app, ["credits", "show", "--url", url, "--key", "sk_x"])
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(f"failed: nothing answers at {url}: check the address")
    assert time.monotonic() - began < RESTARTED_WITHIN_S / 2
    assert REACHED_WITHIN_S <= 2


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


LOG_VERBS = [
    ("events", "tail", "--last", "3"),
    ("events", "export", "--topic", "credits", "--out", "x.jsonl"),
    ("audit", "verify"),
    ("audit", "verify", "--read-model"),
    ("audit", "replay", "--org", "org_X"),
    ("audit", "export", "--no-sign", "--org", "org_X", "--out", "x.ndjson"),
    ("prompts", "replay", "--org", "org_X", "--variant", "brief"),
]


@pytest.mark.parametrize("verb", LOG_VERBS)
@pytest.mark.parametrize("was_up", [True, False])
def test_where_nothing_runs_every_verb_on_the_log_says_what_to_type(
    verb: tuple[str, ...], was_up: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    if was_up:
        layout = Layout(tmp_path)
        layout.prepare()
        addresses.choose(Settings(), layout, PACKING)
    told = CliRunner().invoke(app, verb)
    assert told.exit_code == 1
    assert told.stderr == "failed: nothing runs here: type `studio up`\n"


@pytest.mark.parametrize("verb", LOG_VERBS)
def test_a_log_elsewhere_that_is_dead_is_named(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("STUDIO_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.setenv("STUDIO_MONGO_URL", "mongodb://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, verb)
    assert told.exit_code == 1
    assert told.stderr == (
        "failed: Kafka does not answer at 127.0.0.1:9: is STUDIO_KAFKA_BOOTSTRAP right, and is it up?\n"
    )


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
