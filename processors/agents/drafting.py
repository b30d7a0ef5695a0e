"""One call of the planner: streamed to the page step by step, and given back whole."""

from __future__ import annotations

from collections.abc import Sequence

from processors.agents.llm import Completion, Delta, LanguageModel, LlmFailed, Message, Restarted
from processors.agents.narrator import Narrator
from processors.agents.parser import IncrementalParser

AGENT = "planner"
STAGE = "plan"


async def ask_planner(
    model: LanguageModel, messages: Sequence[Message], narrator: Narrator, *, variant: str, timeout_s: float
) -> Completion:
    """The planner's answer. What the page is shown begins again wherever the call does. Raises LlmFailed."""
    parser = IncrementalParser()
    await narrator.started(STAGE)
    async for piece in model.stream(AGENT, messages, variant=variant, timeout_s=timeout_s, as_json=True):
        match piece:
            case Restarted():
                parser = IncrementalParser()
                await narrator.started(STAGE)
            case Delta():
                narrator.hear(piece)
                for step in parser.feed(piece.text) if piece.kind == "content" else ():
                    await narrator.drafting(step)
            case Completion():
                return piece
    raise LlmFailed("outage", "the stream ended without an answer")
