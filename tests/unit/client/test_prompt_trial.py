"""Past requests through another prompt: what both answers come to, which holds up better, and within a budget."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from events.canvas.session_events import AgentCallRecorded
from processors.agents.asking.call import Call
from processors.agents.asking.prompting import Pinned, Prompt
from processors.agents.catalog import Catalog
from processors.agents.llm import Completion, Delta, LlmFailed, Message, Restarted
from processors.agents.stages import planner
from processors.agents.telling.context import Briefing
from studio.client.off_record import Question
from studio.client.outcomes import Figures, compared
from studio.client.past_requests import Past
from studio.client.plan_judging import PlanOutcome, judge
from studio.client.prompt_trial import Compared, Trial, summary
from studio.verbs.prompts_replay import show
from tests.unit.agents.makers import small_catalog

FIGURES = Figures(10, 20, 300)


def plan(*steps: tuple[str, str, tuple[str, ...]]) -> str:
    return json.dumps(
        {
            "title": "A plan",
            "steps": [
                {"id": name, "title": name, "description": f"{name} of a fox", "agent_type": kind, "depends_on": ups}
                for name, kind, ups in steps
            ],
        }
    )


PICTURE = plan(("a", "image", ()))
FILM = plan(("a", "image", ()), ("b", "video", ("a",)))
BROKEN = FILM.replace('["a"]}]', '["a"]},]')
TWO_FILMS = plan(("a", "image", ()), ("b", "video", ("a",)), ("c", "video", ("a",)))
CYCLE = plan(("a", "image", ("b",)), ("b", "video", ("a",)))


def outcome(answer: str) -> PlanOutcome:
    return judge(answer, FIGURES, small_catalog(), Briefing("a fox"))


def test_an_answer_is_judged_as_the_platform_would_take_it() -> None:
    film = outcome(FILM)
    assert (film.well_formed, film.verdict, film.steps, film.as_json()["dependencies"]) == (
        True,
        "PASS",
        2,
        ["image → video"],
    )
    assert outcome(BROKEN).as_json() | {"well_formed": True, "layer": "direct"} == film.as_json()
    assert outcome(BROKEN).well_formed is False
    assert (outcome(CYCLE).verdict, outcome("I would rather not.").verdict) == ("REVISE", "NONE")


@pytest.mark.parametrize(
    ("before", "after", "judgement"),
    [
        (PICTURE, "no", "worse"),
        ("no", PICTURE, "better"),
        (CYCLE, FILM, "better"),
        (BROKEN, FILM, "better"),
        (FILM, TWO_FILMS, "other"),
        (PICTURE, FILM, "other"),
        (FILM, FILM.replace("fox", "wolf"), "same"),
        ("no", "neither", "same"),
    ],
)
def test_of_two_answers_it_is_said_which_holds_up_better(before: str, after: str, judgement: str) -> None:
    assert compared(outcome(before), outcome(after)) == judgement


class Model:
    """A language model whose answers are known; it remembers what it was told."""

    def __init__(self, *answers: str | LlmFailed) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Sequence[Message]]] = []

    async def complete(
        self, agent: str, messages: Sequence[Message], *, variant: str = "default", **_: Any
    ) -> Completion:
        self.asked.append((variant, messages))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, LlmFailed):
            raise answer
        return Completion(answer, "m", 50, 30, 100, 0.0, 0.1)

    def stream(self, *_: Any, **__: Any) -> AsyncGenerator[Delta | Restarted | Completion]:
        raise NotImplementedError


def past(number: int, answer: str | None = PICTURE, mode: Any = "subagent") -> Past:
    call = {"call_id": f"call_{number}", "session_id": "ses_X", "org_id": "org_A", "begun_at": f"{number:03}",
            "variant": "default", "version": 1, "agent": "planner"}  # fmt: skip
    recorded = AgentCallRecorded(
        session_id="ses_X", call_id=call["call_id"], attempt=1, agent="planner", variant="default", model="m",
        tokens_in=10, tokens_out=20, ms=300, error=None if answer else "timeout",
    )  # fmt: skip
    briefing = Briefing(f"request {number}", mode)

    def messages(prompt: Prompt) -> Sequence[Message]:
        return planner.told(prompt.whole, briefing, small_catalog())

    question = Question(Call("planner", "plan", beside=planner.beside(briefing)), messages)
    return Past(call, briefing, question, answer, recorded)


async def every(*requests: Past) -> AsyncIterator[Past]:
    for one in requests:
        yield one


class Named:
    """Prompts whose text is their name."""

    def pick(self, agent: str, _org_id: str, pinned: Pinned | None, _chance: float) -> Prompt:
        version = pinned.version if pinned is not None and pinned.version else 7
        return Prompt(agent, "default", version, f"{agent}, version {version}.")


def trial(model: Model, budget: int = 1_000_000, catalog: Catalog | None = None, agent: str = "planner") -> Trial:
    prompt = Prompt(agent, "brief", 2, "Plan briefly.", owner="org_A")
    return Trial(model, prompt, Named(), catalog or small_catalog(), budget)


async def test_each_request_is_told_with_the_new_prompt_and_compared() -> None:
    model = Model(FILM)
    of = trial(model)
    told: list[Compared] = []
    await of.run(every(past(1), past(2, answer=None), past(3, mode="full")), told.append)
    assert sorted(line.past.call["call_id"] for line in told) == ["call_1", "call_2", "call_3"]
    systems = {str(messages[0]["content"]) for _, messages in model.asked}
    assert systems == {"Plan briefly.", "Plan briefly.\n\nplanner_full, version 7."}
    assert all(f"request {n}" in str([messages for _, messages in model.asked]) for n in (1, 2, 3))
    found = summary(of.lines)
    assert (found["better"], found["other"], found["verdict"]) == (1, 2, "too few to tell")
    assert of.used == 3 * 80


async def test_what_goes_beside_the_planners_prompt_is_tried_beside_the_one_of_that_time() -> None:
    model = Model(FILM)
    of = trial(model, agent="planner_full")
    await of.run(every(past(3, mode="full")), lambda _: None)
    assert [messages[0]["content"] for _, messages in model.asked] == ["planner, version 1.\n\nPlan briefly."]


async def test_what_no_model_answers_is_an_outcome_too() -> None:
    of = trial(Model(LlmFailed("timeout", "slow")))
    await of.run(every(past(1)), lambda _: None)
    [line] = of.lines
    assert (line.judgement, line.after.error) == ("worse", "timeout")


async def test_it_is_told_which_model_answered_on_each_side(capsys: pytest.CaptureFixture[str]) -> None:
    of = trial(Model(FILM, LlmFailed("timeout", "slow")))
    then = past(1).recorded.model_copy(update={"model": "old"})
    await of.run(every(replace(past(1), recorded=then), past(2, answer=None)), lambda _: None)
    found = summary(of.lines)
    assert (found["before"]["models"], found["after"]["models"]) == ({"old": 1}, {"m": 1})
    line = next(line.as_json() for line in of.lines if line.past.call["call_id"] == "call_1")
    assert (line["before"]["model"], line["after"]["model"]) == ("old", "m")
    show({"variant": "brief", "summary": found, "unreadable": {}, "left_out": 0})
    out = capsys.readouterr().out
    assert re.search(r"answered by +old +m *\n", out)
    assert "Not the same models answered" in out


async def test_no_call_is_begun_beyond_the_budget() -> None:
    model = Model(PICTURE)
    of = trial(model)
    one = of.expected(past(1))
    tight = trial(model, budget=2 * one + 1)
    await tight.run(every(*(past(n) for n in range(9))), lambda _: None)
    assert len(model.asked) + tight.left_out == 9
    assert tight.left_out >= 6
    assert tight.used <= tight.budget


async def test_a_clear_difference_is_told_with_its_test() -> None:
    of = trial(Model(FILM))
    await of.run(every(*(past(n, answer="no") for n in range(8))), lambda _: None)
    found = summary(of.lines)
    assert (found["better"], found["method"], found["verdict"]) == (8, "sign-test", "different")
    assert found["p_value"] == pytest.approx(2 / 2**8, rel=1e-2)
    assert (found["before"]["without_plan"], found["after"]["without_plan"]) == (8, 0)


def test_of_no_requests_there_is_nothing_to_say() -> None:
    assert summary([])["requests"] == 0
