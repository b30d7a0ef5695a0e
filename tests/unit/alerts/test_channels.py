"""Alerts arrive: as JSON, as a line in a chat, as a mail; a channel that is away holds up nobody."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.alerts.channels import Chat, Mail, Webhook, channels
from events.jobs.events import AttemptFailed
from events.topics import EVENTS_JOBS
from processors.alerts import alerter
from processors.alerts.alerter import Alerter, wants
from processors.alerts.core import Alert
from tests.given import JOB, ORG
from tests.serving import served, unused_address
from tests.unit.projections.given import on

ALERT = Alert("billing", "fal", "fal/flux", "page", "our account with fal has no credit left", 3, datetime.now(UTC))


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    async def take(request: Request) -> Response:
        got.append(await request.json())
        return Response(status_code=200)

    async with served(Starlette(routes=[Route("/", take, methods=["POST"])])) as url:
        yield url, got


async def test_a_webhook_gets_it_all() -> None:
    async with receiver() as (url, got):
        await Webhook(url).send(ALERT)
    assert got == [
        {
            "category": "billing", "provider": "fal", "model": "fal/flux", "urgency": "page", "count": 3,
            "text": ALERT.text, "at": ALERT.at.isoformat(),
        }
    ]  # fmt: skip


async def test_a_chat_gets_a_line() -> None:
    async with receiver() as (url, got):
        await Chat(url).send(ALERT)
    assert got == [{"text": "[page] our account with fal has no credit left (3 times)"}]


class Post:
    """A mail server that takes one mail."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.mail = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            self.lines.append(line)
            if line.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                self.mail = (await reader.readuntil(b"\r\n.\r\n")).decode()
            writer.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 ok\r\n")
            if line.upper() == "QUIT":
                break
        writer.close()


async def test_a_mail_says_it_in_its_subject_and_the_rest_below() -> None:
    post = Post()
    async with await asyncio.start_server(post, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await Mail(f"smtp://127.0.0.1:{port}", "studio@example.com", "ops@example.com, on-call@example.com").send(ALERT)
    message = email.message_from_string(post.mail)
    assert message["Subject"] == "[page] our account with fal has no credit left (3 times)"
    assert [line for line in post.lines if line.lower().startswith("rcpt")] == [
        "rcpt TO:<ops@example.com>",
        "rcpt TO:<on-call@example.com>",
    ]
    assert "model: fal/flux" in str(message.get_payload())


async def test_a_channel_that_is_away_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerter, "RETRY_FIRST_S", 0.01)
    failed = AttemptFailed(job_id=JOB, org_id=ORG, lease=1, category="billing", provider="fal", model="fal/flux")
    [recorded] = on(EVENTS_JOBS, JOB, failed)
    assert wants(recorded)
    async with receiver() as (url, got):
        await Alerter({"away": Webhook(unused_address()), "here": Webhook(url)}).handle(recorded)
    assert [(one["category"], one["provider"]) for one in got] == [("billing", "fal")]


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ({}, ["chat", "webhook"]),
        ({"chat": ["page"]}, ["chat", "webhook"]),
        ({"chat": ["notice"]}, ["webhook"]),
        ({"chat": ["notice", "billing"], "webhook": ["contract"]}, ["chat"]),
        ({"chat": [], "webhook": ["page"]}, ["webhook"]),
    ],
)
async def test_a_channel_is_told_of_its_own_urgencies_and_categories(
    routes: dict[str, list[str]], told: list[str]
) -> None:
    failed = AttemptFailed(job_id=JOB, org_id=ORG, lease=1, category="billing", provider="fal", model="fal/flux")
    [recorded] = on(EVENTS_JOBS, JOB, failed)
    async with receiver() as (one, in_chat), receiver() as (other, at_webhook):
        await Alerter({"chat": Chat(one), "webhook": Webhook(other)}, routes).handle(recorded)
    assert [name for name, got in (("chat", in_chat), ("webhook", at_webhook)) if got] == told


def test_only_channels_with_an_address_are_there() -> None:
    assert dict(channels(webhook_url=None, chat_url=None, smtp_url="smtp://x", sender="a", receivers=None)) == {}
    found = channels(webhook_url="http://a", chat_url="http://b", smtp_url="smtp://x", sender="a", receivers="b")
    assert set(found) == {"webhook", "chat", "mail"}
