"""What each organisation has used of the language models in the last day, and the end of its agents' budget.

Every call counts: the agents', and those for its jobs. Refused are the agents' alone, for a job is bounded by what it
has reserved.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from events.canvas.session_events import AgentCallRecorded
from events.envelope import Recorded
from events.jobs.events import JobAgentCallRecorded
from processors.agents.llm import Completion, Delta, LanguageModel, LlmFailed, Message, Restarted, tokens_told

HOUR_S: Final = 3600
WINDOW_HOURS: Final = 24
WINDOW_S: Final = WINDOW_HOURS * HOUR_S
ORGS_MAX: Final = 10_000
ANSWER_TOKENS: Final = 2_000
"""What an answer under way is counted with: as long as a plan of ten steps."""
CALLS: Final = (AgentCallRecorded, JobAgentCallRecorded)
OVER_BUDGET: Final = "budget"
"""Category of the failure."""


class Spending:
    """A fold of both `agent_call_recorded`, by organisation and hour. Bounded: who has been quiet is forgotten."""

    def __init__(self) -> None:
        self._hours: OrderedDict[str, dict[int, int]] = OrderedDict()

    def note(self, event: Recorded) -> None:
        """Each event once. Events of several partitions may come in any order."""
        call, org_id = event.data, event.envelope.org_id
        if not isinstance(call, CALLS) or not (tokens := call.tokens_in + call.tokens_out):
            return
        hours = self._hours.setdefault(org_id, {})
        self._hours.move_to_end(org_id)
        hour = _hour(event.envelope.time)
        hours[hour] = hours.get(hour, 0) + tokens
        for old in [one for one in hours if one <= max(hours) - WINDOW_HOURS]:
            del hours[old]
        while len(self._hours) > ORGS_MAX:
            self._hours.popitem(last=False)

    def spent(self, org_id: str, now: datetime) -> int:
        """Tokens of this hour and the 23 before it."""
        first = _hour(now) - WINDOW_HOURS + 1
        return sum(tokens for hour, tokens in self._hours.get(org_id, {}).items() if hour >= first)


class Budgeted:
    """The language models as long as an organisation has not used up its tokens of a day.

    What is being asked at this moment counts with what it is told and with a usual answer, until that is there. So the
    budget is exceeded by one usual answer, and by what the calls of that moment write beyond the usual: each
    `MAX_TOKENS` at most, and what its repetitions cost where it fails. Of what other processes ask, and of what is not
    on the log yet, nothing is known here: a session has one such call at a time (docs/agents.md).
    """

    def __init__(
        self,
        model: LanguageModel,
        spending: Spending,
        per_day: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._model, self._spending, self._per_day, self._now = model, spending, per_day, now
        self._asking: dict[str, int] = {}

    async def complete(
        self, agent: str, messages: Sequence[Message], *, org_id: str = "", **options: Any
    ) -> Completion:
        """Raises LlmFailed, of category `budget` where it is used up."""
        with self._within(org_id, messages):
            return await self._model.complete(agent, messages, org_id=org_id, **options)

    async def stream(
        self, agent: str, messages: Sequence[Message], *, org_id: str = "", **options: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        """Raises LlmFailed, of category `budget` where it is used up."""
        with self._within(org_id, messages):
            async with aclosing(self._model.stream(agent, messages, org_id=org_id, **options)) as pieces:
                async for piece in pieces:
                    yield piece

    @contextmanager
    def _within(self, org_id: str, messages: Sequence[Message]) -> Iterator[None]:
        told = tokens_told(messages)
        asking = self._asking.get(org_id, 0)
        if self._spending.spent(org_id, self._now()) + asking + told > self._per_day:
            raise LlmFailed(OVER_BUDGET, f"{org_id} has used its {self._per_day} tokens of a day")
        held = told + ANSWER_TOKENS
        self._asking[org_id] = asking + held
        try:
            yield
        finally:
            self._asking[org_id] -= held
            if not self._asking[org_id]:
                del self._asking[org_id]


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // HOUR_S
