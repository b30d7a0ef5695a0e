"""Calls of language models for jobs: each is noted for the log, whatever came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Final

from processors.agents.asking.prompting import Prompt
from processors.agents.llm import Completion, LlmFailed, Message, tokens_told
from processors.dispatcher.ports import AgentCall, Note

STOPPED: Final = "cancelled"
"""Category of a call that was stopped. What was used by then no server has told: what was asked counts."""
NO_MODEL: Final = "none"


async def noted(asking: Awaitable[Completion], prompt: Prompt, messages: Sequence[Message], note: Note) -> Completion:
    """The answer. Raises LlmFailed."""
    begun = time.monotonic()
    call = partial(AgentCall, prompt.agent, prompt.variant, prompt.version, prompt.owner)

    def unanswered(category: str, tokens_in: int, tokens_out: int = 0, cost: int | None = None) -> None:
        ms = round((time.monotonic() - begun) * 1000)
        note(call(NO_MODEL, tokens_in, tokens_out, ms, cost, error=category))

    try:
        done = await asking
    except LlmFailed as error:
        unanswered(error.category, error.tokens_in, error.tokens_out, error.cost)
        raise
    except asyncio.CancelledError:
        unanswered(STOPPED, tokens_told(messages))
        raise
    note(call(done.model, done.tokens_in, done.tokens_out, done.ms, done.cost, done.fallback))
    return done
