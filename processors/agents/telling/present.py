"""The plan that a message may go on with, opened: its steps as a planner would write them, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from commands.ports import Vault
from events.canvas.plan_events import Step
from events.canvas.plan_state import Plan
from events.canvas.session_events import MessagePosted
from processors.agents.plan import PlannedStep
from processors.agents.sessions import Sessions
from processors.executor.material import kind_of

_REFERENCE: Final = "step:"


@dataclass(frozen=True, slots=True)
class PresentStep:
    step: PlannedStep
    status: str
    gave: tuple[str, ...] = ()
    """The media of its results."""
    chosen: bool = True
    """It has a model and a price."""

    def as_json(self) -> dict[str, Any]:
        beside = {"input": dict(self.step.input), "outputs": list(self.gave)}
        return {**self.step.as_json(), "status": self.status, **{key: value for key, value in beside.items() if value}}


@dataclass(frozen=True, slots=True)
class Present:
    plan_id: str
    title: str
    status: str
    message_id: str
    """The message that it was last made or changed for."""
    steps: tuple[PresentStep, ...]
    earlier: tuple[tuple[str | PlannedStep, ...], ...] = ()
    """The plan before each of its last edits, the newest first; of a step that is as it is now, only its id."""

    @property
    def planned(self) -> tuple[PlannedStep, ...]:
        return tuple(one.step for one in self.steps)

    @property
    def unchosen(self) -> frozenset[str]:
        """Steps that have no model yet: the plan's making was cut short."""
        return frozenset(one.step.id for one in self.steps if not one.chosen)


async def before(vault: Vault, sessions: Sessions, message: MessagePosted) -> Present | None:
    """The session's newest plan as it was when the message was posted: a restart sees the same."""
    plan_id, version = message.after_plan, message.after_version
    plan = await sessions.plan(plan_id, version) if plan_id and version else None
    if plan is None or plan_id is None or version is None:
        return None
    earlier = [await _other_than(vault, plan, one) for one in await sessions.before_edits(plan_id, version)]
    return replace(await opened(vault, plan), earlier=tuple(earlier))


async def _other_than(vault: Vault, now: Plan, then: Plan) -> tuple[str | PlannedStep, ...]:
    """The plan's steps as they were, by id where they are the same."""
    steps: list[str | PlannedStep] = []
    for step_id, step in then.steps.items():
        same = now.steps.get(step_id) == step
        steps.append(label_of(step_id) if same else (await _opened(vault, then, step)).step)
    return tuple(steps)


async def opened(vault: Vault, plan: Plan) -> Present:
    """One text after the other: only the first of a person's needs their key fetched."""
    steps = [await _opened(vault, plan, step) for step in plan.steps.values()]
    title = await vault.open(plan.drafted.title)
    return Present(plan.plan_id, title, plan.status, plan.drafted.message_id, tuple(steps))


async def held(vault: Vault, plan: Plan, steps: Sequence[PlannedStep]) -> tuple[PlannedStep, ...]:
    """The plan's steps as they stand on the log; what `steps` know beyond that, such as a model asked for, stays."""
    now, known = await opened(vault, plan), {step.id: step for step in steps}
    return tuple(
        replace(known.get(one.id, one), agent_type=one.agent_type, depends_on=one.depends_on) for one in now.planned
    )


async def _opened(vault: Vault, plan: Plan, step: Step) -> PresentStep:
    title, description = await vault.open(step.title), await vault.open(step.description)
    given = orjson.loads(await vault.open(step.input)) if step.input is not None else {}
    planned = PlannedStep(
        id=label_of(step.step_id),
        title=title,
        description=description,
        agent_type=step.agent_type,
        depends_on=tuple(label_of(upstream) for upstream in step.depends_on),
        model=step.model,
        input=_with_labels(given) if isinstance(given, dict) else {},
    )
    result = plan.run.steps.get(step.step_id) if plan.run is not None else None
    if result is None:
        return PresentStep(planned, "planned", chosen=step.estimate is not None)
    gave = tuple(kind_of(asset.media_type) for asset in result.outputs)
    return PresentStep(planned, result.status, gave, chosen=step.estimate is not None)


def label_of(step_id: str) -> str:
    """`s3` of `stp_X.2.s3`."""
    return step_id.rsplit(".", 1)[-1]


def _with_labels(value: Any) -> Any:
    """References to steps as the planner writes them."""
    if isinstance(value, dict):
        return {key: _with_labels(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_labels(one) for one in value]
    if isinstance(value, str) and value.startswith(f"{_REFERENCE}stp_"):
        return f"{_REFERENCE}{label_of(value)}"
    return value
