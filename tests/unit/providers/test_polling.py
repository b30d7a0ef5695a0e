"""An attempt is asked after ever more rarely; it is over when its provider says so, or knows nothing of it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from adapters.providers.polling import ASKED_WAIT_MAX_S, DRIFTS_MAX, FAILURES_MAX, NOT_THERE_MAX, Pace, polled
from processors.dispatcher.errors import (
    ContractDrift,
    Forgotten,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
)
from processors.dispatcher.ports import Progressed, Stopped, Update

END = Stopped("no")
Answers = list[Update | ProviderError]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits before the questions, which nobody waits for."""
    told: list[float] = []

    async def at_once(seconds: float) -> None:
        told.append(round(seconds, 3))

    monkeypatch.setattr(asyncio, "sleep", at_once)
    return told


def asked(answers: Answers) -> Callable[[], asyncio.Future[Update]]:
    def ask() -> asyncio.Future[Update]:
        answer: asyncio.Future[Update] = asyncio.get_running_loop().create_future()
        match answers.pop(0):
            case ProviderError() as error:
                answer.set_exception(error)
            case update:
                answer.set_result(update)
        return answer

    return ask


async def told(answers: Answers) -> list[Update]:
    return [update async for update in polled(asked(answers), Pace(first_s=1, growth=2, longest_s=5))]


async def test_the_longer_it_runs_the_more_rarely_it_is_asked_after(waits: list[float]) -> None:
    running = Progressed(0.5)
    assert await told([running, running, running, running, END]) == [running] * 4 + [END]
    assert waits == [1, 2, 4, 5, 5]


async def test_it_is_not_over_because_some_questions_failed(waits: list[float]) -> None:
    assert await told([ProviderDown("503"), OutcomeUnknown("cut"), RateLimited("slow down", retry_after_s=9), END]) == [
        END
    ]
    assert waits == [1, 2, 4, 9]


async def test_after_many_in_a_row_it_is_lost_from_sight(waits: list[float]) -> None:
    down: Answers = [ProviderDown("503") for _ in range(FAILURES_MAX)]
    with pytest.raises(OutcomeUnknown, match="lost sight"):
        await told([*down[1:], Progressed(0.5), *down])
    assert len(waits) == 2 * FAILURES_MAX


async def test_what_is_not_known_yet_is_asked_after_again(waits: list[float]) -> None:
    unknown: Answers = [NotThere("404") for _ in range(NOT_THERE_MAX - 1)]
    assert await told([*unknown, Progressed(0.5), *unknown, END]) == [Progressed(0.5), END]


async def test_what_is_not_known_time_and_again_has_been_forgotten(waits: list[float]) -> None:
    with pytest.raises(Forgotten):
        await told([NotThere("404") for _ in range(NOT_THERE_MAX)])


async def test_one_answer_that_nobody_understands_ends_nothing(waits: list[float]) -> None:
    page = ContractDrift("a page")
    assert await told([page, page, Progressed(0.5), page, page, END]) == [Progressed(0.5), END]
    with pytest.raises(ContractDrift):
        await told([page] * DRIFTS_MAX)


async def test_a_provider_that_asks_for_an_hour_is_asked_again_within_a_minute(waits: list[float]) -> None:
    assert await told([RateLimited("busy", retry_after_s=3600), END]) == [END]
    assert waits == [1, ASKED_WAIT_MAX_S]
