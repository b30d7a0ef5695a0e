"""What the agents ask the decider to write: a draft, what was checked of it, models and inputs; all words sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import orjson

from commands.canvas.commands import (
    CanvasCommand,
    DraftPlan,
    DraftStep,
    ModelChoice,
    PostAssistantMessage,
    RecordPlanValidated,
    RevisePlan,
    SelectModels,
)
from events.ids import derived_id
from events.ids import step_id as step_id_of
from events.sealed import Sealed
from processors.agents.asking.call import Said, Stages
from processors.agents.fitting.assembly import Fitted
from processors.agents.fitting.validator import LOSSLESS, Checked
from processors.agents.plan import PlannedStep

ISSUES_MAX: Final = 50


async def draft(stages: Stages, title: str, steps: Sequence[PlannedStep], said: Said, first: Said) -> CanvasCommand:
    """`first` is the answer that what is `said` may be a revision of."""
    return stages.command(
        DraftPlan,
        message_id=stages.message.message_id,
        made_from=said.call,
        first_from=first.call if first.call != said.call else None,
        title=await stages.seal(title or steps[0].title),
        steps=tuple([await _step(stages, step) for step in steps]),
        planner=said.model,
    )


async def revision(
    stages: Stages, plan_id: str, title: str, steps: Sequence[PlannedStep], new: Collection[str], said: Said
) -> CanvasCommand:
    """All steps in their order; of those in `new` all that is planned."""
    return stages.command(
        RevisePlan,
        plan_id=plan_id,
        message_id=stages.message.message_id,
        made_from=said.call,
        title=await stages.seal(title),
        order=tuple(step.id for step in steps),
        steps=tuple([await _step(stages, step) for step in steps if step.id in new]),
        planner=said.model,
    )


async def validation(stages: Stages, plan_id: str, checked: Checked) -> CanvasCommand:
    """With what the person is to know of it."""
    issues = [issue.note for issue in checked.issues if issue.code not in LOSSLESS][:ISSUES_MAX]
    sealed = [await stages.seal(issue) for issue in issues]
    return stages.command(RecordPlanValidated, plan_id=plan_id, verdict=checked.verdict, issues=tuple(sealed))


async def selection(stages: Stages, plan_id: str, fitted: Sequence[Fitted]) -> CanvasCommand:
    choices = [
        ModelChoice(
            step_id=step_id_of(plan_id, one.step.id),
            model=one.model,
            input=await _json(stages, one.input),
            estimate=one.estimate,
            reason=one.reason[:500],
        )
        for one in fitted
    ]
    flags = tuple(flag for one in fitted for flag in one.flags)
    message_id = stages.message.message_id
    return stages.command(SelectModels, plan_id=plan_id, message_id=message_id, choices=tuple(choices), flags=flags)


async def word(stages: Stages, text: str, cause_id: str, purpose: str) -> CanvasCommand:
    """The platform's words in the conversation."""
    return stages.command(
        PostAssistantMessage,
        message_id=derived_id("msg", b"agents", cause_id, purpose),
        text=await stages.seal(text),
        in_reply_to=stages.message.message_id,
    )


async def _step(stages: Stages, step: PlannedStep) -> DraftStep:
    return DraftStep(
        label=step.id,
        title=await stages.seal(step.title),
        description=await stages.seal(step.description),
        agent_type=step.agent_type,
        depends_on=step.depends_on,
        input=await _json(stages, step.input) if step.input else None,
    )


async def _json(stages: Stages, values: object) -> Sealed:
    return await stages.seal(orjson.dumps(values, default=dict).decode())
