"""Two runs of a plan side by side: model, input, files, cost and time of each step, kept results among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from events.canvas.plan_events import StepReady
from events.envelope import Recorded
from gateway.queries import Document
from gateway.views import Views
from projections.documents import parsed, present
from projections.opening import Opened

KEPT_DEPTH_MAX: Final = 1_000
SAME: Final = ("status", "model", "input", "description", "outputs")
"""What makes two results equal, in the order in which a difference is told."""

Runs = Mapping[str, Document]


def results_of(run: Document, runs: Runs) -> dict[str, Document]:
    """Step → its result in this run; of a kept one, that of the run which made it, with `kept_from`."""
    found = dict(run.get("results", {}))
    for step in run.get("kept", {}):
        made = _made(step, run, runs)
        if made is not None:
            found[step] = made
    return found


def _made(step: str, run: Document, runs: Runs) -> Document | None:
    """Follows `kept` from run to run."""
    for _ in range(KEPT_DEPTH_MAX):
        before = runs.get(run.get("kept", {}).get(step, ""))
        if before is None:
            return None
        if step in before.get("results", {}):
            return {**before["results"][step], "kept_from": before["_id"]}
        run = before
    return None


def asked_for(events: Sequence[Recorded], opened: Opened) -> dict[str, dict[str, Any]]:
    """Job → what its step was to do."""
    found = {}
    for event in events:
        if isinstance(event.data, StepReady):
            ready = event.data
            told = present(input=parsed(ready.input, opened), description=opened(ready.description))
            found[ready.job_id] = {"title": opened(ready.title), **told}
    return found


def comparison(
    views: Views, pair: tuple[Document, Document], runs: Runs, asked: Mapping[str, Mapping[str, Any]], order: list[str]
) -> dict[str, Any]:
    """Steps in the order of the plan; `differs` names what is not the same."""
    sides = [_side(views, run, runs, asked) for run in pair]
    names = sorted({*sides[0], *sides[1]}, key=lambda name: (order.index(name) if name in order else len(order), name))
    steps = []
    for name in names:
        a, b = sides[0].get(name), sides[1].get(name)
        differs = [what for what in SAME if _mark(a, what) != _mark(b, what)]
        steps.append({"step": name, "changed": bool(differs), "differs": differs, **present(a=a, b=b)})
    heads = [_head(run) for run in pair]
    return {"a": heads[0]["run_id"], "b": heads[1]["run_id"], "runs": {"a": heads[0], "b": heads[1]}, "steps": steps}


def _side(views: Views, run: Document, runs: Runs, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    org = run["org_id"]
    found = {}
    for name, result in results_of(run, runs).items():
        outputs = {"outputs": views.assets(org, result["outputs"])} if "outputs" in result else {}
        words = asked.get(result.get("job_id", ""), {})
        found[name] = {**result, **outputs, **words, **present(seconds=_seconds(result))}
    return found


def _head(run: Document) -> dict[str, Any]:
    members = ("run_id", "status", "cost", "started_at", "ended_at")
    return {name: run[name] for name in members if name in run} | present(seconds=_seconds(run))


def _seconds(of: Document) -> float | None:
    if "started_at" not in of or "ended_at" not in of:
        return None
    took = datetime.fromisoformat(of["ended_at"]) - datetime.fromisoformat(of["started_at"])
    return round(took.total_seconds(), 3)


def _mark(result: Mapping[str, Any] | None, what: str) -> Any:
    if result is None:
        return None
    return [output["asset_id"] for output in result.get("outputs", [])] if what == "outputs" else result.get(what)
