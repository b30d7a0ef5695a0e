"""Tells the page what an agent thinks and writes, while it does: deltas put together for 50 ms, each frame sealed.

Where many calls are told at once, deltas are put together for longer, so that a process sends no more frames than
readers can follow: a word comes a little later, and none of them is starved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import orjson

from commands.ports import Vault
from events.progress import Progress
from events.sealed import Sealed
from processors.agents.llm import Delta
from processors.agents.plan import PlannedStep

COALESCE_S: Final = 0.05
COALESCE_MAX_S: Final = 0.25
FRAMES_PER_S: Final = 1_000
"""Of deltas, of all calls of a process together."""
WHOLE_EVERY_S: Final = 2.0
"""How often a frame holds the call's text so far, so that a page which comes late has all of it."""
TEXT_CHARS_MAX: Final = 45_000
"""Of one frame: sealed, the widest characters of it stay under what a frame and its seal may be."""
WHOLE_CHARS_MAX: Final = 4 * TEXT_CHARS_MAX
"""Of a call's text so far: what is longer is told once, as it comes, and to nobody from the beginning again."""

Send = Callable[[Progress], Awaitable[None]]


class Telling:
    """The calls that a process tells of at this moment."""

    def __init__(self) -> None:
        self.calls = 0

    @property
    def coalesce_s(self) -> float:
        """How long the deltas of one of them are put together."""
        return min(max(COALESCE_S, self.calls / FRAMES_PER_S), COALESCE_MAX_S)


class Narrator:
    """Of one call, for as long as its `async with` lasts. `hear` never waits; what was heard is out when it ends."""

    def __init__(
        self, send: Send, vault: Vault, like: Sealed, *, org_id: str, session_id: str, agent: str, call_id: str,
        among: Telling | None = None,
    ) -> None:  # fmt: skip
        self._send, self._vault, self._like = send, vault, like
        self._org_id, self._session_id = org_id, session_id
        self._about: dict[str, Any] = {"agent": agent, "call_id": call_id}
        self._among = among or Telling()
        self._heard: list[tuple[str, str]] = []
        self._so_far: dict[str, str] = {}
        self._news = asyncio.Event()
        self._ending = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._telling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Narrator:
        self._among.calls += 1
        self._telling = asyncio.create_task(self._tell(), name="narrator")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._among.calls -= 1
        self._ending.set()
        self._news.set()
        if self._telling is not None:
            await self._telling

    async def started(self, stage: str) -> None:
        """Begins, or begins again: what was heard before is void."""
        async with self._one_at_a_time:
            self._heard.clear()
            self._so_far.clear()
        await self._send(self._frame("agent.started", {**self._about, "stage": stage}))

    def hear(self, delta: Delta) -> None:
        if self._heard and self._heard[-1][0] == delta.kind:
            self._heard[-1] = (delta.kind, self._heard[-1][1] + delta.text)
        else:
            self._heard.append((delta.kind, delta.text))
        self._news.set()

    async def drafting(self, step: PlannedStep) -> None:
        """A step that the model has just finished writing, after all that it wrote before."""
        await self._flush()
        text = await self._vault.seal_like(self._like, orjson.dumps(step.as_json()).decode())
        data = {"call_id": self._about["call_id"]}
        await self._send(self._frame("step.drafting", data, text, "step"))

    async def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        whole_at = loop.time() + WHOLE_EVERY_S
        while not self._ending.is_set():
            await self._news.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._among.coalesce_s)
            await self._flush()
            if loop.time() >= whole_at:
                whole_at = loop.time() + WHOLE_EVERY_S
                await self._tell_whole()
        await self._flush()

    async def _flush(self) -> None:
        async with self._one_at_a_time:
            self._news.clear()
            heard, self._heard = self._heard, []
            for kind, text in heard:
                if len(self._so_far.get(kind, "")) <= WHOLE_CHARS_MAX:
                    self._so_far[kind] = self._so_far.get(kind, "") + text
                await self._tell_deltas(kind, text)

    async def _tell_whole(self) -> None:
        """`text` takes the place of all deltas before it; the empty `delta` keeps simple readers simple. What is more
        than a frame holds comes as deltas behind it: the beginning is never what is left out."""
        async with self._one_at_a_time:
            for kind, text in list(self._so_far.items()):
                if len(text) > WHOLE_CHARS_MAX:
                    continue
                sealed = await self._vault.seal_like(self._like, text[:TEXT_CHARS_MAX])
                await self._send(self._frame(f"agent.{kind}", {**self._about, "delta": ""}, sealed, "text"))
                await self._tell_deltas(kind, text[TEXT_CHARS_MAX:])

    async def _tell_deltas(self, kind: str, text: str) -> None:
        for at in range(0, len(text), TEXT_CHARS_MAX):
            sealed = await self._vault.seal_like(self._like, text[at : at + TEXT_CHARS_MAX])
            await self._send(self._frame(f"agent.{kind}", self._about, sealed, "delta"))

    def _frame(self, event: str, data: dict[str, Any], text: Sealed | None = None, into: str = "delta") -> Progress:
        return Progress(
            org_id=self._org_id, session_id=self._session_id, event=event, data=data, text=text, text_field=into
        )
