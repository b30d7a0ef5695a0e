"""What the rules call unknown is asked of a language model: once for each shape of words, seldom, and never for long.

A retry waits for the answer two seconds at most; what comes later is there for the next failure of its shape. The
answer is a suspect. It can end what would have been tried again, and never repeats what the adapter would not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from prometheus_client import Counter

from events.jobs.events import Category
from processors.agents.answers.lenient_json import LenientReader
from processors.agents.asking.prompting import BuiltIn, Prompts, platforms
from processors.agents.llm import Completion, LanguageModel, LlmFailed, Message
from processors.dispatcher.agent_calls import noted
from processors.dispatcher.ports import Failed, Note, unnoted
from processors.dispatcher.shape import shape_of

AGENT: Final = "error_classifier"
WITHIN_S: Final = 2.0
"""How long an attempt's end may wait for it."""
CALL_MAX_S: Final = 30.0
CALLS_PER_MINUTE: Final = 10
SHAPES_MAX: Final = 2_000
ANSWER_TOKENS_MAX: Final = 300
ANSWER_MAX_CHARS: Final = 4_000
ANSWERS: Final[tuple[Category, ...]] = (
    "billing", "rate_limit", "outage", "content_policy", "input_validation", "unknown",
)  # fmt: skip
PASSING: Final[frozenset[Category]] = frozenset({"rate_limit", "outage", "unknown"})
"""Another attempt may not meet these."""

CLASSIFICATIONS: Final = Counter(
    "studio_error_classifications_total",
    "Failures that no rule knows, by how the language model's word on them was had, and what it was.",
    ["provider", "outcome", "category"],
)
TOKENS: Final = Counter(
    "studio_error_classifier_tokens_total", "Tokens of the error classifier's calls.", ["model", "direction"]
)
log = logging.getLogger(__name__)

Shape = tuple[str, str]
"""Provider, and the shape of its words."""


class Budget:
    """So many calls in any minute, by a monotonic clock."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._taken: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Whether there is one left; then it is taken."""
        while self._taken and self._taken[0] <= now - 60.0:
            self._taken.popleft()
        if len(self._taken) >= self._per_minute:
            return False
        self._taken.append(now)
        return True


class Classifier:
    """One a process. `prompts` are the published ones. Close it with `aclose`: what it still asks is given up."""

    def __init__(
        self,
        model: LanguageModel,
        prompts: Prompts | None = None,
        *,
        calls_per_minute: int = CALLS_PER_MINUTE,
        within_s: float = WITHIN_S,
        shapes_max: int = SHAPES_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._prompts = prompts or BuiltIn()
        self._budget = Budget(calls_per_minute)
        self._within_s = within_s
        self._shapes_max = shapes_max
        self._monotonic = monotonic
        self._known: OrderedDict[Shape, Category] = OrderedDict()
        self._asking: dict[Shape, asyncio.Task[Category | None]] = {}
        """No more than the budget gives out while a call may last."""

    async def __call__(self, provider: str, failed: Failed, note: Note = unnoted) -> Failed:
        """The failure as the model sees it; unchanged where the rules know it, or no word on it comes in time. A call
        is noted for the job whose failure is the first of its shape."""
        if failed.category != "unknown" or failed.words is None:
            return failed
        shape = (provider, shape_of(failed.words))
        outcome, category = await self._category(shape, note)
        CLASSIFICATIONS.labels(provider, outcome, category).inc()
        return narrowed(failed, category)

    async def aclose(self) -> None:
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _category(self, shape: Shape, note: Note) -> tuple[str, Category]:
        known = self._known.get(shape)
        if known is not None:
            self._known.move_to_end(shape)
            return "cached", known
        asking = self._asking.get(shape) or self._ask(shape, note)
        if asking is None:
            return "over_budget", "unknown"
        await asyncio.wait({asking}, timeout=self._within_s)
        if not asking.done():
            return "late", "unknown"
        category = None if asking.cancelled() else asking.result()
        return ("failed", "unknown") if category is None else ("asked", category)

    def _ask(self, shape: Shape, note: Note) -> asyncio.Task[Category | None] | None:
        """Failures of one shape at the same time wait for one call."""
        if not self._budget.take(self._monotonic()):
            return None
        asking = asyncio.create_task(self._asked(shape, note), name="error classifier")
        self._asking[shape] = asking
        asking.add_done_callback(lambda _: self._asking.pop(shape, None))
        return asking

    async def _asked(self, shape: Shape, note: Note) -> Category | None:
        """The model's word, kept for whoever comes next; None where there is none that can be used."""
        prompt = platforms(self._prompts, AGENT, " ".join(shape))
        messages = asked_of(*shape, prompt.text)
        asking = self._model.complete(
            AGENT, messages, variant=prompt.variant, max_tokens=ANSWER_TOKENS_MAX, timeout_s=CALL_MAX_S, as_json=True,
            prefer=prompt.model,
        )  # fmt: skip
        try:
            answer = await noted(asking, prompt, messages, note)
        except LlmFailed as error:
            log.warning("no word on a failure at %s: %s", shape[0], error.category)
            return None
        _count(answer)
        category = category_in(answer.text)
        if category is None:
            log.warning("the error classifier's answer cannot be used", extra={"provider": shape[0]})
            return None
        self._known[shape] = category
        while len(self._known) > self._shapes_max:
            self._known.popitem(last=False)
        return category


def asked_of(provider: str, shape: str, prompt: str) -> list[Message]:
    """A shape holds no angle brackets: the words cannot end before we say so."""
    words = f"Provider: {provider}\n<provider_words>\n{shape}\n</provider_words>"
    return [{"role": "system", "content": prompt}, {"role": "user", "content": words}]


def category_in(answer: str) -> Category | None:
    """The category that an answer names, where it is one of those that were offered."""
    reader = LenientReader()
    reader.feed(answer[:ANSWER_MAX_CHARS])
    named = [root.get("category") for root in reader.roots if isinstance(root, dict)]
    return next((offered for name in named for offered in ANSWERS if offered == name), None)


def narrowed(failed: Failed, category: Category) -> Failed:
    """Never worth another attempt where it was not before."""
    return replace(failed, category=category, retryable=failed.retryable and category in PASSING)


def _count(answer: Completion) -> None:
    TOKENS.labels(answer.model, "in").inc(answer.tokens_in)
    TOKENS.labels(answer.model, "out").inc(answer.tokens_out)
