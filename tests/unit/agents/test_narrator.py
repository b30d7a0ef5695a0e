"""What a page is told of a call while it is heard: in order, put together, and not more than readers can follow."""

from __future__ import annotations

import asyncio

import pytest

from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from events.progress import Progress
from processors.agents.asking import narrator as module
from processors.agents.asking.narrator import (
    COALESCE_MAX_S,
    COALESCE_S,
    FRAMES_PER_S,
    TEXT_CHARS_MAX,
    WHOLE_CHARS_MAX,
    Narrator,
    Telling,
)
from processors.agents.llm import Delta
from processors.agents.plan import PlannedStep

STEP = PlannedStep("s1", "A fox", "a red fox", "image")


class Page:
    """A narrator's reader."""

    def __init__(self) -> None:
        self.frames: list[Progress] = []
        self.vault = KeyVault(MemoryKeyStore(), bytes(32))
        self.telling = Telling()
        self.whole = asyncio.Event()
        """A frame with all of a text so far has come."""

    async def narrator(self, call_id: str = "c") -> Narrator:
        like = await self.vault.seal("org_A", "usr_1", "x")
        return Narrator(
            self.send, self.vault, like, org_id="org_A", session_id="ses_X", agent="planner", call_id=call_id,
            among=self.telling,
        )  # fmt: skip

    async def send(self, frame: Progress) -> None:
        self.frames.append(frame)
        if frame.text_field == "text":
            self.whole.set()

    async def told(self) -> list[tuple[str, str]]:
        return [(one.event, await self.vault.open(one.text) if one.text else "") for one in self.frames]


async def test_all_that_was_heard_is_told_in_order_and_a_step_after_its_words() -> None:
    page = Page()
    async with await page.narrator() as narrator:
        await narrator.started("plan")
        for kind, text in (("reasoning", "hm "), ("reasoning", "so"), ("content", '{"st'), ("content", 'eps": [')):
            narrator.hear(Delta(kind, text))  # type: ignore[arg-type]
        await narrator.drafting(STEP)
        narrator.hear(Delta("content", "]}"))
    told = await page.told()
    assert [event for event, _ in told] == [
        "agent.started", "agent.reasoning", "agent.content", "step.drafting", "agent.content",
    ]  # fmt: skip
    assert [text for event, text in told if event == "agent.content"] == ['{"steps": [', "]}"]
    assert told[1][1] == "hm so"


@pytest.mark.parametrize("calls", [0, 1, 49, 50, 51, 200, 5000])
def test_many_calls_at_once_send_no_more_frames_than_readers_can_follow(calls: int) -> None:
    telling = Telling()
    telling.calls = calls
    assert COALESCE_S <= telling.coalesce_s <= COALESCE_MAX_S
    if calls <= 50:
        assert telling.coalesce_s == COALESCE_S
    if calls <= FRAMES_PER_S * COALESCE_MAX_S:
        assert calls / telling.coalesce_s <= FRAMES_PER_S + 1e-6


async def test_a_call_counts_while_it_is_told_and_no_longer() -> None:
    page = Page()
    async with await page.narrator("a"), await page.narrator("b"):
        assert page.telling.calls == 2
    assert page.telling.calls == 0
    with pytest.raises(ValueError, match="it broke"):
        async with await page.narrator("c"):
            raise ValueError("it broke")
    assert page.telling.calls == 0


@pytest.mark.parametrize("length", [10, TEXT_CHARS_MAX, TEXT_CHARS_MAX + 1, 3 * TEXT_CHARS_MAX, WHOLE_CHARS_MAX])
async def test_who_comes_late_has_all_of_it_from_the_beginning(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_EVERY_S", 0.0)
    page, text = Page(), "".join(chr(97 + n % 26) for n in range(length))
    async with await page.narrator() as narrator:
        await narrator.started("plan")
        for at in range(0, length, 7_001):
            narrator.hear(Delta("content", text[at : at + 7_001]))
        await asyncio.wait_for(page.whole.wait(), 10)
    start = max(number for number, one in enumerate(page.frames) if one.text_field == "text")
    late = [one for one in page.frames[start:] if one.event == "agent.content"]
    assert "".join([await page.vault.open(one.text) for one in late if one.text]) == text
    assert all(len(words) <= TEXT_CHARS_MAX for _, words in await page.told())


async def test_what_is_longer_than_a_late_reader_is_told_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_EVERY_S", 0.0)
    page, text = Page(), "x" * (WHOLE_CHARS_MAX + 1)
    async with await page.narrator() as narrator:
        narrator.hear(Delta("content", text))
        await narrator.drafting(STEP)
    assert not any(one.text_field == "text" for one in page.frames)
    assert "".join([words for event, words in await page.told() if event == "agent.content"]) == text
