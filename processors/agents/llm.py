"""The port to language models: what an agent asks, what comes back, and how a call can fail."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

Message = Mapping[str, Any]
"""`{"role", "content"}` of the Chat Completions wire."""

MAX_TOKENS: Final = 16_000
TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer as it is being written."""

    kind: Literal["reasoning", "content"]
    text: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The call begins again, by another way or another model: all deltas before this are void."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer. Tokens and cost are those of all attempts; what failed is estimated. `started_at` and `ended_at`
    (Unix seconds) hold all attempts, so that a platform's own share of a time can be told from its models'."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    ms: int
    started_at: float
    ended_at: float
    fallback: str | None = None
    """`unstreamed`, `secondary` or both, where the first way failed."""
    cost: int | None = None
    """In millicredits, where the model's price is known."""
    truncated: bool = False
    """It ended because it had become as long as it may."""


class LlmFailed(Exception):
    """No model answered. `category` is a code: what the last of them failed by. The figures are of all attempts, and
    estimates: four characters a token."""

    def __init__(
        self, category: str, detail: str, *, tokens_in: int = 0, tokens_out: int = 0, cost: int | None = None
    ) -> None:
        super().__init__(detail)
        self.category = category
        self.tokens_in, self.tokens_out, self.cost = tokens_in, tokens_out, cost


def tokens_of(chars: int) -> int:
    """Where nobody counts: four characters a token."""
    return math.ceil(chars / 4)


def tokens_told(messages: Sequence[Message]) -> int:
    """What a model reads, estimated: four ASCII characters a token, and three bytes of all others, so that a Chinese
    character is one."""
    told = [str(message.get("content", "")) for message in messages]
    chars = sum(map(len, told))
    plain = sum(len(one) if one.isascii() else sum(map(str.isascii, one)) for one in told)
    others = 0 if plain == chars else sum(len(one.encode(errors="replace")) for one in told) - plain
    return tokens_of(plain) + math.ceil(others / 3)


class LanguageModel(Protocol):
    """The primary model, and the secondary one where that fails. Raises `LlmFailed`.

    `org_id` is who it is for: where many wait, organisations take turns. `prefer` is asked before the primary.
    """

    async def complete(
        self,
        agent: str,
        messages: Sequence[Message],
        *,
        variant: str = "default",
        max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S,
        as_json: bool = False,
        org_id: str = "",
        prefer: str | None = None,
    ) -> Completion: ...

    def stream(
        self,
        agent: str,
        messages: Sequence[Message],
        *,
        variant: str = "default",
        max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S,
        as_json: bool = False,
        org_id: str = "",
        prefer: str | None = None,
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        """Deltas, and the completion last. Closing it ends the call at its server."""
        ...
