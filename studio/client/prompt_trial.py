"""Past requests run again through another prompt, off the record: nothing of it is written to the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from gateway.significance import signs
from processors.agents import planner
from processors.agents.catalog import Catalog
from processors.agents.llm import LanguageModel, LlmFailed, Message
from processors.agents.prompting import Prompt
from studio.client.past_requests import PLANNER, Past
from studio.client.plan_judging import Figures, Judgement, Outcome, compared, judge

AT_ONCE: Final = 4
CHARS_A_TOKEN: Final = 4
"""Roughly, for what a trial will cost before it has begun."""
TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Compared:
    past: Past
    before: Outcome
    after: Outcome

    @property
    def judgement(self) -> Judgement:
        return compared(self.before, self.after)

    def as_json(self) -> dict[str, Any]:
        call = self.past.call
        prompt = {name: call[name] for name in ("variant", "version", "owner") if name in call}
        return {
            "call_id": call["call_id"],
            "session_id": call["session_id"],
            "at": call["begun_at"],
            "judgement": self.judgement,
            "before": {**prompt, **self.before.as_json()},
            "after": self.after.as_json(),
        }


@dataclass
class Trial:
    """One prompt against what was answered before. `budget` is in tokens: once it is used up, no call is begun."""

    model: LanguageModel
    prompt: Prompt
    beside: str
    """What follows the prompt in full mode."""
    catalog: Catalog
    budget: int
    used: int = 0
    left_out: int = 0
    """Requests for which the budget did not suffice."""
    lines: list[Compared] = field(default_factory=list)

    def told(self, past: Past) -> Sequence[Message]:
        full = past.briefing.mode == "full" and self.beside
        system = f"{self.prompt.text}\n\n{self.beside}" if full else self.prompt.text
        return planner.told(system, past.briefing, self.catalog)

    def expected(self, past: Past) -> int:
        """Tokens, roughly."""
        chars = sum(len(str(message["content"])) for message in self.told(past))
        return chars // CHARS_A_TOKEN + past.recorded.tokens_out

    async def run(self, requests: AsyncIterator[Past], tell: Callable[[Compared], None]) -> None:
        """A few at a time; each is told when it is done."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(past: Past) -> None:
            try:
                line = await self._compared(past)
                if line is not None:
                    self.lines.append(line)
                    tell(line)
            finally:
                slots.release()

        async with asyncio.TaskGroup() as tasks:
            async for past in requests:
                await slots.acquire()
                tasks.create_task(one(past))

    async def _compared(self, past: Past) -> Compared | None:
        expected = self.expected(past)
        if self.used + expected > self.budget:
            self.left_out += 1
            return None
        self.used += expected
        after = await self._after(past)
        self.used += after.figures.tokens_in + after.figures.tokens_out - expected
        return Compared(past, self._before(past), after)

    async def _after(self, past: Past) -> Outcome:
        try:
            done = await self.model.complete(
                PLANNER, self.told(past), variant=self.prompt.variant, timeout_s=TIMEOUT_S, as_json=True,
                org_id=past.call["org_id"], prefer=self.prompt.model,
            )  # fmt: skip
        except LlmFailed as error:
            return Outcome(Figures(0, 0, 0), error=error.category)
        figures = Figures(done.tokens_in, done.tokens_out, done.ms)
        return judge(done.text, figures, self.catalog, past.briefing.uploads)

    def _before(self, past: Past) -> Outcome:
        figures = Figures(past.recorded.tokens_in, past.recorded.tokens_out, past.recorded.ms)
        if past.answer is None:
            return Outcome(figures, error=past.recorded.error or "not kept")
        return judge(past.answer, figures, self.catalog, past.briefing.uploads)


def summary(lines: Sequence[Compared]) -> dict[str, Any]:
    """Both sides in figures, how often which held up better, and by the sign test whether that is more than chance."""
    counts = {kind: sum(line.judgement == kind for line in lines) for kind in ("better", "worse", "other", "same")}
    tested = signs(counts["better"], counts["worse"])
    verdict = "too few to tell" if tested is None else "different" if tested.differs else "no difference shown"
    test = {} if tested is None else {"method": tested.method, "p_value": float(f"{tested.p_value:.3g}")}
    return {
        "requests": len(lines),
        **counts,
        "verdict": verdict,
        **test,
        "before": _side([line.before for line in lines]),
        "after": _side([line.after for line in lines]),
    }


def _side(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    if not outcomes:
        return {}
    of = len(outcomes)
    return {
        "well_formed": round(sum(one.well_formed for one in outcomes) / of, 4),
        "passed": round(sum(one.verdict == "PASS" for one in outcomes) / of, 4),
        "without_plan": sum(one.steps == 0 for one in outcomes),
        "median_steps": median(one.steps for one in outcomes),
        "tokens_in": sum(one.figures.tokens_in for one in outcomes),
        "tokens_out": sum(one.figures.tokens_out for one in outcomes),
        "median_ms": median(one.figures.ms for one in outcomes),
    }
