"""Language models over the Chat Completions wire: streamed, then whole, then the secondary model; always in time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from adapters.llm.call import CONCURRENT, PATIENCE, Call, Patience, Price, Used, used_by
from adapters.llm.failures import FAILURES, category, next_way, retry_after_s
from adapters.llm.turns import Turns
from adapters.llm.wire import Wire
from processors.agents.llm import (
    MAX_TOKENS,
    TIMEOUT_S,
    Completion,
    Delta,
    LlmFailed,
    Message,
    Restarted,
    tokens_of,
    tokens_told,
)

log = logging.getLogger(__name__)

Way = tuple[str, bool]
"""A model, and whether it is asked for a stream."""


class LlmClient:
    """Close it with `aclose`, or use it as an async context manager."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        primary: str,
        secondary: str | None = None,
        *,
        patience: Patience = PATIENCE,
        concurrent: int = CONCURRENT,
        prices: Mapping[str, Price] | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self._prices = prices or {}
        self._models = [primary, *([secondary] if secondary and secondary != primary else [])]
        self._patience = patience
        self._turns = Turns(concurrent)
        self._wire = Wire(base_url, api_key, patience, max_tokens)

    async def __aenter__(self) -> LlmClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def complete(
        self, agent: str, messages: Sequence[Message], *, variant: str = "default", max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S, as_json: bool = False, org_id: str = "", prefer: str | None = None,
    ) -> Completion:  # fmt: skip
        """The whole answer of the first model that gives one. Raises LlmFailed."""
        call = Call.begun(
            agent, messages, variant=variant, org_id=org_id, max_tokens=max_tokens, timeout_s=timeout_s, as_json=as_json
        )
        ways = _Ways(call, self._patience, self._prices, [(model, False) for model in self._asked(prefer)])
        while (way := await ways.next()) is not None:
            try:
                async with self._turns.turn(org_id, call.left_s):
                    whole = await self._wire.whole(way[0], call, ways.within_s)
            except FAILURES as error:
                ways.failed(way, error)
            else:
                return self._stamped(whole, ways, way, streaming=False)
        raise ways.failure()

    async def stream(
        self, agent: str, messages: Sequence[Message], *, variant: str = "default", max_tokens: int = MAX_TOKENS,
        timeout_s: float = TIMEOUT_S, as_json: bool = False, org_id: str = "", prefer: str | None = None,
    ) -> AsyncGenerator[Delta | Restarted | Completion]:  # fmt: skip
        """Deltas, and the completion last. Where a stream fails, the same call comes whole. Raises LlmFailed."""
        call = Call.begun(
            agent, messages, variant=variant, org_id=org_id, max_tokens=max_tokens, timeout_s=timeout_s, as_json=as_json
        )
        tried = [(model, streamed) for model in self._asked(prefer) for streamed in (True, False)]
        ways = _Ways(call, self._patience, self._prices, tried)
        while (way := await ways.next()) is not None:
            if ways.error is not None:
                yield Restarted(way[0], category(ways.error))
            heard = 0
            try:
                async with aclosing(self._attempt(way, call, ways.within_s)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Completion):
                            yield self._stamped(piece, ways, way, streaming=True)
                        else:
                            heard += len(piece.text)
                            yield piece
            except FAILURES as error:
                ways.failed(way, error, heard)
            else:
                return
        raise ways.failure()

    async def _attempt(self, way: Way, call: Call, within_s: float) -> AsyncGenerator[Delta | Completion]:
        model, streamed = way
        async with self._turns.turn(call.org_id, call.left_s):
            if streamed:
                async with aclosing(self._wire.streamed(model, call)) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            whole = await self._wire.whole(model, call, min(within_s, call.left_s))
        yield Delta("content", whole.text)
        yield whole

    def _asked(self, prefer: str | None) -> list[str]:
        return self._models if prefer is None else [prefer, *(model for model in self._models if model != prefer)]

    def _stamped(self, completion: Completion, ways: _Ways, way: Way, *, streaming: bool) -> Completion:
        model, streamed = way
        parts = [("secondary", model != ways.first), ("unstreamed", streaming and not streamed)]
        fallback = "-".join(name for name, used in parts if used) or None
        return ways.call.stamped(completion, fallback, self._prices.get(model), ways.used)


@dataclass
class _Ways:
    """What is left to try in one call, and why what was tried failed."""

    call: Call
    patience: Patience
    prices: Mapping[str, Price]
    left: list[Way]
    error: BaseException | None = None
    used: Used = field(default_factory=Used)
    """By what failed, estimated."""
    _again: tuple[float, Way] | None = field(default=None)
    """The first that may be asked again, and when."""
    first: str = field(init=False)
    """The model that is asked before the others."""

    def __post_init__(self) -> None:
        self.first = self.left[0][0]

    async def next(self) -> Way | None:
        """None when nothing is left. Waits where a server has said when it may be asked again, once."""
        if self.call.left_s <= 0:
            return None
        if self.left:
            return self.left.pop(0)
        if self._again is None:
            return None
        (at, way), self._again = self._again, None
        wait = at - time.monotonic()
        if wait >= self.call.left_s:
            return None
        await asyncio.sleep(max(0.0, wait))
        return way

    @property
    def within_s(self) -> float:
        """For an attempt that is not streamed: all that is left for the last one, less where others come after it."""
        return min(self.patience.whole_s, self.call.left_s / 2) if self.left else self.call.left_s

    def failed(self, way: Way, error: BaseException, heard: int = 0) -> None:
        """`heard`: characters of its answer. Who breaks off or says nothing in time has read what it was told."""
        if heard or category(error) in ("broken_stream", "timeout"):
            used = used_by(tokens_told(self.call.messages), tokens_of(heard), self.prices.get(way[0]))
            self.used = self.used.and_(used)
        log.warning("a call of %s to %s failed: %s", self.call.agent, way[0], category(error), extra={"action": "llm"})
        if (after := retry_after_s(error)) is not None and after <= self.patience.retry_after_s and self.error is None:
            self._again = (time.monotonic() + after, way)
        self.error = error
        match next_way(error, streamed=way[1]):
            case "give_up":
                self.left, self._again = [], None
            case "secondary":
                self.left = [other for other in self.left if other[0] != way[0]]

    def failure(self) -> LlmFailed:
        kind = category(self.error) if self.error is not None else "timeout"
        failed = LlmFailed(kind, f"no language model answered: {kind}", **self.used._asdict())
        failed.__cause__ = self.error
        return failed
