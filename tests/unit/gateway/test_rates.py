"""The rate of an organisation: a burst of a minute's worth, then an even flow, and nobody else's business."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from events.accounts.current import CurrentKey, CurrentOrg
from events.accounts.events import Limits
from gateway.access.auth import Authenticate
from gateway.access.keyring import Keyring, digest
from gateway.http.rates import ORGS_MAX, Rates


def passed(rates: Rates, org_id: str, rate: int, now: float, tries: int) -> int:
    return sum(rates.wait_s(org_id, rate, now) == 0 for _ in range(tries))


def test_a_minutes_worth_at_once_and_then_evenly() -> None:
    rates = Rates()
    assert passed(rates, "org_A", 60, 0.0, 100) == 60
    assert passed(rates, "org_B", 60, 0.0, 1) == 1
    assert rates.wait_s("org_A", 60, 0.5) == pytest.approx(0.5)
    assert passed(rates, "org_A", 60, 10.0, 100) == 10
    assert passed(rates, "org_A", 60, 1000.0, 100) == 60


def test_a_smaller_rate_counts_at_once() -> None:
    rates = Rates()
    assert passed(rates, "org_A", 1000, 0.0, 1) == 1
    assert passed(rates, "org_A", 10, 0.0, 100) == 10


def test_what_is_remembered_has_a_bound() -> None:
    rates = Rates()
    for number in range(ORGS_MAX + 1):
        rates.wait_s(f"org_{number}", 1, 0.0)
    assert passed(rates, "org_0", 1, 0.0, 2) == 1
    assert passed(rates, f"org_{ORGS_MAX}", 1, 0.0, 2) == 0


def answering() -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        Request(scope)
        await Response("yes")(scope, receive, send)

    return app


async def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    keyring = Keyring(None)
    key = CurrentKey(key_id="key_1", hash=digest("sk_ann"), role="member")
    keyring.changed("org_A", CurrentOrg(org_id="org_A", title="A", keys=(key,), limits=Limits(rate_per_min=2)))
    transport = httpx.ASGITransport(Authenticate(answering(), keyring, Rates()))
    headers = {"authorization": "Bearer sk_ann"}
    async with httpx.AsyncClient(transport=transport, base_url="http://studio", headers=headers) as client:
        statuses = [(await client.get("/v1/credits")).status_code for _ in range(2)]
        refused = await client.get("/v1/credits")
    assert statuses == [200, 200]
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/rate-limited")
    assert int(refused.headers["retry-after"]) >= 1
