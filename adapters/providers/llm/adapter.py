"""Text models: one synchronous call of the writer; its words are the result."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final, Protocol

from events.jobs.events import EngineSpan
from processors.dispatcher.errors import BadResult, InputRefused, OutcomeUnknown
from processors.dispatcher.ports import (
    Call,
    Ended,
    Handle,
    InlineFile,
    Reconciled,
    Succeeded,
    Unknowable,
    Update,
    Usage,
)

AGENT: Final = "writer"
MAX_TOKENS: Final = 2048
TOKENS_CEILING: Final = 32_000
PROMPT_FIELDS: Final = ("prompt", "text", "input", "message")
SYSTEM_FIELDS: Final = ("system", "system_prompt", "instructions")
INSTRUCTION: Final = (
    "You write exactly the text that is asked for: no preface, no explanation, no markup unless it is asked for."
)

Message = Mapping[str, str]


class Completion(Protocol):
    """What a language model has written, and what it took."""

    @property
    def text(self) -> str: ...
    @property
    def tokens_in(self) -> int: ...
    @property
    def tokens_out(self) -> int: ...
    @property
    def started_at(self) -> float: ...
    @property
    def ended_at(self) -> float: ...


class Complete(Protocol):
    """Raises a ProviderError."""

    async def __call__(
        self, agent: str, messages: Sequence[Message], *, model: str, max_tokens: int, timeout_s: float
    ) -> Completion: ...


class LanguageModels:
    """Synchronous: there is nothing to watch, to cancel or to look up."""

    name = "llm"
    create_is_idempotent = False
    synchronous = True

    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    async def submit(self, call: Call) -> Handle | Ended:
        written = await self._complete(
            AGENT,
            messages_of(call.input),
            model=call.provider_model,
            max_tokens=max_tokens_of(call.input),
            timeout_s=call.max_runtime_s,
        )
        if not written.text.strip():
            raise BadResult("the language model wrote nothing")
        span = EngineSpan(started_at=written.started_at, ended_at=written.ended_at)
        usage = Usage(seconds=span.ended_at - span.started_at, tokens=written.tokens_in + written.tokens_out)
        return Succeeded((InlineFile(written.text.encode()),), span, usage=usage)

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        raise OutcomeUnknown(f"a language model keeps nothing to ask for: {handle.provider_job_id}")
        yield  # pragma: no cover - makes this a generator

    async def reconcile(self, call: Call) -> Reconciled:  # noqa: ARG002 - the port has it
        return Unknowable()

    async def cancel(self, handle: Handle) -> None:
        """The call ends with the connection that carries it."""


def messages_of(values: Mapping[str, Any]) -> tuple[Message, ...]:
    """Raises InputRefused where there is nothing to write about."""
    prompt = _first(values, PROMPT_FIELDS)
    if not prompt:
        raise InputRefused(f"none of {', '.join(PROMPT_FIELDS)} says what to write")
    system = _first(values, SYSTEM_FIELDS) or INSTRUCTION
    return ({"role": "system", "content": system}, {"role": "user", "content": prompt})


def max_tokens_of(values: Mapping[str, Any]) -> int:
    for name in ("max_tokens", "max_output_tokens"):
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return min(value, TOKENS_CEILING)
    return MAX_TOKENS


def _first(values: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((value for name in names if isinstance(value := values.get(name), str) and value.strip()), None)
