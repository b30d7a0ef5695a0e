"""The last credits are spent by two hundred while the decider is killed, five times: the books come out the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter

import httpx
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from tests.last_credits import AFFORDED, PRICE, REST, SUBMISSIONS, check_spent, spend
from tests.platform import ECHO, Running, post
from tests.typing_line import studio_json

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]

KILLS_AT = (5, 45, 85, 125, 165)
"""Answers so far; as many more are under way as go at once."""
AT_ONCE = 40
BACK_WITHIN_S = 60
MODEL = "test/echo"


def decider(platform: Running, *, other_than: int = 0) -> int:
    """The pid of the decider that is ready."""
    for attempt in Retrying(stop=stop_after_delay(BACK_WITHIN_S), wait=wait_fixed(0.2), reraise=True):
        with attempt:
            found = studio_json(platform, "status")["processes"]
            pid = int(next(one["pid"] for one in found if one["name"] == "decider"))
            assert pid != other_than
    return pid


class Killer:
    """Kills the decider each time that so many answers have been given."""

    def __init__(self, platform: Running) -> None:
        self._platform = platform
        self._due: asyncio.Queue[None] = asyncio.Queue()
        self.killed: list[int] = []

    def answered(self, count: int) -> None:
        if count in KILLS_AT:
            self._due.put_nowait(None)

    async def run(self) -> None:
        for _ in KILLS_AT:
            last = self.killed[-1] if self.killed else 0
            pid = await asyncio.to_thread(decider, self._platform, other_than=last)
            await self._due.get()
            os.kill(pid, signal.SIGKILL)
            self.killed.append(pid)


def client(platform: Running, key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=SUBMISSIONS)
    return httpx.AsyncClient(base_url=platform.url, headers=headers, timeout=30, trust_env=False, limits=limits)


async def open_org(platform: Running) -> tuple[str, str]:
    """An organisation with the last credits in it, and its key; what it submits waits: the provider takes nothing."""
    async with client(platform, platform.admin_key) as operator:
        (await operator.put(f"/v1/admin/models/{MODEL}", json=ECHO)).raise_for_status()
        (await operator.put("/v1/admin/providers/nobody", json={"concurrent": 0})).raise_for_status()
        org_id = (await post(operator, "/v1/admin/orgs", {"name": "Test"}))["org_id"]
        key = (await post(operator, f"/v1/admin/orgs/{org_id}/keys", {"role": "member"}))["api_key"]
        await post(operator, f"/v1/admin/orgs/{org_id}/credits", {"amount": AFFORDED * PRICE + REST, "kind": "grant"})
    return org_id, key


async def check(platform: Running, org_id: str, statuses: Counter[int]) -> None:
    bootstrap = json.loads((platform.data_dir / "dev.json").read_text())["kafka_bootstrap"]
    await check_spent(bootstrap, org_id, statuses)


async def test_the_last_credits_are_spent_once_whatever_happens_to_the_decider(platform: Running) -> None:
    org_id, key = await open_org(platform)
    killer = Killer(platform)
    async with client(platform, key) as spender, asyncio.TaskGroup() as group:
        killing = group.create_task(killer.run())
        statuses = await spend(spender, MODEL, killer.answered, AT_ONCE)
        await killing
    assert len(set(killer.killed)) == len(KILLS_AT)
    await check(platform, org_id, statuses)


@pytest.mark.parametrize("answers", KILLS_AT)
async def test_so_they_are_with_all_two_hundred_under_way_when_it_is_killed(answers: int, platform: Running) -> None:
    victim = decider(platform)
    org_id, key = await open_org(platform)

    def strike(answered: int) -> None:
        if answered == answers:
            os.kill(victim, signal.SIGKILL)

    async with client(platform, key) as spender:
        statuses = await spend(spender, MODEL, strike)
    await check(platform, org_id, statuses)
    assert decider(platform, other_than=victim) != victim
