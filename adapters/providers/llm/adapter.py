"""Text models: one call of the writer; its words are the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from adapters.providers.at_once import AtOnce
from events.jobs.events import EngineSpan
from processors.agents.asking.prompting import BuiltIn, Prompts, platforms
from processors.agents.llm import Completion, LlmFailed, Message
from processors.dispatcher.agent_calls import noted
from processors.dispatcher.errors import (
    AccessRefused,
    BadResult,
    BillingRefused,
    ContentRefused,
    InputRefused,
    ProviderDown,
    ProviderError,
    RateLimited,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
    Handle,
    InlineFile,
    Succeeded,
    Usage,
)
from processors.executor.quoted import BEGINS, RULE

AGENT: Final = "writer"
MAX_TOKENS: Final = 2048
TOKENS_CEILING: Final = 32_000
PROMPT_FIELDS: Final = ("prompt", "text", "input", "message")
SYSTEM_FIELDS: Final = ("system", "system_prompt", "instructions")

_KINDS: Final[Mapping[str, type[ProviderError]]] = {
    "rate_limit": RateLimited,
    "billing": BillingRefused,
    "unauthorised": AccessRefused,
    "unknown_model": AccessRefused,
    "unsupported": AccessRefused,
    "content_policy": ContentRefused,
    "refused": InputRefused,
}
"""What `LlmFailed` says, where it is not simply that nobody answered."""


class Writes(Protocol):
    """The part of a language model that is needed here. Raises LlmFailed."""

    async def complete(
        self,
        agent: str,
        messages: Sequence[Message],
        *,
        variant: str = ...,
        max_tokens: int = ...,
        timeout_s: float = ...,
        org_id: str = ...,
        prefer: str | None = ...,
    ) -> Completion: ...


class LanguageModels(AtOnce):
    name = "llm"

    def __init__(self, model: Writes, prompts: Prompts | None = None) -> None:
        """`prompts`: the published ones; without them it is told what is shipped."""
        self._model = model
        self._prompts = prompts or BuiltIn()

    async def submit(self, call: Call) -> Handle | Ended:
        prompt = platforms(self._prompts, AGENT, call.job_id)
        messages = messages_of(call.input, prompt.text)
        asking = self._model.complete(
            AGENT,
            messages,
            variant=prompt.variant,
            max_tokens=max_tokens_of(call.input),
            timeout_s=call.max_runtime_s,
            org_id=call.org_id,
            prefer=prompt.model,
        )
        try:
            written = await noted(asking, prompt, messages, call.note)
        except LlmFailed as error:
            if error.category == "timeout":
                return Failed("timeout", "the language model took too long", retryable=True)
            raise _KINDS.get(error.category, ProviderDown)(str(error)) from error
        if not written.text.strip():
            raise BadResult("the language model wrote nothing")
        span = EngineSpan(started_at=written.started_at, ended_at=written.ended_at)
        usage = Usage(seconds=written.ms / 1000, tokens=written.tokens_in + written.tokens_out)
        return Succeeded((InlineFile(written.text.encode()),), span, usage=usage)


def messages_of(values: Mapping[str, Any], instruction: str) -> tuple[Message, ...]:
    """The input's own instruction goes before ours; what earlier steps wrote is said to be data. Raises InputRefused
    where there is nothing to write about."""
    prompt = _first(values, PROMPT_FIELDS)
    if not prompt:
        raise InputRefused(f"none of {', '.join(PROMPT_FIELDS)} says what to write")
    system = _first(values, SYSTEM_FIELDS) or instruction
    if BEGINS in prompt:
        system = f"{system}\n\n{RULE}"
    return ({"role": "system", "content": system}, {"role": "user", "content": prompt})


def max_tokens_of(values: Mapping[str, Any]) -> int:
    for name in ("max_tokens", "max_output_tokens"):
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return min(value, TOKENS_CEILING)
    return MAX_TOKENS


def _first(values: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((value for name in names if isinstance(value := values.get(name), str) and value.strip()), None)
