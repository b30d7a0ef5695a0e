"""A call of a language model: what is asked, by whom, and how much time there is for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from processors.agents.llm import Completion, Message

CONCURRENT: Final = 256
Price = tuple[int, int]
"""Millicredits for a million tokens read, and written."""


class Used(NamedTuple):
    """Tokens, and what they cost where the model's price is known."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: int | None = None

    def and_(self, other: Used) -> Used:
        costs = [one for one in (self.cost, other.cost) if one is not None]
        return Used(self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out, sum(costs) if costs else None)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds."""

    first_s: float = 45.0
    """For a stream's first word."""
    stall_s: float = 20.0
    """Between two."""
    whole_s: float = 60.0
    """For an answer that is not streamed, where another model is left to ask."""
    retry_after_s: float = 20.0
    """At most, where the server says when to come again and no other model is left."""


PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Call:
    """All its attempts share one deadline. `started_at` is Unix time, the others the monotonic clock's."""

    agent: str
    variant: str
    org_id: str
    messages: Sequence[Message]
    max_tokens: int
    as_json: bool
    started_at: float
    started: float
    deadline: float

    @classmethod
    def begun(
        cls,
        agent: str,
        messages: Sequence[Message],
        *,
        variant: str,
        org_id: str,
        max_tokens: int,
        timeout_s: float,
        as_json: bool,
    ) -> Call:
        now = time.monotonic()
        return cls(agent, variant, org_id, messages, max_tokens, as_json, time.time(), now, now + timeout_s)

    @property
    def left_s(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def stamped(self, completion: Completion, fallback: str | None, price: Price | None, before: Used) -> Completion:
        """With the times of the whole call, the way that led to it, and what it and the attempts before it used."""
        ms = round((time.monotonic() - self.started) * 1000)
        ended_at = self.started_at + ms / 1000
        used = before.and_(used_by(completion.tokens_in, completion.tokens_out, price))
        return replace(
            completion, ms=ms, started_at=self.started_at, ended_at=ended_at, fallback=fallback, **used._asdict()
        )


def used_by(tokens_in: int, tokens_out: int, price: Price | None) -> Used:
    return Used(tokens_in, tokens_out, None if price is None else cost_of(tokens_in, tokens_out, price))


def cost_of(tokens_in: int, tokens_out: int, price: Price) -> int:
    """In millicredits, rounded up once."""
    return -(-(tokens_in * price[0] + tokens_out * price[1]) // 1_000_000)
