"""Calls of the client in few words."""

from __future__ import annotations

from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from processors.agents.llm import Completion, Delta, Restarted
from tests.llm_server import (
    Behaviour,
    LlmServer,
)

ASK = [{"role": "user", "content": "hi"}]
SHORT = Patience(first_s=5.0, stall_s=0.2, whole_s=5.0, retry_after_s=1.0)
Piece = Delta | Restarted | Completion


async def streamed(server: LlmServer, *behaviours: Behaviour, secondary: str | None = "two") -> list[Piece]:
    server.behaviours.extend(behaviours)
    async with LlmClient(server.url, "key", "one", secondary, patience=SHORT) as client:
        return [piece async for piece in client.stream("planner", ASK, variant="b", as_json=True)]


def said(pieces: list[Piece]) -> str:
    """What the page shows: the deltas since the last restart."""
    text = ""
    for piece in pieces:
        text = "" if isinstance(piece, Restarted) else text
        text += piece.text if isinstance(piece, Delta) and piece.kind == "content" else ""
    return text


def ended(pieces: list[Piece]) -> Completion:
    last = pieces[-1]
    assert isinstance(last, Completion)
    return last
