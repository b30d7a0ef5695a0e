"""`python -m bench.plans`: what an event of a plan costs its decider, in plans of 10, 100 and 500 steps. No server."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from bench.report import Report
from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from commands.canvas.streams import ref as stream_of
from commands.model import Command, CommandEnvelope, Context, Stream
from events.assets import AssetRef
from events.canvas.plan_state import Plan
from events.envelope import StreamRef
from events.ids import job_id_of_step, run_id, step_id
from events.sealed import Sealed, SealedBox

SIZES: Final = (10, 100, 500)
SESSION, PLAN = "ses_X", "pln_X.1"
RUN = run_id(PLAN, 1)
OF: Final[dict[str, Any]] = {"org_id": "org_A", "session_id": SESSION}
ASKED: Final = CommandEnvelope(id="cmd", org_id="org_A", actor="bench", correlation_id="cor", causation_id="cor")
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
GROWTH_MAX: Final = 1.25


def sealed(length: int = 160) -> Sealed:
    return Sealed(box=SealedBox(kid="kid_1", nonce="AAAAAAAAAAAAAAAA", ct="A" * length))


@dataclass
class Streams:
    """The decider's streams in memory."""

    known: dict[StreamRef, Stream[Any]] = field(default_factory=dict)
    events: int = 0

    def __call__(self, ref: StreamRef) -> Stream[Any]:
        return self.known.get(ref) or Stream(CANVAS.folds[ref.topic].initial(ref.subject), 0)

    def handle(self, command: Command) -> None:
        for where, event in CANVAS.decide(command, self, Context(NOW, ASKED)).events:
            before = self(where)
            state = CANVAS.folds[where.topic].evolve(before.state, event, NOW)
            self.known[where] = Stream(state, before.version + 1)
            self.events += 1

    @property
    def plan(self) -> Plan:
        state = self(stream_of(PLAN)).state
        if not isinstance(state, Plan):
            raise TypeError("the plan is not there")
        return state


Graph = Mapping[str, tuple[str, ...]]


def shapes(size: int) -> dict[str, Graph]:
    labels = [f"s{n}" for n in range(size)]
    middle = labels[1:-1]
    return {
        "wide": dict.fromkeys(labels, ()),
        "deep": {label: tuple(labels[n - 1 : n]) if n else () for n, label in enumerate(labels)},
        "diamond": {labels[0]: (), **dict.fromkeys(middle, (labels[0],)), labels[-1]: tuple(middle)},
    }


def begun(graph: Graph) -> Streams:
    """A plan of this shape whose run has begun."""
    streams = Streams()
    streams.handle(c.StartSession(**OF))
    streams.handle(c.PostMessage(**OF, message_id="msg_1", text=sealed(), approval="auto"))
    steps = tuple(
        c.DraftStep(label=label, title=sealed(40), description=sealed(), agent_type="image", depends_on=after)
        for label, after in graph.items()
    )
    streams.handle(c.DraftPlan(**OF, message_id="msg_1", title=sealed(40), steps=steps))
    choices = tuple(
        c.ModelChoice(step_id=step_id(PLAN, label), model="m", input=sealed(), estimate=10, reason="-")
        for label in graph
    )
    streams.handle(c.SelectModels(**OF, plan_id=PLAN, choices=choices))
    return streams


def finish(streams: Streams, label: str) -> None:
    step = step_id(PLAN, label)
    of: dict[str, Any] = {**OF, "plan_id": PLAN, "run_id": RUN, "step_id": step, "job_id": job_id_of_step(RUN, step, 1)}
    file = AssetRef(asset_id=f"ast_{label}", sha256="0" * 64, bytes=1, media_type="image/png")
    streams.handle(c.RecordStepStarted(**of))
    streams.handle(c.RecordStepResult(**of, status="succeeded", outputs=(file,), cost=1))


def cost_us(graph: Graph) -> float:
    """CPU of an event of the run, decided and folded; the least of three."""
    found = []
    for _ in range(3):
        streams = begun(graph)
        before, began = streams.events, time.process_time()
        for label in graph:
            finish(streams, label)
        found.append((time.process_time() - began) * 1e6 / (streams.events - before))
    return min(found)


def flush(graph: Graph) -> tuple[int, float]:
    """Bytes of the state in the decider's store, and CPU milliseconds to write it again after one step has ended."""
    streams = begun(graph)
    pickle.dumps(streams.plan, 5)
    finish(streams, next(iter(graph)))
    began = time.process_time()
    packed = pickle.dumps(streams.plan, 5)
    return len(packed), (time.process_time() - began) * 1e3


def main(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False) -> None:
    """CPU an event, size of the state and CPU to write it, by shape and size of the plan."""
    report = Report()
    for shape in ("wide", "deep", "diamond"):
        costs = {}
        for size in SIZES:
            graph = shapes(size)[shape]
            costs[size] = cost_us(graph)
            held, written_ms = flush(graph)
            report.add(f"{shape}, {size} steps: CPU an event", f"{costs[size]:.0f} µs")
            report.add(
                "  state in the store, written again after a step", f"{held / 1024:.0f} KiB, {written_ms:.2f} ms"
            )
        grown = costs[SIZES[-1]] / costs[SIZES[0]]
        report.add(
            f"{shape}: an event at 500 beside 10 steps", f"× {grown:.2f}", f"≤ × {GROWTH_MAX}", grown <= GROWTH_MAX
        )
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console())


if __name__ == "__main__":
    typer.run(main)
