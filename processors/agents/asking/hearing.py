"""Hears one call of a model out: what it thinks and writes goes to the page as it comes, the whole is given back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from processors.agents.answers.parser import IncrementalParser
from processors.agents.answers.thoughts import Thoughts
from processors.agents.asking.narrator import Narrator
from processors.agents.llm import Completion, Delta, LanguageModel, LlmFailed, Message, Restarted


async def hear(
    model: LanguageModel, agent: str, messages: Sequence[Message], narrator: Narrator, *, stage: str, variant: str,
    timeout_s: float, drafts: bool, org_id: str, prefer: str | None = None,
) -> Completion:  # fmt: skip
    """What the page is shown begins again wherever the call does; a plan's steps one by one. Raises LlmFailed.

    Leaving it ends the call at its server.
    """
    parser, thoughts = IncrementalParser(), Thoughts()

    async def tell(delta: Delta) -> None:
        narrator.hear(delta)
        for step in parser.feed(delta.text) if drafts and delta.kind == "content" else ():
            await narrator.drafting(step)

    await narrator.started(stage)
    stream = model.stream(
        agent, messages, variant=variant, timeout_s=timeout_s, as_json=True, org_id=org_id, prefer=prefer
    )
    async with aclosing(stream) as pieces:
        async for piece in pieces:
            match piece:
                case Restarted():
                    parser, thoughts = IncrementalParser(), Thoughts()
                    await narrator.started(stage)
                case Delta(kind="reasoning"):
                    await tell(piece)
                case Delta(text=text):
                    for one in thoughts.feed(text):
                        await tell(one)
                case Completion():
                    for one in thoughts.rest():
                        await tell(one)
                    return piece
    raise LlmFailed("outage", "the stream ended without an answer")
