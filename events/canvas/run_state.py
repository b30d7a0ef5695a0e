"""A run folded from its plan's stream: each step's life in it, with Kahn's in-degrees."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from events.assets import AssetRef
from events.canvas.plan_events import (
    RunCancelled,
    RunStatus,
    Step,
    StepApproved,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepFailed,
    StepFellBack,
    StepReady,
    StepRestored,
    StepStarted,
    StepSucceeded,
)
from events.model import Event
from events.sealed import Sealed
from events.table import Table

StepStatus = Literal["planned", "awaiting_approval", "ready", "running", "succeeded", "failed", "blocked", "cancelled"]
OPEN: frozenset[StepStatus] = frozenset(("planned", "awaiting_approval", "ready", "running"))


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step within a run."""

    status: StepStatus = "planned"
    attempt: int = 0
    job_id: str | None = None
    tried: tuple[str, ...] = ()
    """The models of its attempts in this run, the present one last."""
    outputs: tuple[AssetRef, ...] = ()
    cost: int = 0
    why: str | None = None
    """Of a failure its category, of a blocked step the one that blocks it."""
    left: tuple[str, ...] | None = None
    """Of a fallback: the models that may do where it does not; None of a first attempt."""
    max_cost: int | None = None
    """Of a fallback: what it may cost at most."""
    failure: tuple[str, Sealed | None] | None = None
    """Category and words of the last failure of a model that was tried."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution. `waiting` is Kahn's in-degree of each step: how many of its dependencies have not succeeded."""

    run_id: str
    number: int
    status: RunStatus
    steps: Table[StepRun]
    waiting: Table[int]
    open: int
    """How many steps have not ended."""
    cost: int = 0
    reuse: bool = False
    """Its steps may take results that equal steps of before have led to."""


def evolve_run(run: Run, dependents: Mapping[str, tuple[str, ...]], event: Event) -> Run:
    """The run after the event; what this state does not need passes by."""
    match event:
        case StepReady():
            before = run.steps[event.step_id]
            tried = (*before.tried, event.model)
            changed = replace(
                before,
                status="ready",
                attempt=event.attempt,
                job_id=event.job_id,
                tried=tried,
                left=None if event.attempt == 1 else event.fallbacks or (),
                max_cost=event.max_cost,
            )
            return replace(run, steps=run.steps.put(event.step_id, changed))
        case StepFellBack(untried=None):
            fallen = replace(run.steps[event.step_id], failure=(event.category, event.error))
            return replace(run, steps=run.steps.put(event.step_id, fallen))
        case StepAwaitingApproval():
            return _set(run, event.step_id, "awaiting_approval")
        case StepApproved():
            return _set(run, event.step_id, "planned")
        case StepStarted():
            return _set(run, event.step_id, "running")
        case StepSucceeded():
            return _succeeded(run, dependents, event)
        case StepFailed():
            return _end(run, event.step_id, "failed", event.category)
        case StepBlocked():
            return _end(run, event.step_id, "blocked", event.because)
        case StepCancelled():
            return _end(run, event.step_id, "cancelled")
        case StepRestored() if event.run_id == run.run_id:
            return replace(run, steps=run.steps.put(event.step_id, restored(event)))
        case RunCancelled():
            return replace(run, status="cancelled")
        case _:
            return run


def restored(event: StepRestored) -> StepRun:
    """The step as its run left it."""
    return StepRun(event.status, event.attempt, event.job_id, event.tried, event.outputs, event.cost, event.why)


def digest_of(steps: Mapping[str, Step], results: Mapping[str, StepRun]) -> str:
    """What a run was made of and came to, as hex SHA-256: a job names one result, a nonce one sealed text."""
    digest = hashlib.sha256()
    for step_id, step in steps.items():
        result = results.get(step_id, StepRun())
        files = ",".join(ref.sha256 for ref in result.outputs)
        texts = ",".join(one.box.nonce for one in (step.title, step.description, step.input) if one is not None)
        facts = (
            step_id,
            step.model,
            texts,
            ",".join(step.depends_on),
            result.status,
            result.job_id,
            files,
            result.cost,
        )
        digest.update("\x1f".join(map(str, facts)).encode() + b"\x1e")
    return digest.hexdigest()


def _succeeded(run: Run, dependents: Mapping[str, tuple[str, ...]], event: StepSucceeded) -> Run:
    changed = replace(run.steps[event.step_id], status="succeeded", outputs=event.outputs, cost=event.cost)
    freed = {step: run.waiting[step] - 1 for step in dependents.get(event.step_id, ()) if step in run.waiting}
    return replace(
        run,
        steps=run.steps.put(event.step_id, changed),
        waiting=run.waiting.put_all(freed),
        open=run.open - 1,
        cost=run.cost + event.cost,
    )


def _set(run: Run, step_id: str, status: StepStatus) -> Run:
    return replace(run, steps=run.steps.put(step_id, replace(run.steps[step_id], status=status)))


def _end(run: Run, step_id: str, status: StepStatus, why: str | None = None) -> Run:
    ended = replace(run.steps[step_id], status=status, why=why)
    return replace(run, steps=run.steps.put(step_id, ended), open=run.open - 1)
