"""The validator's model: does a plan whose form is right make what was asked for?

No objection is a pass: a plan is not held up by a validator that does not answer, or not to the point.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from processors.agents.answers.fences import without_thoughts
from processors.agents.answers.objects import member, plain_key, read_object
from processors.agents.answers.parser import label, text
from processors.agents.asking.call import Call, Stages
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from processors.agents.fitting.addresses import without_foreign
from processors.agents.fitting.validator import Issue
from processors.agents.llm import LlmFailed, Message
from processors.agents.telling.context import Briefing, blocks, request
from processors.agents.telling.present import Present

log = logging.getLogger(__name__)

AGENT: Final = "validator"
CALL: Final = Call(AGENT, "validate", timeout_s=30.0, least_s=5.0, small=True)
OBJECTIONS_MAX: Final = 10
WORDS_MAX: Final = 400
"""Characters of a problem, and of a suggestion."""
DESCRIPTION_CHARS: Final = 500
"""Of a step that it is shown."""
UNSAID: Final = "the plan does not make what was asked for"
"""The problem of a verdict that names none."""
_VERDICTS: Final = ("verdict", "decision", "result", "status", "answer", "valid", "pass", "passed", "approved")
_ISSUES: Final = ("issues", "issue", "problems", "objections", "errors", "feedback")
_PROBLEMS: Final = ("problem", "issue", "description", "message", "text", "reason", "objection", "error", "detail",
                    "explanation", "comment", "feedback")  # fmt: skip
_SUGGESTIONS: Final = ("suggestion", "fix", "repair", "recommendation")
_PLACES: Final = ("stepid", "step", "id")
_PASSED: Final = frozenset({"ok", "okay", "yes", "valid", "good", "accept", "accepted", "true", "fine"})
_FAILED: Final = frozenset({
    "fail", "failed", "reject", "rejected", "no", "invalid", "bad", "false", "notok", "needschanges", "needswork",
})  # fmt: skip
_NEGATES: Final = frozenset({"not", "cannot", "unable", "doesn", "isn", "never", "fails", "failed"})
_WORD = re.compile(r"[a-z]+")
_SAYS_REVISE = re.compile(
    r"[\W_]*(?:verdict[\W_]*)?(?:(?:the|this)\s+)?(?:plan\s+|it\s+|i\s+)?"
    r"(?:(?:needs?|requires?|should|must|would|has\s+to)\s+(?:be\s+|an?\s+|some\s+)?)?revis(?:ed?|ions?)\b[\W_]*(.*)",
    re.IGNORECASE | re.DOTALL,
)


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
    """What a plan makes, without its fields, and nothing of what it was before."""
    steps = (
        replace(one, step=replace(one.step, description=one.step.description[:DESCRIPTION_CHARS], input={}))
        for one in plan.steps
    )
    return replace(plan, steps=tuple(steps), earlier=())


def read(answer: str, step_ids: Collection[str]) -> Iterator[Issue]:
    """What is said against the plan, however the model puts it; REVISE counts even where it does not say why."""
    found = read_object(answer)
    if found is None:
        if (said := _SAYS_REVISE.match(without_thoughts(answer))) is not None:
            yield Issue("objection", text(said[1], WORDS_MAX) or UNSAID)
        return
    verdict = _verdict(member(found, _VERDICTS))
    if verdict == "PASS":
        return
    issues = [issue for one in _listed(member(found, _ISSUES)) if (issue := _issue(one, step_ids)) is not None]
    if verdict == "REVISE" and not issues:
        issues = [Issue("objection", text(member(found, _PROBLEMS), WORDS_MAX) or UNSAID)]
    yield from issues[:OBJECTIONS_MAX]


def verdict_of(answer: str) -> str:
    """PASS, REVISE, or neither: by its own word for it."""
    found = read_object(answer)
    if found is None:
        return "REVISE" if _SAYS_REVISE.match(without_thoughts(answer)) else ""
    return _verdict(member(found, _VERDICTS))


def _verdict(said: Any) -> str:
    """PASS, REVISE, or neither."""
    if isinstance(said, bool):
        return "PASS" if said else "REVISE"
    word = plain_key(said) if isinstance(said, str) else ""
    if word in _PASSED or word.startswith(("pass", "approve")):
        return "PASS"
    if isinstance(said, str) and _negated(_WORD.findall(said.lower())):
        return "REVISE"
    return "REVISE" if word in _FAILED or "revis" in word else ""


def _negated(words: Sequence[str]) -> bool:
    """`NOT PASS`, `does not pass`, `unable to approve`."""
    denied = [at for at, word in enumerate(words) if word in _NEGATES]
    return bool(denied) and any(word in _PASSED or word.startswith(("pass", "approv")) for word in words[denied[0] :])


def _listed(said: Any) -> Iterator[Any]:
    """Issues as a list, as one, or by step."""
    if isinstance(said, Mapping) and member(said, _PROBLEMS) is None:
        yield from ({"stepid": name, "problem": one} for name, one in said.items() if isinstance(one, str))
    else:
        yield from said if isinstance(said, list) else [said]


def _issue(said: Any, step_ids: Collection[str]) -> Issue | None:
    told = said if isinstance(said, Mapping) else {"problem": said}
    problem = text(member(told, _PROBLEMS), WORDS_MAX)
    if not problem:
        return None
    place, suggestion = label(member(told, _PLACES)), text(member(told, _SUGGESTIONS), WORDS_MAX)
    return Issue("objection", problem, suggestion, place if place in step_ids else None)
