"""The harness is believed because it finds what is planted: every entry of the list that it is held to.

Each is planted in the real code at the seam where it would be made (`plants`), and caught by an invariant; the same
scenario without it breaks nothing. One entry lives at the gateway's edge, where no simulation is needed: a webhook
that is parsed before it is verified is planted and caught here on the verifier itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import orjson
import pytest

from adapters.providers.replicate.webhook import verified
from commands.ports import BadWebhook, WebhookNews
from commands.signing import webhook_signature
from tests.simulation.plants import PLANTS
from tests.simulation.plants.plant import Plant
from tests.simulation.run import run

LISTED: Final = (
    "random transactional id",
    "re-init on fence",
    "read_uncommitted",
    "auto-commit on",
    "seek before InitProducerId omitted",
    "commit wrapped in wait_for",
    "no fence check on result",
    "look-up error taken as never arrived",
    "unconfirmed stop frees the slot",
    "slot TTL not renewed",
    "INCR-based cap",
    "idempotency key only in Redis",
    "ledger clamp without posting",
    "float money",
    "checkpoint before Mongo write",
    "projector counter `$inc` without seq guard",
    "latest as reset",
    "unknown version skipped",
    "sweeper by wall clock",
)
"""All that a harness for this house has to find, but for `webhook parsed before verify`, which stands below."""


def test_every_listed_bug_is_planted() -> None:
    planted = [plant.name for plant in PLANTS]
    assert [bug for bug in LISTED if not any(name.startswith(bug) for name in planted)] == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_caught(plant: Plant) -> None:
    for seed in range(plant.seeds):
        with plant.planted():
            found = run(plant.scenario(seed)).violation
        if found is not None:
            assert found.rule in plant.rules, found
            assert run(plant.scenario(seed)).violation is None
            return
    pytest.fail(f"not caught in {plant.seeds} runs")


# --- a webhook that is parsed before it is verified --------------------------------------------------------

SECRET: Final = b"0123456789abcdef01234567"
SPACED: Final = b'{ "id" : "p1",  "status" : "succeeded" }'
Verify = Callable[..., WebhookNews]


def parsed_first(secret: bytes, headers: Mapping[str, str], body: bytes, *, now: float) -> WebhookNews:
    """The plant: what is verified is what was read, written again."""
    return verified(secret, headers, orjson.dumps(orjson.loads(body)), now=now)


def believes_only_the_bytes(verify: Verify) -> bool:
    """As sent it is believed, as somebody on the way would write the same values it is not."""
    signature = webhook_signature(SECRET, "msg_1", "1700000000", SPACED)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": f"v1,{signature}"}
    believed = []
    for body in (SPACED, orjson.dumps(orjson.loads(SPACED))):
        try:
            believed.append(verify(SECRET, headers, body, now=1_700_000_000.0) == WebhookNews("p1", "succeeded"))
        except BadWebhook:
            believed.append(False)
    return believed == [True, False]


def test_a_webhook_that_is_parsed_before_it_is_verified_is_caught() -> None:
    assert believes_only_the_bytes(verified)
    assert not believes_only_the_bytes(parsed_first)
