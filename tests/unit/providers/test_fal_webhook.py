"""fal's webhooks are believed on their raw bytes, with any published key, and not for long."""

from __future__ import annotations

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.providers.fal.webhook import FalWebhooks, keys_of, signed_text, verified
from adapters.simulators.behaviour import Behaviour
from adapters.simulators.fal import Signer
from commands.ports import BadWebhook, WebhookNews
from processors.dispatcher.errors import ContractDrift

NOW = 1_700_000_000.0
APP = "fal-ai/flux"
BODY = orjson.dumps({"request_id": "r-1", "status": "OK", "payload": {}})
SIGNER = Signer()
HEADERS = SIGNER.headers(Behaviour(), "r-1", BODY, NOW)
KEYS = keys_of(SIGNER.jwks)
NEWS = WebhookNews("fal-ai/flux/requests/r-1", "OK")


def test_a_signed_one_names_where_its_request_is_asked_about() -> None:
    assert verified(KEYS, HEADERS, BODY, now=NOW, app=APP) == NEWS


def test_the_second_of_two_keys_counts_as_well() -> None:
    retired = Ed25519PrivateKey.generate().public_key()
    assert verified((retired, *KEYS), HEADERS, BODY, now=NOW, app=APP) == NEWS


@pytest.mark.parametrize("position", range(0, len(BODY), 7))
def test_one_changed_byte_is_found(position: int) -> None:
    changed = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
    with pytest.raises(BadWebhook):
        verified(KEYS, HEADERS, changed, now=NOW, app=APP)


@pytest.mark.parametrize("age_s", [301, -301, 86_400])
def test_one_of_another_time_is_not_believed(age_s: int) -> None:
    with pytest.raises(BadWebhook, match="too old"):
        verified(KEYS, HEADERS, BODY, now=NOW + age_s, app=APP)


@pytest.mark.parametrize("name", list(HEADERS))
def test_every_header_is_needed_and_signed(name: str) -> None:
    with pytest.raises(BadWebhook):
        verified(KEYS, {**HEADERS, name: "00"}, BODY, now=NOW, app=APP)
    with pytest.raises(BadWebhook):
        verified(KEYS, {n: v for n, v in HEADERS.items() if n != name}, BODY, now=NOW, app=APP)


@pytest.mark.parametrize("app", ["", "fal-ai", "../flux", "fal-ai/flux/../../x"])
def test_an_address_that_names_no_app_is_not_believed(app: str) -> None:
    with pytest.raises(BadWebhook, match="which app"):
        verified(KEYS, HEADERS, BODY, now=NOW, app=app)


def test_a_request_that_would_lead_elsewhere_is_not_believed() -> None:
    body = orjson.dumps({"request_id": "../../secrets", "status": "OK"})
    with pytest.raises(BadWebhook):
        verified(KEYS, SIGNER.headers(Behaviour(), "r", body, NOW), body, now=NOW, app=APP)


def test_keys_that_cannot_be_used_are_passed_over_and_none_is_a_breach() -> None:
    assert len(keys_of({"keys": [{"x": "?"}, {}, None, *SIGNER.jwks["keys"]]})) == 1
    with pytest.raises(ContractDrift):
        keys_of({"keys": [{"kty": "RSA"}]})


async def test_new_keys_are_fetched_when_none_fits_but_not_for_every_forgery() -> None:
    published, asked, clock = [Signer()], [], [0.0]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=published[-1].jwks)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    webhooks = FalWebhooks(keys_url="https://keys.test/known", client=client, monotonic=lambda: clock[0])
    for _ in range(3):
        with pytest.raises(BadWebhook):
            await webhooks.verify(HEADERS, BODY, now=NOW, at=APP)
    assert asked == ["/known/jwks.json"]
    published.append(SIGNER)
    clock[0] = 301.0
    assert await webhooks.verify(HEADERS, BODY, now=NOW, at=APP) == NEWS
    assert len(asked) == 2
    await webhooks.aclose()


def test_what_is_signed_is_what_fal_says() -> None:
    assert signed_text("r", "u", "1", b"").decode().split("\n")[:3] == ["r", "u", "1"]
