"""Two runs of a plan side by side: model, what was sent, files, cost and time of each step, kept results among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from events.canvas.plan_events import StepReady
from events.envelope import Recorded
from gateway.past.sent import Asked, by_content, differing, shown, sources
from gateway.reads.queries import Document
from gateway.reads.views import Views
from projections.documents import local_name, parsed, present
from projections.opening import Opened

KEPT_DEPTH_MAX: Final = 1_000
BEFORE_INPUT: Final = ("status", "model")
SAME: Final = (*BEFORE_INPUT, "description", "outputs")
"""What makes two results equal, besides the input, in the order in which a difference is told."""

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


def asked_for(events: Sequence[Recorded], opened: Opened) -> dict[str, Asked]:
    """Job → what its step was to do."""
    return {event.data.job_id: _asked(event.data, opened) for event in events if isinstance(event.data, StepReady)}


def _asked(ready: StepReady, opened: Opened) -> Asked:
    return Asked(
        title=opened(ready.title),
        description=opened(ready.description),
        planned=parsed(ready.input, opened),
        uploads={asset.asset_id: label for label, asset in ready.session_uploads},
        texts=tuple(
            (local_name(before.step_id), opened(file.text))
            for before in ready.upstream
            for file in before.outputs
            if file.text is not None
        ),
    )


@dataclass(frozen=True, slots=True)
class Inputs:
    """Of jobs: what their steps were to do, and what was sent of it, as far as it is known."""

    asked: Mapping[str, Asked]
    sent: Mapping[str, Any]


def comparison(
    views: Views, pair: tuple[Document, Document], runs: Runs, inputs: Inputs, order: list[str]
) -> dict[str, Any]:
    """Steps in the order of the plan; `differs` names what is not the same."""
    results = [results_of(run, runs) for run in pair]
    sides = [_side(views, run["org_id"], found, inputs) for run, found in zip(pair, results, strict=True)]
    names = sorted({*sides[0], *sides[1]}, key=lambda name: (order.index(name) if name in order else len(order), name))
    steps = []
    for name in names:
        a, b = sides[0].get(name), sides[1].get(name)
        differs = [what for what in SAME if _mark(a, what) != _mark(b, what)]
        one, other = (found.get(name, {}).get("job_id", "") for found in results)
        told, at = _of_inputs(inputs, one, other)
        if told:
            differs.insert(sum(what in differs for what in BEFORE_INPUT), "input")
        line = {"step": name, "changed": bool(differs), "differs": differs}
        steps.append(line | ({"input_differs": at} if told else {}) | present(a=a, b=b))
    heads = [_head(run) for run in pair]
    return {"a": heads[0]["run_id"], "b": heads[1]["run_id"], "runs": {"a": heads[0], "b": heads[1]}, "steps": steps}


def _of_inputs(inputs: Inputs, one: str, other: str) -> tuple[bool, list[str]]:
    """Whether they differ, and where: what was sent, files by their bytes; where that is not known of both, what was
    planned."""
    if one in inputs.sent and other in inputs.sent:
        pair = (inputs.sent[one], inputs.sent[other])
    else:
        pair = (inputs.asked.get(one, Asked()).planned, inputs.asked.get(other, Asked()).planned)
    return by_content(pair[0]) != by_content(pair[1]), differing(*pair)


def _side(views: Views, org_id: str, results: Mapping[str, Document], inputs: Inputs) -> dict[str, dict[str, Any]]:
    made = {output["asset_id"]: step for step, result in results.items() for output in result.get("outputs", ())}
    found = {}
    for name, result in results.items():
        outputs = {"outputs": views.assets(org_id, result["outputs"])} if "outputs" in result else {}
        words = _words(views, org_id, result.get("job_id", ""), inputs, made)
        found[name] = {**result, **outputs, **words, **present(seconds=_seconds(result))}
    return found


def _words(views: Views, org_id: str, job_id: str, inputs: Inputs, made: Mapping[str, str]) -> dict[str, Any]:
    """`input` is what was sent, with where each part of it came from; `planned` what the step itself said."""
    asked = inputs.asked.get(job_id)
    told = {} if asked is None else present(title=asked.title, description=asked.description, planned=asked.planned)
    if job_id in inputs.sent:
        sent = inputs.sent[job_id]
        told["input"] = shown(sent, lambda file: views.assets(org_id, [file])[0])
        told["sources"] = sources(sent, asked or Asked(), made)
    return told


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
