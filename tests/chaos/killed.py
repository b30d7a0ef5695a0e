"""What must hold of sessions whose planning was struck, beside others that were left alone: checks yield faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from events.canvas.plan_events import StepStarted
from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.credits.events import LedgerEntry
from tests.chaos import invariants
from tests.chaos.aftermath import read_log
from tests.chaos.director import agent_of
from tests.chaos.planning import PRICE, VICTIM, Attempts, Planning
from tests.llm_server import USAGE
from tests.typing_line import credits_once

FIGURES = ("one", None, USAGE["prompt_tokens"], USAGE["completion_tokens"])
"""Of each call: its model, no error, and what that says it has read and written."""


def as_asked(stages: Iterable[str]) -> list[Attempts]:
    """Calls of which each was begun as often as its model was asked, and the last one recorded."""
    tries = ((stage, len(list(group))) for stage, group in groupby(stages))
    return [(agent_of(stage), tuple(range(1, count + 1)), (count,)) for stage, count in tries]


def asked_too_often(it: Planning, name: str) -> Iterator[str]:
    """An attempt may end before its model is asked; after a record there is neither an attempt nor a question."""
    asked = [(agent_of(stage), len(list(group))) for stage, group in groupby(it.director.asked[name])]
    calls = it.calls(name)
    if [agent for agent, _ in asked] != [agent for agent, _, _ in calls]:
        yield f"{name}: asked were {asked}, begun {calls}"
    for (agent, times), (_, begun, recorded) in zip(asked, calls, strict=False):
        tries = len(begun)
        if recorded != (tries,) or not max(1, tries - 1) <= times <= tries:
            yield f"{name}: {agent} was asked {times} times, begun {begun}, recorded {recorded}"


async def unlike(it: Planning, controls: Mapping[str, str]) -> AsyncIterator[str]:
    """Sessions that have not come to what the one has that was left alone; by name, which one that is."""
    for name, control in controls.items():
        found, wanted = history(it, name), history(it, control)
        if found != wanted:
            yield f"{name}: {found}, {control}: {wanted}"
        plan, like = await plan_of(it, name), await plan_of(it, control)
        if plan != like or plan["status"] != "succeeded":
            yield f"{name}: {plan}, {control}: {like}"


def history(it: Planning, name: str) -> list[str]:
    """What happened in a session, stream by stream: neither how often a call was begun, nor whether a step's beginning
    came before its end."""
    found: dict[str, list[str]] = {}
    begun: set[str] = set()
    for event in it.events(name):
        if isinstance(event.data, StepStarted) or (isinstance(event.data, StageBegun) and event.data.call_id in begun):
            continue
        if isinstance(event.data, StageBegun):
            begun.add(event.data.call_id)
        found.setdefault(event.stream.subject, []).append(event.data.name)
    return [kind for subject in sorted(found, reverse=True) for kind in found[subject]]


async def plan_of(it: Planning, name: str) -> dict[str, Any]:
    """As the page has it, without ids, words and times."""
    plans = (await it.shown(name))["plans"]
    plan = plans[-1]
    steps = [
        {"model": step["model"], "width": step["input"].get("width"), "status": step["status"], "cost": step["cost"],
         "files": [file["media_type"] for file in step["outputs"]], "tries": len(step["attempts"])}
        for step in plan["steps"]
    ]  # fmt: skip
    return {
        "plans": len(plans),
        "status": plan["status"],
        "verdict": plan["verdict"],
        "cost": plan["cost"],
        "steps": steps,
    }


async def wrong(it: Planning) -> list[str]:
    """What the log, the books and the Prompt Lab have against it: all plans have run, once."""
    log = await read_log(it.bootstrap)
    found = [*invariants.gaps(log), *invariants.decided_twice(log)]
    for job, events in invariants.jobs(log).items():
        found += invariants.unsound(job, events)
    for name in it.sessions:
        found += wrong_calls(it, name)
    runs = len(it.sessions)
    moved = Counter(event.data.kind for event in log if isinstance(event.data, LedgerEntry))
    if moved != {"grant": 1, "reserve": 2 * runs, "capture": 2 * runs}:
        found.append(f"{runs} runs of two steps have moved money so: {moved}")
    await asyncio.to_thread(credits_once, it.running, reserved=0, spent=PRICE * runs)
    return [*found, *await wrong_figures(it)]


def wrong_calls(it: Planning, name: str) -> Iterator[str]:
    """Each attempt belongs to another start of the same process; each record has the model's own figures."""
    owners: dict[str, list[str]] = {}
    for begun in it.of(name, StageBegun):
        owners.setdefault(begun.call_id, []).append(begun.owner)
    for tried in owners.values():
        if len(set(tried)) < len(tried) or {owner.partition("/")[0] for owner in tried} != {VICTIM}:
            yield f"{name}: attempts of {tried}"
    for one in it.of(name, AgentCallRecorded):
        if (one.model, one.error, one.tokens_in, one.tokens_out) != FIGURES:
            yield f"{name}: {one}"


async def wrong_figures(it: Planning) -> Iterator[str]:
    """The Prompt Lab counts a call once, however often it was begun."""
    calls = Counter(agent for name in it.sessions for agent, _, _ in it.calls(name))
    items = (await it.get("/v1/agents/metrics"))["items"]
    shown = {item["agent"]: (item["calls"], item["open"], item["errors"], item["tokens_in"]) for item in items}
    read = USAGE["prompt_tokens"]
    wanted = {agent: (count, 0, 0, read * count) for agent, count in calls.items()}
    return iter([] if shown == wanted else [f"the Prompt Lab has {shown}, the log {wanted}"])
