"""What a refusal says of itself is kept for whoever asks the provider about it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.providers.elevenlabs.wire import refused
from adapters.providers.rest import Rest
from events.jobs.events import Answered
from processors.dispatcher.errors import ProviderError


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"error": {"code": "no_quota", "type": "x"}}, {"x-request-id": "req_1"}, ("no_quota", "req_1")),
        ({"detail": {"status": "quota_exceeded"}}, {"request-id": "r" * 500}, ("quota_exceeded", "r" * 100)),
        ({"code": 1102, "message": "empty"}, {}, ("1102", None)),
        ({"name": "bad_request"}, {"cf-ray": "8f"}, ("bad_request", "8f")),
        ({"detail": "words alone"}, {}, (None, None)),
        ([], {}, (None, None)),
    ],
)  # fmt: skip
async def test_a_refusals_status_code_and_request_are_kept(
    body: Any, headers: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    far = httpx.MockTransport(lambda _request: httpx.Response(429, json=body, headers=headers))
    rest = Rest("far", "https://far.example", dict, refused, httpx.AsyncClient(transport=far))
    with pytest.raises(ProviderError) as error:
        await rest.ask("/x")
    code, request_id = expected
    assert error.value.failed.answered == Answered(status=429, code=code, request_id=request_id)
    await rest.aclose()
