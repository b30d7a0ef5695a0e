"""`python -m bench.agents`: what the platform adds to its language models, on a platform whose models are simulated.

The models' server runs in this process and notes when each byte of its answers was sent; what is measured ends where
a client of the page's stream has the frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from bench import cpu
from bench.__main__ import TABLE_WIDTH, platform, studio
from bench.listening import Heard, Listener
from bench.load import Api, spin_ms
from bench.report import Report
from tests.llm_answers import good
from tests.llm_server import PIECE, Behaviour, LlmServer, Wire, at_rate, chunk, events, serving, whole

ALONE = 30
STREAMS = 200
TOKENS_PER_S = 50
TOKENS = 500
ORGS = 20
END_WITHIN_S = 90.0
OVERHEAD_MS, FIRST_STEP_MS, TOKEN_MS = 250, 150, 500
AGENTS = ("context_classifier", "planner", "edit_planner", "validator", "field_verifier", "model_selector")
EDITING = {*AGENTS} - {"planner"}
"""Who is asked for a message that adds to a plan."""
RIVAL = "luma"
"""A provider whose models compete with the platform's own while the selector is to be asked; none of them is called."""
REQUEST = "a fox that runs, and a voice that says so"
console = Console(stderr=True)


@dataclass(frozen=True)
class Session:
    """One that was listened to before anything was said in it."""

    api: Api
    key: str
    session_id: str
    listener: Listener

    async def says(self, text: str) -> float:
        """When it was said."""
        at = time.monotonic()
        await self.api.call("POST", f"/sessions/{self.session_id}/messages", self.key, {"text": text})
        return at


@contextlib.asynccontextmanager
async def session(api: Api, url: str, key: str) -> AsyncIterator[Session]:
    session_id = (await api.call("POST", "/sessions", key))["session_id"]
    listener = await Listener.opened(url, key, session_id)
    try:
        yield Session(api, key, session_id, listener)
    finally:
        listener.close()


async def until(listener: Listener, event: str) -> list[Heard]:
    """Everything up to the first frame of this kind. A plan that does not come is an error."""
    heard: list[Heard] = []
    async with asyncio.timeout(END_WITHIN_S):
        async for frame in listener.frames():
            heard.append(frame)
            if frame.event == "message.posted" and frame.data["role"] == "assistant":
                raise RuntimeError(frame.data["text"])
            if frame.event == event:
                return heard
    raise RuntimeError("the stream ended")


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * percent / 100) - 1)]


async def overhead(report: Report, server: LlmServer, api: Api, url: str, key: str) -> None:
    """From a message that adds to a plan to the plan that waits again, less the time in which a model was at work."""
    server.always = {agent: whole(good(agent)) for agent in AGENTS} | {"edit_planner": whole(edited())}
    added, asked = list[float](), list[str]()
    for number in range(ALONE + 5):
        async with session(api, url, key) as one:
            await one.says(REQUEST)
            await until(one.listener, "plan.awaiting_approval")
            server.requests.clear()
            began = await one.says("and a blue fox beside it")
            ended = (await until(one.listener, "plan.awaiting_approval"))[-1].at
            asked = [call.agent for call in server.requests]
            at_work = union([(call.at, call.spoke[-1]) for call in server.requests])
            if number >= 5:
                added.append((ended - began - at_work) * 1000)
    p50 = percentile(added, 50)
    called = f"message → changed plan, {len(asked)} model calls of {len(set(asked))} agents apart, p50"
    held = p50 <= OVERHEAD_MS and set(asked) == EDITING
    report.add(called, f"{p50:.0f} ms", f"≤ {OVERHEAD_MS} ms ({len(EDITING)} agents)", held)
    report.add("  p95", f"{percentile(added, 95):.0f} ms")


def edited() -> str:
    """One step is new, with a choice of models and a width that only a model can make sense of."""
    steps = json.loads(good("planner"))["steps"]
    new = {**steps[0], "id": "d", "description": "a blue fox", "input": {"prompt": "a blue fox", "width": "wide"}}
    return json.dumps({"title": "Fox", "steps": [*({**step, "unchanged": True} for step in steps), new]})


def union(intervals: Sequence[tuple[float, float]]) -> float:
    """How long at least one of them lasted."""
    total, reached = 0.0, -math.inf
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


async def first_step(report: Report, server: LlmServer, api: Api, url: str, key: str) -> None:
    """From the last byte of the first step, as the models' server sends it, to `step.drafting` at a client."""
    text, closed = good("planner"), list[float]()
    server.always["planner"] = pausing(text, text.index('}, {"id": "b"') + 1, closed)
    took = []
    for _ in range(ALONE):
        async with session(api, url, key) as one:
            await one.says(REQUEST)
            heard = await until(one.listener, "step.drafting")
            took.append((heard[-1].at - closed[-1]) * 1000)
            await until(one.listener, "plan.awaiting_approval")
    p50 = percentile(took, 50)
    report.add(
        "a step's last byte → step.drafting, p50", f"{p50:.0f} ms", f"≤ {FIRST_STEP_MS} ms", p50 <= FIRST_STEP_MS
    )
    report.add("  p95", f"{percentile(took, 95):.0f} ms")


def pausing(text: str, at: int, closed: list[float]) -> Behaviour:
    """Writes on a moment later than it has closed its first step, and notes when that was."""

    async def behave(wire: Wire) -> None:
        await wire.event(chunk({"content": text[:at]}))
        closed.append(time.monotonic())
        await asyncio.sleep(0.3)
        await wire.event(chunk({"content": text[at:]}))
        for one in events(""):
            await wire.event(one)

    return behave


