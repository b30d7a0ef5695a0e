"""An organisation's tokens of a day are counted from the log, and when they are used up it is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.client import LlmClient
from events.canvas.session_events import AgentCallRecorded, SessionStarted
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.model import Event
from events.topics import EVENTS_CANVAS
from processors.agents.asking import spending
from processors.agents.asking.spending import WINDOW_HOURS, Budgeted, Spending
from processors.agents.llm import MAX_TOKENS, Completion, LlmFailed, tokens_told
from tests.llm_server import LlmServer, held, serving, whole
from tests.specification import NOON

ORG = "org_A"
ASK = [{"role": "user", "content": "x" * 40}]
TOLD = 10


def called(tokens: int, at: datetime = NOON, org_id: str = ORG) -> Recorded:
    call = AgentCallRecorded(
        session_id="ses_X", call_id="c", attempt=1, agent="planner", variant="default", model="m",
        tokens_in=tokens, tokens_out=0, ms=1,
    )  # fmt: skip
    return recorded(call, at, org_id)


def recorded(event: Event, at: datetime = NOON, org_id: str = ORG) -> Recorded:
    stream = StreamRef(EVENTS_CANVAS, "ses_X")
    place = InputPosition("commands.canvas", 0, 0)
    envelope = Envelope("evt", event.ce_type(), at, stream, 1, org_id, "t", "c", place, "cor", "cau")
    return Recorded(envelope, event, 0, 0)


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer(always={"planner": whole("a plan")})) as it:
        yield it


@given(
    calls=st.lists(st.tuples(st.integers(0, 40 * 60), st.integers(0, 100), st.sampled_from("ab")), max_size=30),
    later=st.integers(0, 30 * 60),
)
def test_what_was_used_in_the_last_day_is_what_counts(calls: list[tuple[int, int, str]], later: int) -> None:
    fold = Spending()
    for minutes, tokens, org in calls:
        fold.note(called(tokens, NOON + timedelta(minutes=minutes), org))
    now = NOON + timedelta(minutes=max([minutes for minutes, _, _ in calls], default=0) + later)
    first = now.replace(minute=0) - timedelta(hours=WINDOW_HOURS - 1)
    for org in "ab":
        expected = sum(n for minutes, n, one in calls if one == org and NOON + timedelta(minutes=minutes) >= first)
        assert fold.spent(org, now) == expected


def test_it_is_bounded_and_other_events_are_none_of_its_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "ORGS_MAX", 2)
    fold = Spending()
    fold.note(recorded(SessionStarted(session_id="ses_X", org_id=ORG)))
    for org in ("a", "b", "c"):
        fold.note(called(5, org_id=org))
    assert [fold.spent(org, NOON) for org in ("a", "b", "c", ORG)] == [0, 5, 5, 0]


@pytest.mark.parametrize(
    ("words", "tokens"), [("", 0), ("a" * 400, 100), ("狐" * 400, 400), ("ф" * 300, 200), ("a" * 400 + "狐" * 4, 104)]
)
def test_what_is_told_counts_in_every_script(words: str, tokens: int) -> None:
    assert tokens_told([{"role": "user", "content": words}]) == tokens


async def test_who_has_used_up_the_budget_is_refused_without_a_call_and_others_go_on(server: LlmServer) -> None:
    fold = Spending()
    async with LlmClient(server.url, None, "m") as client:
        model = Budgeted(client, fold, 100, lambda: NOON)
        fold.note(called(100 - TOLD))
        assert (await model.complete("planner", ASK, org_id=ORG)).text == "a plan"
        fold.note(called(1))
        for call in (model.complete("planner", ASK, org_id=ORG), anext(model.stream("planner", ASK, org_id=ORG))):
            with pytest.raises(LlmFailed) as failed:
                await call
            assert failed.value.category == "budget"
        assert (await model.complete("planner", ASK, org_id="org_B")).text == "a plan"
    assert len(server.requests) == 2


async def test_what_is_being_asked_counts_already(server: LlmServer) -> None:
    released = asyncio.Event()
    server.always["planner"] = held(released, whole("a plan"))
    async with LlmClient(server.url, None, "m") as client:
        model = Budgeted(client, Spending(), 2 * TOLD + spending.ANSWER_TOKENS, lambda: NOON)
        calls = [asyncio.create_task(model.complete("planner", ASK, org_id=ORG)) for _ in range(3)]
        await server.until_asked(2)
        released.set()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, LlmFailed) for one in answers] == [False, False, True]
        assert (await model.complete("planner", ASK, org_id=ORG)).text == "a plan"


async def test_answers_under_way_count_with_a_usual_length(server: LlmServer) -> None:
    """Two hundred sessions at once do not go two hundred plans beyond the budget."""
    released = asyncio.Event()
    server.always["planner"] = held(released, whole("a plan"))
    async with LlmClient(server.url, None, "m") as client:
        model = Budgeted(client, Spending(), 3 * spending.ANSWER_TOKENS, lambda: NOON)
        calls = [asyncio.create_task(model.complete("planner", ASK, org_id=ORG)) for _ in range(20)]
        await server.until_asked(3)
        released.set()
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(one, LlmFailed) for one in answers) == 3


class Writing:
    """A language model that writes so many tokens once it is let go on."""

    def __init__(self, *lengths: int) -> None:
        self.lengths, self.begun = list(lengths), 0
        self.go = asyncio.Event()

    async def complete(self, *_: Any, **__: Any) -> Completion:
        written = self.lengths[self.begun]
        self.begun += 1
        await self.go.wait()
        return Completion("x", "m", TOLD, written, 1, 0.0, 1.0)

    def stream(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


@given(st.lists(st.integers(0, MAX_TOKENS), min_size=1, max_size=40), st.integers(0, 3 * MAX_TOKENS))
async def test_it_is_exceeded_by_what_calls_side_by_side_write_beyond_the_usual_and_by_no_more(
    lengths: list[int], per_day: int
) -> None:
    fold, writing = Spending(), Writing(*lengths)
    model = Budgeted(writing, fold, per_day, lambda: NOON)
    calls = [asyncio.create_task(model.complete("planner", ASK, org_id=ORG)) for _ in lengths]
    await asyncio.sleep(0)
    writing.go.set()
    answers = [one for one in await asyncio.gather(*calls, return_exceptions=True) if isinstance(one, Completion)]
    for one in answers:
        fold.note(called(one.tokens_in + one.tokens_out))
    beyond = sum(max(0, one.tokens_out - spending.ANSWER_TOKENS) for one in answers)
    spent = fold.spent(ORG, NOON)
    assert spent <= per_day + beyond + (spending.ANSWER_TOKENS if answers else 0)
    assert spent <= per_day + len(answers) * MAX_TOKENS
    if spent > per_day - TOLD:
        with pytest.raises(LlmFailed):
            await model.complete("planner", ASK, org_id=ORG)


@pytest.mark.parametrize(("price", "cost"), [((150_000, 600_000), 5), ((1, 1), 1), ((0, 0), 0), (None, None)])
async def test_a_call_costs_what_its_model_does(server: LlmServer, price: Any, cost: int | None) -> None:
    prices = {} if price is None else {"m": price}
    async with LlmClient(server.url, None, "m", prices=prices) as client:
        assert (await client.complete("planner", ASK)).cost == cost
