"""What the platform says where a message leads to no plan: why, and what can be done. Never a silent session."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from events.catalog.events import ModelSpec
from processors.agents.fitting.assembly import Fitted
from processors.agents.fitting.unknown_models import Unknown
from processors.agents.fitting.validator import Checked, Issue, called
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.telling.shortened import TITLE_CHARS, cut

STILL_RUNNING: Final = "The plan is still running. Say it again when it is done, or stop it first."
NOTHING_CHANGED: Final = "The plan stays as it is: nothing in it had to be different for that."
REFUSED: Final = "This could not be planned: the session does not take a new plan at the moment."
BROKEN: Final = "Something in this could not be handled, so there is no plan. Please say it in other words."
MODEL_GONE: Final = (
    "A model that the plan needs was taken out of use while it was made, so the plan was given up. Please say it again."
)
_BY_CATEGORY: Final = {
    "rate_limit": "The language model is taking no more requests at the moment. Please try again in a minute.",
    "billing": "The language model's account is used up, so nothing can be planned until it is topped up.",
    "budget": "The tokens that your organisation's agents may use in a day are used up. "
    "They come back hour by hour; the platform's operator can raise the limit.",
    "too_long": "What this session holds is too long for the language model. Please start a new session.",
    "refused": "The language model did not accept this request. Please say it in other words.",
    "content_policy": "The language model refuses to plan this. Please ask for something else, or say what it is for.",
    "unsupported": "The language model that is configured does not take requests as they are made here, "
    "so nothing can be planned. The platform's operator can lower STUDIO_LLM_MAX_TOKENS, or choose another model.",
    "unknown_model": "The language model that is configured does not exist, so nothing can be planned.",
    "busy": "Too many plans are being made at the moment. Please try again in a minute.",
    "unauthorised": "The language model does not accept this platform's key, so nothing can be planned.",
    "timeout": "The language model did not answer in time. Please try again.",
    "connection": "The language model cannot be reached at the moment. Please try again.",
}
_NAMED_MAX: Final = 5
"""Steps or addresses that are told by name."""
_ADDRESS_CHARS: Final = 120
_OTHERWISE: Final = "The language model did not answer, so there is no plan. Please try again."


def no_model(category: str) -> str:
    return _BY_CATEGORY.get(category, _OTHERWISE)


def no_edit(parsed: ParsedPlan) -> str:
    """The edit planner's own reason; else that nothing came of what it said."""
    if parsed.reason:
        return parsed.reason
    if parsed.refused:
        return "The language model refuses to do this, so the plan stays as it is. Please ask for something else."
    if parsed.layer in ("direct", "repaired"):
        return "The plan stays as it is: there was nothing to change in that."
    return "The answer could not be read, so the plan stays as it is. Please say it in other words, or try again."


def no_plan(parsed: ParsedPlan, checked: Checked) -> str:
    """The planner's own reason; else what was wrong with what it planned; else that it could not be read."""
    if parsed.reason:
        return parsed.reason
    if checked.issues:
        problems = "; ".join(dict.fromkeys(issue.problem for issue in checked.issues))
        return f"Nothing of this can be made here at the moment: {problems}."
    if parsed.refused:
        return no_model("content_policy")
    if parsed.layer in ("direct", "repaired"):
        return "There is nothing to make in that. Describe a picture, a video, a sound, a voice, a text or a 3D model."
    return "The planner's answer could not be read, so there is no plan. Please say it in other words, or try again."


def left_out(taken: Sequence[Issue], steps: Sequence[PlannedStep]) -> str:
    """Of a plan that does only a part of the request: what is missing or other in it; nothing where it does all."""
    titles = {step.id: step.title for step in steps}
    told = [_sentence(issue, titles) for issue in taken[:_NAMED_MAX]]
    more = [f"And {len(taken) - _NAMED_MAX} more like these stand at the plan."] if len(taken) > _NAMED_MAX else []
    return " ".join([*told, *more])


def _sentence(issue: Issue, titles: Mapping[str, str]) -> str:
    title = titles.get(issue.step_id or "")
    words = f"{called(title)}: {issue.note.removeprefix(f'{issue.step_id}: ')}" if title else issue.note
    return f"{words[0].upper()}{words[1:]}" + ("." if words[-1].isalnum() or words[-1] in "”)" else "")


def kept(steps: Sequence[PlannedStep], names: Collection[str]) -> str:
    """Of steps that the answer left out, and that the person's words did not say for certain were to go."""
    found = [(number, step.title) for number, step in enumerate(steps, 1) if step.id in names]
    titles = [f"step {number} (“{cut(title, TITLE_CHARS)}”)" for number, title in found[:_NAMED_MAX]]
    more = [f"{len(found) - _NAMED_MAX} more"] if len(found) > _NAMED_MAX else []
    numbers = _listed([str(number) for number, _ in found])
    what = "step" if len(found) == 1 else "steps"
    return (
        f"I kept {_listed([*titles, *more])}, as I was not sure that you want to be without. "
        f"If you do, say “remove {what} {numbers}”."
    )


def no_such_model(unknown: Sequence[Unknown], fitted: Sequence[Fitted], models: Mapping[str, ModelSpec]) -> str:
    """Of names that no model here has: which, and what does the steps in their place."""
    names = [f"“{cut(one.name, TITLE_CHARS)}”" for one in unknown]
    taken: dict[str, list[str]] = {}
    for one in fitted:
        taken.setdefault(models[one.model].title, []).append(f"“{cut(one.step.title, TITLE_CHARS)}”")
    if not taken:
        return f"There is no model {_listed(names)} here, so the plan stays as it is."
    listed = [f"{title} makes {_listed(steps[:_NAMED_MAX])}" for title, steps in list(taken.items())[:_NAMED_MAX]]
    if not any(one.sure for one in unknown):
        return f"If {_listed(names)} is meant as a model: there is none of that name here, and {_listed(listed)}."
    return f"There is no model {_listed(names)} here. In its place, {_listed(listed)}."


def not_fetched(addresses: Sequence[str]) -> str:
    """Of web addresses in a request: nothing is read from there."""
    named = [cut(address, _ADDRESS_CHARS) for address in addresses[:_NAMED_MAX]]
    more = [f"{len(addresses) - _NAMED_MAX} more"] if len(addresses) > _NAMED_MAX else []
    return (
        f"I cannot fetch {_listed([*named, *more])}: nothing is read from the web here. "
        "Please upload the file, and say what to do with it."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
