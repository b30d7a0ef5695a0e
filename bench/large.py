"""`python -m bench.large`: plans of 50 and 500 steps, wide, deep and as a diamond, on a platform of its own.

Each step is a no-op job, queued, leased, run by a simulated provider and paid: its cost may not grow with the plan.
`bench.plans` holds the decider's part of it without servers.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop
from rich.console import Console

from bench import cpu, plays
from bench.__main__ import TABLE_WIDTH, platform, studio
from bench.load import Api, spin_ms
from bench.plans import Graph, shapes
from bench.plays import Ends, Playable
from bench.report import Report
from bench.workflows import watching
from commands.bus import CommandBus
from commands.canvas.commands import ForkPlan, RestoredStep
from commands.model import CommandEnvelope
from events.canvas.plan_events import PlanDrafted, PlanRevised, Step
from events.ids import new_id, step_id
from events.log.codec import from_record
from events.types import REGISTRY

SIZES: Final = (50, 500)
GROWTH_MAX: Final = 1.5
"""Of CPU a step: the platform's idle turning, and its neighbours, are in it."""
RUN_WITHIN_S: Final = 240.0
console = Console(stderr=True)


@dataclass(frozen=True)
class Source:
    """A small plan on the log, and one of its steps, sealed and with model and input: what large plans are made of."""

    drafted: PlanDrafted
    step: Step

    def large(self, graph: Graph) -> ForkPlan:
        plan = self.drafted
        steps = (
            self.step.model_copy(
                update={
                    "step_id": step_id(plan.plan_id, label),
                    "depends_on": tuple(step_id(plan.plan_id, one) for one in after),
                }
            )
            for label, after in graph.items()
        )
        return ForkPlan(
            org_id=plan.org_id,
            session_id=plan.session_id,
            plan_id=plan.plan_id,
            version=1,
            title=plan.title,
            steps=tuple(RestoredStep(step_id=step.step_id, step=step, status="planned") for step in steps),
        )


async def source(api: Api, admin_key: str, ends: Ends) -> tuple[Source, str]:
    """And the key that may run it."""
    ends.kept = []
    [plan] = await plays.prepare(api, admin_key, sessions=1, each=1)
    await ends.until(lambda: ends.seen.get("com.aistudio.canvas.plan_revised", 0) >= 3, RUN_WITHIN_S)
    told = [from_record(record, REGISTRY).data for record in ends.kept]
    ends.kept = None
    drafted = next(one for one in told if isinstance(one, PlanDrafted) and one.plan_id == plan.plan_id)
    revised = next(one for one in told if isinstance(one, PlanRevised) and one.plan_id == plan.plan_id)
    return Source(drafted, revised.step), plan.key


async def asked(bus: CommandBus, command: ForkPlan) -> str:
    """The large plan."""
    fresh = new_id("cmd")
    envelope = CommandEnvelope(fresh, command.org_id, "bench", correlation_id=fresh, causation_id=fresh)
    return str((await bus(command, envelope)).result["plan_id"])


async def ran(api: Api, ends: Ends, plan: Playable) -> float:
    """Seconds from the yes to the run's end."""
    began = time.perf_counter()
    started = await api.call("POST", f"/plans/{plan.plan_id}/approve", plan.key)
    status = await ends.of(started["run_id"], RUN_WITHIN_S)
    if status != "succeeded":
        raise RuntimeError(f"{started['run_id']} is {status}")
    return time.perf_counter() - began


async def measure(report: Report, dev: dict[str, Any], data_dir: Path) -> None:
    processes = cpu.pids(studio(data_dir, "status", timeout_s=60))
    bootstrap = dev["kafka_bootstrap"]
    with contextlib.closing(Api(dev["url"])) as api:
        async with watching(bootstrap) as ends, CommandBus(bootstrap, new_id("bench")) as bus:
            small, key = await source(api, dev["admin_key"], ends)
            for shape in ("wide", "diamond", "deep"):
                spent = {}
                for size in SIZES:
                    console.print(f"{shape}, {size} steps …")
                    plan = Playable(await asked(bus, small.large(shapes(size)[shape])), key)
                    before = cpu.spent_s(processes)
                    took = await ran(api, ends, plan)
                    spent[size] = sum(cpu.per_operation_ms(before, cpu.spent_s(processes), size).values())
                    report.add(
                        f"{shape}, {size} steps: all succeeded, after", f"{took:.1f} s, {size / took:.0f} steps/s"
                    )
                    report.add("  CPU a step, all processes", f"{spent[size]:.1f} ms")
                grown = spent[SIZES[-1]] / spent[SIZES[0]]
                held = grown <= GROWTH_MAX
                report.add(f"{shape}: CPU a step, 500 beside 50", f"× {grown:.2f}", f"≤ × {GROWTH_MAX}", held)


def main(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False) -> None:
    """Time and CPU a step, by shape and size of the plan."""
    os.environ["STUDIO_SANDBOX"] = "true"
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    with platform(report) as (data_dir, dev):
        uvloop.run(measure(report, dev, data_dir))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
