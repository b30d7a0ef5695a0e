"""What a failed call means: try the same model whole, try the other model, or give up."""

from __future__ import annotations

import json
from typing import Final, Literal

import httpx2
import openai

Next = Literal["unstreamed", "secondary", "give_up"]
WIRE_ERRORS: Final = (openai.OpenAIError, httpx2.HTTPError, json.JSONDecodeError, UnicodeDecodeError)
"""All that the client library lets out of a call."""


class Broken(Exception):
    """A stream that stalled, broke off, or ended without a word."""


class OutOfTime(Exception):
    """The call's own time is over."""


def category(error: BaseException) -> str:
    """A code for the log: nothing of the request or the answer is in it."""
    match error:
        case openai.RateLimitError():
            return "rate_limit"
        case openai.APITimeoutError() | OutOfTime() | TimeoutError():
            return "timeout"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return "unauthorised"
        case openai.APIStatusError(status_code=402):
            return "billing"
        case openai.APIStatusError(status_code=404):
            return "unknown_model"
        case openai.APIStatusError(status_code=status) if status < 500:
            return "refused"
        case openai.APIConnectionError() | httpx2.HTTPError():
            return "connection"
        case Broken():
            return "broken_stream"
        case _:
            return "outage"


def next_way(error: BaseException, *, streamed: bool) -> Next:
    """Rate limits, quotas, missing models and dead servers are the model's: the other one may be well. A stream that
    broke may come whole. What the request itself is to blame for, no repetition mends."""
    kind = category(error)
    if kind in ("refused", "unauthorised"):
        return "give_up"
    return "unstreamed" if streamed and kind in ("broken_stream", "outage") else "secondary"
