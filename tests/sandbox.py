"""The platform in its sandbox: every provider simulated, webhooks to this machine allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.ids import new_id
from studio.local.dev import bootstrap_dev
from studio.local.platform import LocalPlatform
from tests.platform import Running
from tests.servers import isolated_settings, put_down, quiet
from tests.shared import shared

AT_ONCE = 16
WITHIN_S = 50
CREDITS = 10_000_000


@dataclass(frozen=True)
class Sandbox(Running):
    simulators_url: str


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with shared("sandbox", running_sandbox(tmp_path_factory.mktemp("sandbox"))) as found:
        yield found


@contextmanager
def running_sandbox(data_dir: Path) -> Iterator[Sandbox]:
    settings = isolated_settings(data_dir).model_copy(update={"sandbox": True, "webhooks_to_private": True})
    local = LocalPlatform(settings, with_us=True)
    try:
        up = asyncio.run(local.up(quiet))
        access = asyncio.run(bootstrap_dev(up, f"http://127.0.0.1:{up.http_port}"))
        simulators_url = f"{up.standins_url}/simulators"
        yield Sandbox(access.url, access.api_key, access.admin_key, access.org_id, data_dir, simulators_url)
    finally:
        asyncio.run(put_down(local))


@asynccontextmanager
async def rich_client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Of an organisation for which nothing is too dear, and which waits for no slot of its own."""
    admin = {"Authorization": f"Bearer {sandbox.admin_key}"}
    async with httpx.AsyncClient(base_url=sandbox.url, timeout=WITHIN_S + 10, trust_env=False) as client:
        org = (await client.post("/v1/admin/orgs", json={"name": "Rich"}, headers=admin)).json()["org_id"]
        path = f"/v1/admin/orgs/{org}"
        limits = {"concurrent": AT_ONCE, "rate_per_min": 100_000}
        (await client.put(f"{path}/limits", json=limits, headers=admin)).raise_for_status()
        grant = {"kind": "grant", "amount": CREDITS}
        (await client.post(f"{path}/credits", json=grant, headers=admin)).raise_for_status()
        key = (await client.post(f"{path}/keys", json={"role": "admin"}, headers=admin)).json()["api_key"]
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


async def ended(client: httpx.AsyncClient, model: str, values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    body = {"model": model, "input": values, **more}
    answer = await client.post("/v1/jobs", json=body, headers={"Idempotency-Key": new_id("req")})
    assert answer.status_code == 202, (model, answer.text)
    found: dict[str, Any] = (await client.get(f"/v1/jobs/{answer.json()['job_id']}?wait={WITHIN_S}")).json()
    return found


async def works_again(client: httpx.AsyncClient, model: str, values: Mapping[str, Any]) -> None:
    """What failed here is no longer among the failures in a row after which the model's jobs wait."""
    assert (await ended(client, model, values))["status"] == "succeeded"


def fresh() -> dict[str, str]:
    return {"Idempotency-Key": new_id("req")}
