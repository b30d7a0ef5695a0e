"""Where providers' webhooks go: to a public address that is safe from listeners, in the sandbox to this machine."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from studio.processes.dispatcher import reach
from studio.settings import Settings

HERE = "http://127.0.0.1:8080"
PUBLIC = "https://studio.example"


@pytest.mark.parametrize(
    ("said", "webhooks"),
    [
        ({}, None),
        ({"public_url": PUBLIC}, PUBLIC),
        ({"public_url": "http://studio.example"}, None),
        ({"sandbox": True}, HERE),
        ({"sandbox": True, "public_url": PUBLIC}, PUBLIC),
    ],
)
def test_webhooks_go_where_nobody_listens(said: dict[str, Any], webhooks: str | None) -> None:
    settings = Settings(_env_file=None, http_port=8080, server_secret=SecretStr("s"), **said)
    assert reach(settings).webhooks == webhooks
