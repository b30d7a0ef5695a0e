"""The executor: a ready step becomes a job, a job's life becomes the step's, and a run's end becomes a message.

It keeps nothing: each event carries all that its command needs, and a repeat makes the same command again.
"""

from __future__ import annotations

import logging
from typing import Final, Literal

import orjson

from commands import pricing
from commands.ask import Ask, CommandFailed
from commands.canvas.commands import ATTEMPTS_MAX, PostAssistantMessage, RecordStepResult, RecordStepStarted
from commands.canvas.run_report import report_of
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import CancelJob, SubmitJob
from commands.ports import Vault
from commands.refusals import AlreadyEnded, IllegalState, InsufficientCredit, NotFound, Refusal
from events.canvas.plan_events import RunCancelled, RunCompleted, RunReport, StepCancelled, StepReady
from events.catalog.events import ModelSpec
from events.envelope import Recorded
from events.ids import caused_id, derived_id, job_id_of_step, plan_of, session_of
from events.jobs.events import (
    Category,
    Cause,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobSucceeded,
    PriceLine,
)
from events.model import Event
from processors.executor.fallbacks import fallbacks
from processors.executor.material import OpenedStep
from processors.executor.opening import Erased, files_named, opened
from processors.executor.ports import Models, StoredStreams
from processors.executor.report import Ended, Report, report
from processors.executor.sameness import same_work
from processors.executor.stored_plans import StoredPlans
from processors.executor.wiring import Unwirable, wire
from processors.runners.poison import alarm, is_poison

ACTOR = "executor"

Outcome = Literal["done", "refused", "set aside"]
"""Of a command: refused as out of date, or set aside by a decider that could not decide it."""

log = logging.getLogger(__name__)


class Unfit(Exception):
    """The step cannot become a job."""

    def __init__(self, category: Category, reason: str) -> None:
        super().__init__(reason)
        self.category = category
        self.reason = reason


TYPES: Final[tuple[type[Event], ...]] = (
    StepReady,
    StepCancelled,
    RunCancelled,
    RunCompleted,
    JobDispatched,
    JobSucceeded,
    JobFailed,
    JobDead,
    JobCancelled,
)
"""Of `events.canvas` and `events.jobs`, what may lead to anything here."""


def wants(recorded: Recorded) -> bool:
    """Whether an event of these types does: of jobs, only those that are a step's; of steps, no run's as a whole."""
    match recorded.data:
        case StepCancelled(stop=stop):
            return stop is True
        case JobDispatched() as job:
            return job.lease == 1 and _of_its_step(job)
        case JobSucceeded() | JobFailed() | JobDead() | JobCancelled() as job:
            return _of_its_step(job)
        case _:
            return True


def _of_its_step(job: JobEvent) -> bool:
    """A dead letter that is replayed keeps its cause, but its step has ended: such a job stands for itself."""
    run_id, step_id = job.cause.run_id, job.cause.step_id
    if run_id is None or step_id is None:
        return False
    return any(job_id_of_step(run_id, step_id, attempt) == job.job_id for attempt in range(1, ATTEMPTS_MAX + 1))


def urgent(recorded: Recorded) -> bool:
    """What stops work waits for none of it."""
    return isinstance(recorded.data, RunCancelled | StepCancelled)


def reads(recorded: Recorded) -> bool:
    """Whether its handling may wait for a stored stream: its event does not hold all that there is."""
    match recorded.data:
        case StepReady(upstream_stored=stored, uploads_stored=uploads):
            return stored is True or uploads is not None
        case RunCompleted(report=report):
            return report is None
        case _:
            return False


def key_of(recorded: Recorded) -> str:
    """A job's events are handled in order; different jobs, and all steps that are ready, at the same time."""
    match recorded.data:
        case StepReady(job_id=job_id) | JobEvent(job_id=job_id):
            return job_id
        case RunCancelled(run_id=run_id):
            return f"cancel {run_id}"
        case StepCancelled(job_id=job_id):
            return f"cancel {job_id}"
        case _:
            return recorded.stream.subject


