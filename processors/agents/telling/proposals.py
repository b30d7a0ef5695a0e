"""What the agents ask the decider to write: a draft, what was checked of it, models and inputs; all words sealed."""

from __future__ import annotations

import asyncio
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
from processors.agents.fitting.validator import Checked
from processors.agents.plan import PlannedStep

ISSUES_MAX: Final = 50


async def draft(stages: Stages, title: str, steps: Sequence[PlannedStep], said: Said, first: Said) -> CanvasCommand:
    """`first` is the answer that what is `said` may be a revision of."""
    sealed_title, drafted = await asyncio.gather(
        stages.seal(title or steps[0].title), asyncio.gather(*(_step(stages, step) for step in steps))
    )
    return stages.command(
        DraftPlan,
        message_id=stages.message.message_id,
        made_from=said.call,
        first_from=first.call if first.call != said.call else None,
        title=sealed_title,
        steps=tuple(drafted),
        planner=said.model,
    )


async def revision(
    stages: Stages, plan_id: str, title: str, steps: Sequence[PlannedStep], new: Collection[str], said: Said
) -> CanvasCommand:
    """All steps in their order; of those in `new` all that is planned."""
    sealed_title, revised = await asyncio.gather(
        stages.seal(title), asyncio.gather(*(_step(stages, step) for step in steps if step.id in new))
    )
    return stages.command(
        RevisePlan,
        plan_id=plan_id,
        message_id=stages.message.message_id,
        made_from=said.call,
        title=sealed_title,
        order=tuple(step.id for step in steps),
        steps=tuple(revised),
        planner=said.model,
    )


async def validation(stages: Stages, plan_id: str, checked: Checked) -> CanvasCommand:
    issues = [str(issue) for issue in checked.issues][:ISSUES_MAX]
    sealed = await asyncio.gather(*(stages.seal(issue) for issue in issues))
    return stages.command(RecordPlanValidated, plan_id=plan_id, verdict=checked.verdict, issues=tuple(sealed))


async def selection(stages: Stages, plan_id: str, fitted: Sequence[Fitted]) -> CanvasCommand:
    inputs = await asyncio.gather(*(_json(stages, one.input) for one in fitted))
    choices = tuple(
        ModelChoice(
            step_id=step_id_of(plan_id, one.step.id),
            model=one.model,
            input=sealed,
            estimate=one.estimate,
            reason=one.reason[:500],
        )
        for one, sealed in zip(fitted, inputs, strict=True)
    )
    flags = tuple(flag for one in fitted for flag in one.flags)
    message_id = stages.message.message_id
    return stages.command(SelectModels, plan_id=plan_id, message_id=message_id, choices=choices, flags=flags)


async def word(stages: Stages, text: str, cause_id: str, purpose: str) -> CanvasCommand:
    """The platform's words in the conversation."""
    return stages.command(
        PostAssistantMessage,
        message_id=derived_id("msg", b"agents", cause_id, purpose),
        text=await stages.seal(text),
        in_reply_to=stages.message.message_id,
    )


async def _step(stages: Stages, step: PlannedStep) -> DraftStep:
    title, description = await asyncio.gather(stages.seal(step.title), stages.seal(step.description))
    return DraftStep(
        label=step.id,
        title=title,
        description=description,
        agent_type=step.agent_type,
        depends_on=step.depends_on,
        input=await _json(stages, step.input) if step.input else None,
    )


async def _json(stages: Stages, values: object) -> Sealed:
    return await stages.seal(orjson.dumps(values, default=dict).decode())
