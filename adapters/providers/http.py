"""What all HTTP adapters share: foreign errors told in our words, refusals by status, waits that a server asks for."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from urllib.request import getproxies

import httpx
import orjson

from adapters.providers.outside import Outside
from adapters.providers.transport import AiohttpTransport
from events.jobs.events import ProviderCharged
from processors.dispatcher.decisions import STATED_WAIT_MAX_S
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContractDrift,
    InputRefused,
    NotSent,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
)
from processors.dispatcher.ports import Failed

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0, pool=10.0)
LIMITS: Final = httpx.Limits(max_connections=1_000, max_keepalive_connections=10, keepalive_expiry=20.0)
"""Each attempt in flight may hold one for as long as it is watched, and needs another to be stopped.

Few are kept idle: httpcore looks at all of them before each request, which with 50 takes longer than to connect anew.
"""
DETAIL_MAX_CHARS: Final = 300
NO_STATUS: Final = 600
ANSWER_MAX_BYTES: Final = 8 * 2**20
"""Of JSON: some repeat the files that went with the call."""
RESULT_MAX_BYTES: Final = 64 * 2**20
"""Of an answer that is the result itself."""
ANSWER_WITHIN_S: Final = 120.0
"""From the first byte that is sent to the last that is read."""
_AS_SENT: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
MOMENT_MAX_S: Final = 1e11
"""A little more than three thousand years: what a clock may show."""


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes longer than a job's whole dispatch: once a process is enough."""
    return httpx.create_ssl_context()


def http_client(*, timeout: httpx.Timeout = TIMEOUT) -> httpx.AsyncClient:
    """A proxy of the environment is reached httpx's own way, and never asked for this machine itself."""
    straight = AiohttpTransport(_trust())
    return httpx.AsyncClient(
        timeout=timeout,
        limits=LIMITS,
        verify=_trust(),
        transport=None if getproxies() else straight,
        mounts={"all://127.0.0.1": straight, "all://localhost": straight},
    )


def outside_client(outside: Outside) -> httpx.AsyncClient:
    """To what `outside` allows alone, on each request and each redirect; where there is a proxy, through it."""
    if not getproxies():
        return straight_client(outside)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS, verify=_trust(), event_hooks={"request": [outside.asked]})


def straight_client(outside: Outside) -> httpx.AsyncClient:
    """The same, past any proxy."""
    return httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, transport=AiohttpTransport(_trust(), outside))


@contextmanager
def translated(who: str) -> Iterator[None]:
    """Tells httpx's errors apart by the one thing that counts: whether the request may have arrived."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"{who} cannot be reached: {type(error).__name__}") from error
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise NotSent(f"{who} has no usable address: {type(error).__name__}") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise OutcomeUnknown(f"{who} did not answer: {type(error).__name__}") from error


class TooLarge(ContractDrift):
    """An answer of more bytes than any of its kind has."""


async def exchanged(
    client: httpx.AsyncClient, method: str, url: str, *, who: str, bytes_max: int, within_s: float, **content: Any
) -> httpx.Response:
    """An answer with all of its body. Raises NotSent, OutcomeUnknown, also where it drips for longer than `within_s`,
    or TooLarge: the rest is not read."""
    body = bytearray()
    try:
        with translated(who):
            async with asyncio.timeout(within_s), client.stream(method, url, **content) as answer:
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > bytes_max:
                        raise TooLarge(f"{who} answered with more than {bytes_max} bytes")
    except TimeoutError as error:
        raise OutcomeUnknown(f"{who} did not answer within {within_s:.0f} s") from error
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _AS_SENT]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)


def json_object(answer: httpx.Response, who: str) -> dict[str, Any]:
    """The body as a JSON object. Raises ContractDrift."""
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError as error:
        raise ContractDrift(f"{who} answered {answer.status_code} with a body that is no JSON") from error
    if not isinstance(body, dict):
        raise ContractDrift(f"{who} answered {answer.status_code} with JSON that is no object")
    return body


def body_of(answer: httpx.Response) -> Mapping[str, Any]:
    """The body of a refusal: empty where it is HTML or nothing."""
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def refusal(status: int, detail: str, *, retry_after_s: float | None = None, creating: bool = False) -> ProviderError:
    """What a status says when no code in the body has said more.

    A proxy that gives up on a create (502, 504), or sends it elsewhere, does not know whether the provider has begun.
    """
    detail = detail[:DETAIL_MAX_CHARS]
    if status == 402:
        return BillingRefused(detail)
    if status == 429:
        return RateLimited(detail, retry_after_s=retry_after_s)
    if status in (400, 413, 415, 422):
        return InputRefused(detail)
    if status in (404, 410):
        return NotThere(detail)
    if status in (401, 403, 405):
        return AccessRefused(detail)
    if creating and (status in (502, 504) or 300 <= status < 400):
        return OutcomeUnknown(detail)
    if 500 <= status < NO_STATUS:
        return ProviderDown(detail, retry_after_s=retry_after_s)
    if status in (408, 409, 423, 425):
        return ProviderDown(detail, retry_after_s=retry_after_s)
    return ContractDrift(f"status {status}: {detail}")


def unexplained(
    words: str | None, otherwise: str, charged: ProviderCharged = "unknown", *, retryable: bool = True
) -> Failed:
    """An attempt that the provider ended in words that no rule of its adapter knows, or without any."""
    return Failed("unknown", words or otherwise, charged, retryable, words=words)


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds that a server asks to wait: a number or a date, never more than an hour."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return stated_wait(float(value))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return stated_wait(moment - (time.time() if now is None else now))


def stated_wait(value: Any) -> float | None:
    """A wait as a provider states it, in seconds, between none and an hour; None where it is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return None
    return float(min(max(value, 0), STATED_WAIT_MAX_S))


def measured(value: Any) -> float | None:
    """A time or a duration as a provider states it, in seconds; None where it is none that can be."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < MOMENT_MAX_S:
        return None
    return float(value)