class Executor:
    """Handles one event at a time per key."""

    def __init__(self, ask: Ask, vault: Vault, models: Models, streams: StoredStreams) -> None:
        self._ask = ask
        self._vault = vault
        self._models = models
        self._streams = streams
        self._plans = StoredPlans(streams)

    async def handle(self, recorded: Recorded) -> None:
        match recorded.data:
            case StepReady() as ready:
                await self._submit(recorded, ready)
            case RunCancelled() as cancelled:
                await self._cancel_jobs(recorded, cancelled)
            case StepCancelled(job_id=str(job_id)):
                await self._cancel(recorded, recorded.envelope.org_id, job_id, unwanted=True)
            case RunCompleted() as completed:
                await self._tell(recorded, completed)
            case JobDispatched() as dispatched:
                await self._started(recorded, dispatched)
            case JobSucceeded() | JobFailed() | JobDead() | JobCancelled() as ended:
                await self._ended(recorded, ended)

    async def _submit(self, recorded: Recorded, ready: StepReady) -> None:
        """Accepted, or refused: then the step has failed and its run goes on without it.

        An id that is taken is the step's own: its job was accepted long ago, or called off since the step was closed.
        """
        try:
            await self._send(recorded, "submit", await self._made(recorded, await self._whole(recorded, ready)))
        except IllegalState:
            return
        except (Unfit, Refusal, CommandFailed) as error:
            category, reason = _why(error)
            result = RecordStepResult(
                org_id=ready.org_id,
                session_id=ready.session_id,
                plan_id=ready.plan_id,
                run_id=ready.run_id,
                step_id=ready.step_id,
                job_id=ready.job_id,
                status="failed",
                category=category,
                error=await self._vault.seal_like(ready.title, reason),
                fallbacks=ready.fallbacks or (),
                max_cost=ready.max_cost,
                untried=True,
            )
            outcome = await self._attempt(recorded, "step_result", result)
            if isinstance(error, Unfit) and outcome == "done":
                # Read again after a crash, the step may have a job from when it was fit.
                await self._cancel(recorded, ready.org_id, ready.job_id, unwanted=True)

    async def _whole(self, recorded: Recorded, ready: StepReady) -> StepReady:
        """With what came out before it, where that was too much for its event."""
        if not ready.upstream_stored:
            return ready
        run_id, step_id = ready.run_id, ready.step_id
        plan = await self._plans.at(ready.plan_id, recorded.version, lambda plan: plan.has_come_to(run_id, step_id))
        if plan is None:
            raise Unfit("unknown", "what came out before it is not in the plan's stream")
        return ready.model_copy(update={"upstream": plan.upstream(ready.step_id)})

    async def _made(self, recorded: Recorded, ready: StepReady) -> SubmitJob:
        """Raises Unfit, also for what raises in the rules: no input, text or schema ends the process."""
        try:
            return await self._job(ready)
        except Unfit:
            raise
        except Exception as error:
            if not is_poison(error):
                raise
            alarm(log, ACTOR, recorded)
            raise Unfit("input_validation", "its input could not be made of what there is") from error

    async def _job(self, ready: StepReady) -> SubmitJob:
        """The job of a step, wired and priced. Raises Unfit."""
        spec = await self._models.find(ready.model)
        if spec is None or not spec.usable:
            raise Unfit("input_validation", f"the model {ready.model} is not available")
        try:
            wired = wire(spec, await self._opened(ready))
        except Erased:
            raise Unfit("input_validation", "the person who asked is forgotten") from None
        if isinstance(wired, Unwirable):
            raise Unfit("input_validation", str(wired))
        lines, total = _priced(spec, wired)
        return SubmitJob(
            fingerprint=await self._vault.fingerprint(ready.title, same_work(spec.id, wired)),
            reuse=ready.reuse is True,
            org_id=ready.org_id,
            job_id=ready.job_id,
            model=spec.id,
            provider=spec.provider,
            input=await self._vault.seal_like(ready.title, orjson.dumps(wired).decode()),
            reserve=total,
            price=lines,
            cause=Cause(session_id=ready.session_id, run_id=ready.run_id, step_id=ready.step_id),
            project_id=ready.project_id,
            max_cost=ready.max_cost,
            max_runtime_s=spec.limits.max_runtime_s,
        )

    async def _opened(self, ready: StepReady) -> OpenedStep:
        """In clear, with what its input names of older files of the session. Raises Erased."""
        step = await opened(self._vault, ready)
        if ready.uploads_stored is None or not step.unknown:
            return step
        older = files_named(await self._streams.read(ready.session_id, ready.uploads_stored), step.unknown)
        return await opened(self._vault, ready.model_copy(update={"session_uploads": (*older, *ready.session_uploads)}))

    async def _started(self, recorded: Recorded, job: JobDispatched) -> None:
        """Nothing runs or is paid for a step that is no longer open."""
        run_id, step_id = job.cause.run_id, job.cause.step_id
        if run_id is None or step_id is None:
            return
        started = RecordStepStarted(
            org_id=job.org_id,
            session_id=session_of(run_id),
            plan_id=plan_of(run_id),
            run_id=run_id,
            step_id=step_id,
            job_id=job.job_id,
        )
        try:
            await self._send(recorded, "step_started", started)
        except (IllegalState, NotFound):
            await self._cancel(recorded, job.org_id, job.job_id)

    async def _ended(self, recorded: Recorded, job: JobSucceeded | JobFailed | JobDead | JobCancelled) -> None:
        run_id, step_id = job.cause.run_id, job.cause.step_id
        if run_id is None or step_id is None:
            return
        failed = isinstance(job, JobFailed | JobDead)
        succeeded = isinstance(job, JobSucceeded)
        result = RecordStepResult(
            org_id=job.org_id,
            session_id=session_of(run_id),
            plan_id=plan_of(run_id),
            run_id=run_id,
            step_id=step_id,
            job_id=job.job_id,
            status="succeeded" if succeeded else "failed" if failed else "cancelled",
            outputs=job.outputs if isinstance(job, JobSucceeded) else (),
            cost=job.captured if isinstance(job, JobSucceeded) else 0,
            category=job.category if isinstance(job, JobFailed | JobDead) else None,
            error=job.error if isinstance(job, JobFailed | JobDead) else None,
            fallbacks=await self._fallbacks(job) if isinstance(job, JobFailed | JobDead) else (),
            max_cost=job.reserved if isinstance(job, JobFailed | JobDead) else None,
            reused_from=job.reused_from if isinstance(job, JobSucceeded) else None,
        )
        await self._record(recorded, result)

    async def _fallbacks(self, job: JobFailed | JobDead) -> tuple[str, ...]:
        """Other models for the step; none for what an earlier release has written, which names no model."""
        spec = await self._models.find(job.model) if job.model is not None else None
        return () if spec is None else fallbacks(spec, self._models.all(job.org_id), job.category)

    async def _cancel_jobs(self, recorded: Recorded, cancelled: RunCancelled) -> None:
        """Also those whose submission is still under way: none of them begins after this."""
        for job_id in cancelled.job_ids:
            await self._cancel(recorded, cancelled.org_id, job_id, unwanted=True)

    async def _tell(self, recorded: Recorded, completed: RunCompleted) -> None:
        """The run's files come back as the assistant's words."""
        told = completed.report or await self._stored_report(recorded, completed)
        if told is None:
            log.warning("%s: its run is not in its stream: nothing is said about it", completed.plan_id)
            return
        said = await self._said(completed, told)
        message = PostAssistantMessage(
            org_id=told.org_id,
            session_id=told.session_id,
            message_id=derived_id("msg", b"", completed.run_id, "completed"),
            text=await self._vault.seal_like(told.title, said.text),
            assets=said.assets,
            in_reply_to=told.message_id,
            plan_id=completed.plan_id,
        )
        await self._attempt(recorded, "run_completed", message)

    async def _stored_report(self, recorded: Recorded, completed: RunCompleted) -> RunReport | None:
        """Of what was too much for its event."""
        plan = await self._plans.at(completed.plan_id, recorded.version, lambda plan: plan.is_over(completed.run_id))
        return None if plan is None or plan.run is None else report_of(plan, plan.run)

    async def _said(self, completed: RunCompleted, told: RunReport) -> Report:
        unfinished = [Ended(await self._vault.open(one.title), one.status, one.category) for one in told.unfinished]
        return report(completed.status, await self._vault.open(told.title), told.outputs, unfinished)

    async def _cancel(self, recorded: Recorded, org_id: str, job_id: str, *, unwanted: bool = False) -> None:
        """`unwanted`: its step is closed without it, so that one that is yet to be accepted is called off, and of one
        that has succeeded the money goes back."""
        command = CancelJob(org_id=org_id, job_id=job_id, unwanted=unwanted)
        await self._attempt(recorded, f"cancel {job_id}", command)

    async def _record(self, recorded: Recorded, result: RecordStepResult) -> None:
        """A step that is closed already stays as it is; one whose success cannot be decided has failed, and costs
        nothing.

        Read again after a crash, a success is refused where the step has failed by that second command: it is answered
        as it was then, and the money goes back. A step that another command closed refuses it too.
        """
        outcome = await self._attempt(recorded, "step_result", result)
        if outcome != "done" and result.status == "succeeded":
            update = {"status": "failed", "outputs": (), "cost": 0, "category": "unknown"}
            failed = result.model_copy(update=update)
            if await self._attempt(recorded, "step_result undecided", failed) == "done":
                await self._cancel(recorded, result.org_id, result.job_id, unwanted=True)

    async def _attempt(self, recorded: Recorded, purpose: str, command: Command) -> Outcome:
        """Sends what may be out of date by now: then it is refused, and that is all."""
        try:
            await self._send(recorded, purpose, command)
        except (IllegalState, NotFound, AlreadyEnded) as refused:
            log.info("%s of %s: %s", type(command).__name__, recorded.envelope.id, refused.detail)
            return "refused"
        except CommandFailed:
            log.exception("%s of %s was set aside by its decider", type(command).__name__, recorded.envelope.id)
            return "set aside"
        return "done"

    async def _send(self, recorded: Recorded, purpose: str, command: Command) -> None:
        cause = recorded.envelope
        envelope = CommandEnvelope(
            id=caused_id(cause.id, purpose),
            org_id=cause.org_id,
            actor=ACTOR,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
        )
        await self._ask(command, envelope)


def _priced(spec: ModelSpec, wired: dict[str, object]) -> tuple[tuple[PriceLine, ...], int]:
    """The lines of its price and what they reserve. Raises Unfit."""
    try:
        lines, _ = pricing.estimate(spec, wired)
    except ValueError as error:
        raise Unfit("input_validation", str(error)) from error
    return lines, pricing.reservation(lines)


def _why(error: Unfit | Refusal | CommandFailed) -> tuple[Category, str]:
    match error:
        case Unfit(category=category, reason=reason):
            return category, reason
        case InsufficientCredit():
            return "insufficient_credit", error.detail
        case Refusal():
            return "input_validation", error.detail
        case _:
            return "unknown", "the job could not be accepted"
