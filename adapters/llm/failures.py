"""What a failed call means: try the same model whole, try the other model, wait, or give up."""

from __future__ import annotations

from typing import Final, Literal

import aiohttp
import httpx2
import openai

from adapters.llm.manners import names_a_limit

Next = Literal["unstreamed", "secondary", "give_up"]
_NO_MONEY: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_TOO_LONG: Final = frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large"})
_FILTERED: Final = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})


class Broken(Exception):
    """A stream that broke off or ended without a word, or an answer that is none."""


class Stalled(Broken):
    """A stream that said nothing for too long."""


class Refused(Exception):
    """The model, or its server's filter, will not answer this."""


class OutOfTime(Exception):
    """The time of a call, or of one attempt at it, is over."""


class Busy(Exception):
    """This process has too many calls at once."""


FAILURES: Final = (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, Broken, Refused, OutOfTime, Busy)
"""All that an attempt raises."""
WIRE_ERRORS: Final = (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError)
"""All that the client library lets out."""


def category(error: BaseException) -> str:
    """A code for the log: nothing of the request or the answer is in it."""
    match error:
        case openai.APIStatusError():
            return _of_status(error)
        case openai.APITimeoutError() if _is_unreachable(error):
            return "connection"
        case openai.APITimeoutError() | OutOfTime() | TimeoutError():
            return "timeout"
        case openai.APIConnectionError() | httpx2.HTTPError() | aiohttp.ClientError():
            return "connection"
        case Broken():
            return "broken_stream"
        case Refused():
            return "content_policy"
        case Busy():
            return "busy"
        case _:
            return "outage"


def _is_unreachable(error: BaseException) -> bool:
    """Refused and lost connections come out of aiohttp's transport as time-outs to connect, with their cause."""
    late = error.__cause__
    return isinstance(late, httpx2.ConnectTimeout) and not isinstance(late.__cause__, TimeoutError)


def _of_status(error: openai.APIStatusError) -> str:
    """By the code that the server gives, where it gives one; else by the status."""
    code, status = error.code, error.status_code
    if status == 402 or code in _NO_MONEY or error.type in _NO_MONEY:
        return "billing"
    if is_too_long(error):
        return "too_long"
    if status in (400, 422) and names_a_limit(error):
        return "unsupported"
    if code in _FILTERED or error.type in _FILTERED:
        return "content_policy"
    by_status = {401: "unauthorised", 403: "unauthorised", 404: "unknown_model", 408: "timeout", 429: "rate_limit"}
    return by_status.get(status, "refused" if status < 500 else "outage")


def is_too_long(error: openai.APIStatusError) -> bool:
    large = error.status_code == 429 and "request too large" in error.message.lower()
    return error.status_code == 413 or error.code in _TOO_LONG or large


def next_way(error: BaseException, *, streamed: bool) -> Next:
    """Rate limits, quotas, missing models and dead servers are the model's: the other one may be well. A stream that
    broke may come whole. What the request itself is to blame for, no repetition mends."""
    kind = category(error)
    if kind in ("refused", "content_policy", "unauthorised", "busy"):
        return "give_up"
    return "unstreamed" if streamed and kind in ("broken_stream", "outage") else "secondary"


def retry_after_s(error: BaseException) -> float | None:
    """When the server says that it may be asked again; None where it does not, or not in seconds."""
    if not isinstance(error, openai.APIStatusError) or category(error) not in ("rate_limit", "outage"):
        return None
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
