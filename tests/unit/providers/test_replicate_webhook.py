"""Webhooks of Replicate: believed only with a fresh signature over the very bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx
import orjson
import pytest

from adapters.providers.replicate.webhook import AGAIN_S, AGE_MAX_S, KEPT_S, ReplicateWebhooks, secret_of, verified
from adapters.simulators.replicate import replicate
from commands.ports import BadWebhook, WebhookNews
from commands.signing import webhook_signature as signature
from processors.dispatcher.errors import ContractDrift
from tests.serving import served

SECRET = b"0123456789abcdef01234567"
NOTHING: Mapping[str, str] = {}
NOW = 1_700_000_000
BODY = orjson.dumps({"id": "p1", "status": "succeeded", "output": ["https://replicate.delivery/x.png"]})


def headers(
    body: bytes = BODY, *, at: int = NOW, secret: bytes = SECRET, changed: Mapping[str, str] = NOTHING
) -> dict[str, str]:
    made = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1,{signature(secret, 'msg_1', str(at), body)}",
    }
    return {**made, **changed}


def test_a_signed_webhook_tells_which_prediction_has_changed() -> None:
    assert verified(SECRET, headers(), BODY, now=NOW) == WebhookNews("p1", "succeeded")


def test_the_second_of_two_signatures_counts_too() -> None:
    right = headers()["Webhook-Signature"]
    two = f"v1,{signature(b'old', 'msg_1', str(NOW), BODY)} {right}"
    assert verified(SECRET, headers(changed={"Webhook-Signature": two}), BODY, now=NOW).provider_job_id == "p1"


@pytest.mark.parametrize("position", range(0, len(BODY), 9))
def test_one_changed_byte_is_enough(position: int) -> None:
    changed = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
    with pytest.raises(BadWebhook):
        verified(SECRET, headers(), changed, now=NOW)


@pytest.mark.parametrize(
    "sent",
    [
        headers(secret=b"somebody else's"),
        headers(changed={"Webhook-Id": "msg_2"}),
        headers(changed={"Webhook-Timestamp": str(NOW + 1)}),
        headers(changed={"Webhook-Timestamp": "now"}),
        headers(changed={"Webhook-Signature": ""}),
        headers(changed={"Webhook-Signature": "v1,é"}),
        headers(changed={"Webhook-Signature": headers()["Webhook-Signature"].replace("v1,", "v2,")}),
        {},
    ],
)
def test_another_signature_id_or_time_is_refused(sent: dict[str, str]) -> None:
    with pytest.raises(BadWebhook):
        verified(SECRET, sent, BODY, now=NOW)


@pytest.mark.parametrize("late", [AGE_MAX_S + 1, -AGE_MAX_S - 1])
def test_an_old_one_and_one_from_the_future_are_refused(late: int) -> None:
    with pytest.raises(BadWebhook, match="too old"):
        verified(SECRET, headers(at=NOW), BODY, now=NOW + late)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": "p1"}',
        b"null",
        b'{"id": "../../account?x=", "status": "succeeded"}',
        b'{"id": "", "status": "succeeded"}',
        b'{"id": "p1/cancel", "status": "succeeded"}',
    ],
)
def test_a_signed_body_that_is_no_prediction_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        verified(SECRET, headers(body), body, now=NOW)


def test_a_secret_is_base64_after_its_prefix() -> None:
    assert secret_of({"key": f"whsec_{base64.b64encode(SECRET).decode()}"}) == SECRET


@pytest.mark.parametrize(
    "body", [{}, {"key": ""}, {"key": "whsec_"}, {"key": None}, {"key": "whsec_%"}, {"key": "aaaa"}]
)
def test_what_is_no_secret_is_never_kept_as_one(body: Mapping[str, str | None]) -> None:
    with pytest.raises(ContractDrift):
        secret_of(body)


class FarEnd:
    """Replicate's address of the secret, which may change."""

    def __init__(self) -> None:
        self.secret, self.asked, self.now = SECRET, 0, 0.0
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        self.webhooks = ReplicateWebhooks("r8_test", client=client, monotonic=lambda: self.now)

    def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(
            200, json={"key": f"whsec_{base64.b64encode(self.secret).decode()}"} if self.secret else {}
        )

    async def believes(self, secret: bytes) -> bool:
        try:
            await self.webhooks.verify(headers(secret=secret), BODY, now=NOW)
        except BadWebhook:
            return False
        return True


async def test_a_changed_secret_is_fetched_and_forgeries_fetch_nothing() -> None:
    far = FarEnd()
    assert await far.believes(SECRET)
    far.secret = b"another secret of some length"
    assert not await far.believes(far.secret)
    far.now += AGAIN_S + 1
    assert await far.believes(far.secret)
    assert not await far.believes(SECRET)
    asked = far.asked
    for _ in range(20):
        assert not await far.believes(b"forged")
    assert far.asked == asked
    far.now += KEPT_S + 1
    assert await far.believes(far.secret)
    assert far.asked == asked + 1


async def test_an_answer_without_a_secret_is_asked_for_again() -> None:
    far = FarEnd()
    far.secret = b""
    with pytest.raises(ContractDrift):
        await far.believes(b"")
    far.secret = SECRET
    assert await far.believes(SECRET)


async def test_the_secret_is_fetched_from_the_provider() -> None:
    far_end = replicate()
    secret = far_end.state.simulator.secret
    async with served(far_end) as url:
        webhooks = ReplicateWebhooks("r8_test", base_url=url)
        for _ in range(2):
            news = await webhooks.verify(headers(secret=secret), BODY, now=NOW)
            assert news == WebhookNews("p1", "succeeded")
        with pytest.raises(BadWebhook):
            await webhooks.verify(headers(), BODY, now=NOW)
        await webhooks.aclose()
