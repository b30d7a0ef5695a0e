"""A soak: a whole platform with standbys under load, its processes struck at random; then what must hold, holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from events.envelope import Recorded
from events.ids import derived_id
from events.jobs.events import JobDispatched, WebhookDelivered, WebhookGivenUp
from studio.local.dev import bootstrap_dev
from studio.local.packing import PACKING, Packed
from studio.local.platform import LocalPlatform
from studio.settings import Settings
from tests.catalog import shipped
from tests.chaos import invariants, oracle, script
from tests.chaos.aftermath import read_log, read_models_differ, watch_offsets
from tests.chaos.load import (
    LONG,
    MAX_RUNTIME_S,
    MODELS,
    ORG_PER_API,
    ORG_SLOTS,
    OTHER_SLOTS,
    PER_API,
    SLOTS,
    Asked,
    Load,
)
from tests.chaos.strikes import Striker
from tests.platform import Running
from tests.servers import isolated_settings, put_down, quiet
from tests.typing_line import studio

ENDED_WITHIN_S: Final = 420.0
"""What nobody could stop keeps its slot for its longest run and a minute; attempts come one after the other."""
LOOK_EVERY_S: Final = 1.0
ENDED: Final = ("succeeded", "failed", "cancelled", "dead")
PLAN_ENDED: Final = ("succeeded", "partial", "failed", "cancelled", "rejected")
PROVIDERS: Final = sorted({model.partition("/")[0] for model in MODELS})


@dataclass(frozen=True)
class Soaked:
    """The platform under the soak."""

    local: LocalPlatform
    settings: Settings
    running: Running

    @property
    def simulators_url(self) -> str:
        return f"{self.settings.standins_url}/simulators"


def with_standbys(data_dir: Path) -> tuple[Packed, ...]:
    """A second decider with a store of its own, and second hands for whatever several may do."""
    second = data_dir / "second"
    roles = ("agents", "executor", "dispatcher", "notifier", "sweepers")
    return (*PACKING, Packed("decider-2", ("decider",), data_dir=second), Packed("workers-2", roles))


@asynccontextmanager
async def soaked(data_dir: Path) -> AsyncIterator[Soaked]:
    asked = isolated_settings(data_dir).model_copy(update={"sandbox": True, "webhooks_to_private": True})
    local = LocalPlatform(asked, with_us=True, packing=with_standbys(data_dir))
    try:
        settings = await local.up(quiet)
        access = await bootstrap_dev(settings, f"http://127.0.0.1:{settings.http_port}")
        running = Running(access.url, access.api_key, access.admin_key, access.org_id, data_dir)
        await set_caps(running)
        yield Soaked(local, settings, running)
    finally:
        await put_down(local)


async def set_caps(running: Running) -> None:
    """Few slots, and runs that are over soon, whatever becomes of their answers."""
    headers = {"Authorization": f"Bearer {running.admin_key}"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, timeout=30, trust_env=False) as client:
        for provider in PROVIDERS:
            slots = {"concurrent": SLOTS.get(provider, OTHER_SLOTS), "per_api": per_api(provider)}
            (await client.put(f"/v1/admin/providers/{provider}", json=slots)).raise_for_status()
        for entry in shipped():
            if entry.spec.id in MODELS:
                limits = entry.spec.limits.model_copy(update={"max_runtime_s": LONG.get(entry.spec.id, MAX_RUNTIME_S)})
                spec = entry.spec.model_copy(update={"limits": limits}).model_dump(mode="json", exclude={"id"})
                answer = await client.put(f"/v1/admin/models/{entry.spec.id}", json=spec)
                assert answer.is_success, answer.text


def per_api(provider: str) -> dict[str, int]:
    return {model: cap for model, cap in PER_API.items() if model.partition("/")[0] == provider}


async def soak(data_dir: Path, seed: int, seconds: float) -> list[str]:
    """What was found wrong, and before it what was done; nothing where all holds."""
    async with soaked(data_dir) as it:
        load = Load(it.running.url, it.running.admin_key, seed)
        striker = Striker(it.local.supervisor, str(it.settings.redis_url))
        offsets = invariants.Offsets()
        watching = asyncio.create_task(watch_offsets(str(it.settings.kafka_bootstrap), offsets))
        async with load.opened():
            try:
                await under_fire(it, load, striker, seed, seconds)
                faults = await left_undone(it, load)
            finally:
                striker.release()
                watching.cancel()
            faults += offsets.faults + ([] if offsets.looks else ["nobody's offsets were ever seen"])
            faults += await wrong(it, load)
        print(*said(striker, load), sep="\n")  # noqa: T201 - for whoever reads a failure
        return faults


async def under_fire(it: Soaked, load: Load, striker: Striker, seed: int, seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run(seconds, every_s=0.35, plan_every_s=20))
        group.create_task(striker.run(script.strikes(seed, seconds)))
        group.create_task(misbehave(it.simulators_url, seed, seconds))


async def misbehave(simulators_url: str, seed: int, seconds: float) -> None:
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=simulators_url, timeout=10, trust_env=False) as client:
        for one in script.misbehaviours(seed, seconds, PROVIDERS):
            await asyncio.sleep(max(0.0, began + one.at_s - time.monotonic()))
            rule = {"behaviour": {"name": one.name}, "times": one.times}
            (await client.post(f"/{one.provider}/_control/rules", json=rule)).raise_for_status()


async def left_undone(it: Soaked, load: Load) -> list[str]:
    """What has not come to its end in time, now that nobody is struck any more."""
    until = time.monotonic() + ENDED_WITHIN_S
    jobs = {job: asked.org for asked in load.asked for job in asked.job_ids}
    open_jobs, sessions = dict.fromkeys(jobs), list(load.plans)
    async with httpx.AsyncClient(base_url=it.running.url, timeout=30, trust_env=False) as client:
        while time.monotonic() < until:
            for job in list(open_jobs):
                status = await shown(client, f"/v1/jobs/{job}", load.orgs[jobs[job]].key)
                if status is None or status["status"] not in ENDED or not told(status):
                    break
                del open_jobs[job]
            sessions = [one for one in sessions if not await planned(client, load, *one)]
            if not open_jobs and not sessions:
                return []
            await asyncio.sleep(LOOK_EVERY_S)
        shown_now = [await shown(client, f"/v1/jobs/{job}", load.orgs[jobs[job]].key) for job in open_jobs]
        shown_now += [await shown(client, f"/v1/sessions/{session}", load.orgs[org].key) for org, session in sessions]
    return [f"not ended: {one}" for one in shown_now]


async def shown(client: httpx.AsyncClient, path: str, key: str) -> dict[str, Any] | None:
    """None while it cannot be read."""
    try:
        answer = await client.get(path, headers={"Authorization": f"Bearer {key}"})
    except httpx.TransportError:
        return None
    found: dict[str, Any] = answer.json()
    return found if answer.is_success else None


def told(job: Mapping[str, Any]) -> bool:
    return "webhook_url" not in job or "webhook" in job


async def planned(client: httpx.AsyncClient, load: Load, org: int, session: str) -> bool:
    """Whether what was said has led to a plan that is over."""
    found = await shown(client, f"/v1/sessions/{session}", load.orgs[org].key) or {}
    plans = found.get("plans", [])
    return bool(plans) and all(plan["status"] in PLAN_ENDED for plan in plans)


async def wrong(it: Soaked, load: Load) -> list[str]:
    """Everything that the log, the simulators, the customers and the auditor have against it."""
    log = await read_log(str(it.settings.kafka_bootstrap))
    found = [*invariants.gaps(log), *invariants.decided_twice(log)]
    histories = invariants.jobs(log)
    for job, events in histories.items():
        found += invariants.unsound(job, events)
    found += answers_differ(it, load, histories)
    found += untold(load, log)
    found += await at_the_simulators(it, load, log)
    found += await read_models_differ(it.settings)
    audit = await asyncio.to_thread(studio, it.running, "audit", "verify", "--read-model")
    return found + ([] if audit.returncode == 0 else [audit.stdout + audit.stderr])


def job_of(it: Soaked, load: Load, asked: Asked) -> str:
    """The job that a submission begins, if any: its id is derived from the key."""
    assert it.settings.server_secret is not None
    secret = it.settings.server_secret.get_secret_value().encode()
    return derived_id("job", secret, load.orgs[asked.org].org_id, "/v1/jobs", asked.key)


def answers_differ(it: Soaked, load: Load, accepted: Mapping[str, object]) -> Iterator[str]:
    """Answers under one key name the same job, which is on the log; where all refuse there is none.

    A try without an answer may have been accepted after a later one was refused: that was not promised otherwise.
    """
    for asked in load.asked:
        job, statuses = job_of(it, load, asked), {status for status, _ in asked.answers}
        unsaid = asked.taken != (job in accepted) and not (asked.unanswered and job in accepted)
        if not asked.job_ids <= {job} or unsaid or not statuses <= {202, 402, 409, 422}:
            told = "on the log" if job in accepted else "not on the log"
            yield f"{asked.label} is {told} as {job}, was answered {asked.answers}, {asked.unanswered} times not"


def untold(load: Load, log: list[Recorded]) -> Iterator[str]:
    """Whose webhook stands as delivered and was taken by nobody."""
    for event in log:
        if isinstance(event.data, WebhookGivenUp):
            yield f"{event.data.job_id}: its customer was given up"
    delivered = sum(isinstance(event.data, WebhookDelivered) for event in log)
    if delivered > len(load.hooks.taken):
        yield f"{delivered} webhooks stand as delivered, {len(load.hooks.taken)} were taken"


async def at_the_simulators(it: Soaked, load: Load, log: list[Recorded]) -> list[str]:
    seen = await oracle.executions(it.simulators_url, PROVIDERS)
    print(f"{len(seen)} executions at the simulators, {sum(one.token is not None for one in seen)} with a name")  # noqa: T201
    by_label = {asked.label: asked for asked in load.asked}
    label_of = {job_of(it, load, asked): asked.label for asked in load.asked}
    intents: dict[str, list[float]] = {}
    for event in log:
        if isinstance(event.data, JobDispatched) and (label := label_of.get(event.data.job_id)) is not None:
            intents.setdefault(label, []).append(event.envelope.time.timestamp())

    def model(one: oracle.Execution) -> str:
        return str(by_label[one.label].body["model"])

    def org(one: oracle.Execution) -> str:
        return str(by_label[one.label].org)

    return [
        *oracle.twice(seen),
        *oracle.without_intent(seen, intents),
        *oracle.above_cap(seen, lambda one: one.provider, lambda name: SLOTS.get(name, OTHER_SLOTS)),
        *oracle.above_cap(seen, model, PER_API.get),
        *oracle.above_cap(seen, org, lambda name: ORG_SLOTS[int(name)]),
        *oracle.above_cap(
            seen, lambda one: f"{org(one)}:{model(one)}", lambda name: ORG_PER_API.get(name.partition(":")[2])
        ),
    ]


def said(striker: Striker, load: Load) -> Iterator[str]:
    """What was done, for the reader."""
    jobs = {job for asked in load.asked for job in asked.job_ids}
    answers = sum(len(asked.answers) for asked in load.asked)
    yield f"{len(load.asked)} submissions with {answers} answers, {len(jobs)} jobs, {len(load.plans)} sentences"
    yield f"{load.hooks.taken.total()} webhooks taken, {len(load.hooks.refused)} refused at first"
    yield from striker.told
