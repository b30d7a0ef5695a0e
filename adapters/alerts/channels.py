"""Where operators are told: JSON to a webhook, a line to a chat, a mail. Each is there once its address is set."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import asdict
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from adapters.providers.http import http_client
from processors.alerts.alerter import Channel
from processors.alerts.core import Alert

TIMEOUT_S = 10.0
SUBMISSION_PORT = 587


class Webhook:
    """POSTs the alert as JSON: `{category, provider, model, urgency, text, count, at}`."""

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        self._url = url
        self._client = client or http_client()

    async def send(self, alert: Alert) -> None:
        (await self._client.post(self._url, json=self.body(alert))).raise_for_status()

    def body(self, alert: Alert) -> dict[str, Any]:
        return {**asdict(alert), "at": alert.at.isoformat()}


class Chat(Webhook):
    """An incoming webhook as Slack has it, and Mattermost and Rocket.Chat after it: `{"text": …}`."""

    def body(self, alert: Alert) -> dict[str, Any]:
        return {"text": headline(alert)}


class Mail:
    """By SMTP: `smtps://`, or `smtp://user:password@host:587` with STARTTLS; without a name in clear, on localhost."""

    def __init__(self, url: str, sender: str, receivers: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._receivers = receivers

    async def send(self, alert: Alert) -> None:
        await asyncio.to_thread(self._send, alert)

    def message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = headline(alert)
        message["From"], message["To"] = self._sender, self._receivers
        lines = {"provider": alert.provider, "model": alert.model, "category": alert.category,
                 "failures since the last alert": str(alert.count), "at": alert.at.isoformat()}  # fmt: skip
        message.set_content(alert.text + "\n\n" + "\n".join(f"{name}: {value}" for name, value in lines.items()))
        return message

    def _send(self, alert: Alert) -> None:
        host, port = self._url.hostname or "localhost", self._url.port
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port or smtplib.SMTP_SSL_PORT, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, port or SUBMISSION_PORT, timeout=TIMEOUT_S)
        with server:
            if self._url.username:
                if self._url.scheme != "smtps":
                    server.starttls(context=ssl.create_default_context())
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(self.message(alert))


def headline(alert: Alert) -> str:
    again = f" ({alert.count} times)" if alert.count > 1 else ""
    return f"[{alert.urgency}] {alert.text}{again}"


def channels(
    *, webhook_url: str | None, chat_url: str | None, smtp_url: str | None, sender: str, receivers: str | None
) -> Mapping[str, Channel]:
    """Those that are set up, by name."""
    found: dict[str, Channel] = {}
    if webhook_url is not None:
        found["webhook"] = Webhook(webhook_url)
    if chat_url is not None:
        found["chat"] = Chat(chat_url)
    if smtp_url is not None and receivers is not None:
        found["mail"] = Mail(smtp_url, sender, receivers)
    return found