async def many(
    report: Report,
    server: LlmServer,
    api: Api,
    url: str,
    keys: Sequence[str],
    processes: Mapping[str, int],
    streams: int,
) -> None:
    """Every session planning at once; each token from the models' server to the client that hears it."""
    text = long_plan(TOKENS * PIECE)
    server.requests.clear()
    server.always["planner"] = at_rate(text, TOKENS_PER_S)
    async with contextlib.AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(session(api, url, keys[n % len(keys)])) for n in range(streams)]
        before, began = cpu.spent_s(processes), time.monotonic()
        hearing = [asyncio.create_task(until(one.listener, "plan.awaiting_approval")) for one in sessions]
        await asyncio.gather(*(one.says(f"{REQUEST} {one.session_id}") for one in sessions))
        heard = await asyncio.gather(*hearing)
        took, after = time.monotonic() - began, cpu.spent_s(processes)
    calls = server.asked_by("planner")
    asked = {named(call.body): call.spoke for call in calls}
    streamed_s = union([(call.at, call.spoke[-1]) for call in calls])
    delays = [list(lags(asked[one.session_id], frames)) for one, frames in zip(sessions, heard, strict=True)]
    every = [lag for one in delays for lag in one]
    started = (frame for frames in heard for frame in frames if frame.event == "agent.started")
    restarts = sum(frame.data["agent"] == "planner" for frame in started) - streams
    p99, worst = percentile(every, 99), max(percentile(one, 99) for one in delays)
    used = {name: (after[name] - before[name]) for name in before}
    rate = len(every) / streamed_s
    idle = took - streamed_s
    report.add(f"{streams} sessions planning at once, tokens heard", f"{rate:.0f}/s of {streams * TOKENS_PER_S}/s")
    report.add("  time before and after the streams", f"{idle:.1f} s of {took:.1f} s")
    report.add("  token sent → heard, p50", f"{percentile(every, 50):.0f} ms")
    report.add("  p99", f"{p99:.0f} ms", f"≤ {TOKEN_MS} ms", p99 <= TOKEN_MS)
    report.add("  p99 of the worst session", f"{worst:.0f} ms", f"≤ {TOKEN_MS} ms", worst <= TOKEN_MS)
    report.add("  calls that had to begin again", str(restarts), "0", restarts == 0)
    report.add("  cores in use", f"{sum(used.values()) / took:.2f}")
    report.add("  CPU a thousand tokens", ", ".join(
        f"{name} {seconds * 1e6 / len(every):.0f} ms" for name, seconds in sorted(used.items(), key=lambda one: -one[1])
        if seconds / took >= 0.01
    ))  # fmt: skip


def named(body: Mapping[str, Any]) -> str:
    """The session that a prompt speaks of."""
    told = str(body["messages"][-1]["content"])
    at = told.rindex("ses_")
    return told[at : at + 30].split("\n")[0].split("<")[0].strip()


def lags(spoke: Sequence[float], heard: Sequence[Heard]) -> Iterator[float]:
    """For each token, milliseconds until a client had all of it."""
    chars, sent = 0, 0
    for frame in heard:
        if frame.event == "agent.content" and frame.data.get("agent") == "planner":
            chars += len(frame.data["delta"])
            while sent * PIECE < chars and sent < len(spoke):
                yield (frame.at - spoke[sent]) * 1000
                sent += 1


def long_plan(chars: int) -> str:
    step = json.loads(good("planner"))["steps"][0]
    steps = [{**step, "id": f"s{n}", "description": "A red fox in deep snow. " * 12} for n in range(chars // 450)]
    return json.dumps({"title": "Foxes", "steps": steps})


async def measure(
    report: Report, dev: Mapping[str, Any], server: LlmServer, processes: dict[str, int], streams: int
) -> None:
    with contextlib.closing(Api(dev["url"])) as api:
        keys = await api.open_orgs(dev["admin_key"], ORGS)
        console.print("one message after the other …")
        await overhead(report, server, api, dev["url"], keys[0])
        await api.call("PUT", f"/admin/providers/{RIVAL}", dev["admin_key"], {"active": False})
        await first_step(report, server, api, dev["url"], keys[0])
        console.print(f"{streams} sessions at once …")
        await many(report, server, api, dev["url"], keys, processes, streams)


async def with_models(report: Report, streams: int) -> None:
    """The platform is started with the address of the models' server, which must be there first."""
    async with serving(LlmServer()) as server:
        os.environ |= {"STUDIO_LLM_BASE_URL": server.url, "STUDIO_LLM_PRIMARY_MODEL": "simulated"}
        os.environ[f"STUDIO_PROVIDER_{RIVAL.upper()}_API_KEY"] = "unused"
        with contextlib.ExitStack() as stack:
            data_dir, dev = await asyncio.to_thread(stack.enter_context, platform(report))
            processes = cpu.pids(await asyncio.to_thread(studio, data_dir, "status", timeout_s=60))
            await measure(report, dev, server, processes, streams)


def main(
    streams: Annotated[int, typer.Option(help="Sessions that plan at once.", min=1, max=1_000)] = STREAMS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """What the platform adds to its language models: to a plan, to a step, to a token."""
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    uvloop.run(with_models(report, streams))
    report.add("this machine at the end", f"{spin_ms():.0f} ms", "30 ms when idle")
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
