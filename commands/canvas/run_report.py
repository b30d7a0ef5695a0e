"""A run's end, with what the assistant's words about it are made of: what came out, and what did not succeed. Pure."""

from __future__ import annotations

from commands.canvas.carried import CARRIED_MAX, bytes_of, bytes_of_texts
from events.canvas.plan_events import RunCompleted, RunReport, RunStatus, Unfinished
from events.canvas.plan_state import Plan, Run


def completed(plan: Plan, run: Run, status: RunStatus) -> RunCompleted:
    """The report goes along where an event can carry it; otherwise it is made of the plan's stream up to here."""
    report = report_of(plan, run)
    size = bytes_of(report.outputs) + bytes_of_texts(one.title for one in report.unfinished)
    return RunCompleted(
        plan_id=plan.plan_id,
        run_id=run.run_id,
        status=status,
        cost=run.cost,
        report=report if size <= CARRIED_MAX else None,
    )


def report_of(plan: Plan, run: Run) -> RunReport:
    """Files and steps stand in the order of the plan."""
    steps = [(plan.steps[step_id], run.steps[step_id]) for step_id in plan.steps if step_id in run.steps]
    return RunReport(
        org_id=plan.drafted.org_id,
        session_id=plan.drafted.session_id,
        message_id=plan.drafted.message_id,
        title=plan.drafted.title,
        outputs=tuple(asset for _, result in steps for asset in result.outputs),
        unfinished=tuple(
            Unfinished(
                title=step.title, status=result.status, category=result.why if result.status == "failed" else None
            )
            for step, result in steps
            if result.status in ("failed", "blocked", "cancelled")
        ),
    )
