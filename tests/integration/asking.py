"""What tests of the gateway ask for, and how they read its refusals."""

from __future__ import annotations

import secrets
from typing import Any

import httpx


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    return body


def job(**members: Any) -> dict[str, Any]:
    return {"model": "test/echo", "input": {"prompt": "hello"}, **members}


def key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}
