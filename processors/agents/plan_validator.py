"""The validator's model: does a plan whose form is right make what was asked for?

No clear objection is a pass: a plan is not held up by a validator that does not answer, or not to the point.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from processors.agents.addresses import without_foreign
from processors.agents.answers import objects, read_object
from processors.agents.catalog import Catalog
from processors.agents.context import Briefing, blocks, request
from processors.agents.llm import LlmFailed, Message
from processors.agents.parser import label, text
from processors.agents.present import Present
from processors.agents.prompting import Prompt
from processors.agents.stage import Call, Stages
from processors.agents.validator import Issue

log = logging.getLogger(__name__)

AGENT: Final = "validator"
CALL: Final = Call(AGENT, "validate", timeout_s=30.0, least_s=5.0, small=True)
OBJECTIONS_MAX: Final = 10
WORDS_MAX: Final = 400
"""Characters of a problem, and of a suggestion."""
DESCRIPTION_CHARS: Final = 500
"""Of a step that it is shown."""


async def objections(
    stages: Stages, briefing: Briefing, catalog: Catalog, candidate: Present, turn: int
) -> tuple[Issue, ...]:
    """What the model objects to in the `turn`-th version of a plan; nothing where it gives no clear answer."""

    def told(prompt: Prompt) -> list[Message]:
        # It judges steps, not models: the catalog's list is not for it.
        sections = blocks(replace(briefing, mode="subagent"), catalog, _in_short(candidate))
        user = "\n".join([*sections, request(briefing)])
        return [{"role": "system", "content": prompt.text}, {"role": "user", "content": user}]

    try:
        said = await stages.ask(replace(CALL, round=f"round {turn}" if turn else ""), told)
    except LlmFailed as error:
        log.info("the plan was not validated by a model (%s): the rules have passed it", error.category)
        return ()
    found = read(said.text, {one.step.id for one in candidate.steps})
    return tuple(_without_addresses(issue, briefing.said) for issue in found)


def _without_addresses(issue: Issue, said: str) -> Issue:
    """But those that the person wrote."""
    problem, suggestion = (str(without_foreign(words, said)[0]) for words in (issue.problem, issue.suggestion))
    return replace(issue, problem=problem, suggestion=suggestion)


def _in_short(plan: Present) -> Present:
    """What a plan makes, without its fields."""
    steps = (
        replace(one, step=replace(one.step, description=one.step.description[:DESCRIPTION_CHARS], input={}))
        for one in plan.steps
    )
    return replace(plan, steps=tuple(steps))


def read(answer: str, step_ids: Collection[str]) -> Iterator[Issue]:
    """Only what is said with the verdict REVISE, and says what is wrong."""
    found = read_object(answer) or {}
    if str(found.get("verdict", "")).strip().upper() != "REVISE":
        return
    for one in objects(found.get("issues"))[:OBJECTIONS_MAX]:
        if problem := text(one.get("problem"), WORDS_MAX):
            place = label(one.get("step_id"))
            suggestion = text(one.get("suggestion"), WORDS_MAX)
            yield Issue("objection", problem, suggestion, place if place in step_ids else None)
