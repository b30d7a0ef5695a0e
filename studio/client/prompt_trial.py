"""Past requests run again through another prompt, off the record: nothing of it is written to the log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

from gateway.lab.significance import signs
from processors.agents.asking.prompting import Pinned, Prompt, Prompts
from processors.agents.catalog import Catalog
from processors.agents.llm import LanguageModel, LlmFailed, Message
from processors.agents.stages.edit_planner import Asked
from processors.agents.stages.planner import FULL_MODE
from studio.client import answer_judging, plan_judging
from studio.client.answer_judging import READERS, AnswerOutcome
from studio.client.outcomes import Figures, Judgement, Outcome, compared
from studio.client.past_requests import Past
from studio.client.plan_judging import PlanOutcome

PLANNERS: Final = ("planner", "edit_planner", FULL_MODE)
TRIED: Final = (*PLANNERS, *READERS)
"""Agents whose past requests can be run again and compared."""
NOT_TRIED: Final[Mapping[str, str]] = {
    "writer": "its answers are texts, and no rule tells which of two is the better one",
    "error_classifier": "the words that it is asked about are kept nowhere",
}
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
            "before": {**prompt, **_answered(self.before), **self.before.as_json()},
            "after": {**_answered(self.after), **self.after.as_json()},
        }


@dataclass
class Trial:
    """One prompt against what was answered before. `budget` is in tokens: once it is used up, no call is begun."""

    model: LanguageModel
    prompt: Prompt
    prompts: Prompts
    """For what goes beside it."""
    catalog: Catalog
    budget: int
    used: int = 0
    left_out: int = 0
    """Requests for which the budget did not suffice."""
    lines: list[Compared] = field(default_factory=list)

    def told(self, past: Past) -> Sequence[Message]:
        return past.question.messages(self._prompt(past))

    def _prompt(self, past: Past) -> Prompt:
        """With what goes beside it. What is tried is that itself in a trial of `planner_full`, beside the planner's
        prompt as it was then."""
        if self.prompt.agent == FULL_MODE:
            then = Pinned(past.call["variant"], past.call.get("version"), past.call.get("owner"))
            return replace(self._of(past.call["agent"], past, then), beside=self.prompt)
        beside = past.question.call.beside
        return self.prompt if beside is None else replace(self.prompt, beside=self._of(beside, past, None))

    def _of(self, agent: str, past: Past, pinned: Pinned | None) -> Prompt:
        return self.prompts.pick(agent, past.call["org_id"], pinned, 0.0)

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
                past.call["agent"], self.told(past), variant=self.prompt.variant, timeout_s=TIMEOUT_S, as_json=True,
                org_id=past.call["org_id"], prefer=self.prompt.model,
            )  # fmt: skip
        except LlmFailed as error:
            return self._failed(Figures(0, 0, 0), error.category)
        return self._judged(past, done.text, Figures(done.tokens_in, done.tokens_out, done.ms, done.model))

    def _before(self, past: Past) -> Outcome:
        recorded = past.recorded
        answered = "" if past.answer is None else recorded.model
        figures = Figures(recorded.tokens_in, recorded.tokens_out, recorded.ms, answered)
        if past.answer is None:
            return self._failed(figures, past.recorded.error or "not kept")
        return self._judged(past, past.answer, figures)

    def _judged(self, past: Past, answer: str, figures: Figures) -> Outcome:
        agent = past.call["agent"]
        if agent in READERS:
            return answer_judging.judge(agent, answer, figures, self.told(past))
        asked = past.question.messages
        if isinstance(asked, Asked):
            return plan_judging.judge_edit(answer, figures, asked)
        return plan_judging.judge(answer, figures, self.catalog, past.briefing)

    def _failed(self, figures: Figures, category: str) -> Outcome:
        if self.prompt.agent in READERS:
            return AnswerOutcome(figures, error=category)
        return PlanOutcome(figures, error=category)


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


def _answered(outcome: Outcome) -> dict[str, str]:
    return {"model": outcome.figures.model} if outcome.figures.model else {}


def _side(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    if not outcomes:
        return {}
    of = len(outcomes)
    plans = [one for one in outcomes if isinstance(one, PlanOutcome)]
    answers = [one for one in outcomes if isinstance(one, AnswerOutcome)]
    return {
        "well_formed": round(sum(one.well_formed for one in outcomes) / of, 4),
        **(plan_judging.figures_of(plans) if plans else answer_judging.figures_of(answers)),
        "models": dict(Counter(sorted(one.figures.model for one in outcomes if one.figures.model))),
        "tokens_in": sum(one.figures.tokens_in for one in outcomes),
        "tokens_out": sum(one.figures.tokens_out for one in outcomes),
        "median_ms": median(one.figures.ms for one in outcomes),
    }
