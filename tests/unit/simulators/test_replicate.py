"""The simulator of Replicate: what tests and the sandbox rely on beyond the adapter's contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.media.probe import probe_now
from adapters.providers.replicate.webhook import verified
from adapters.simulators import app
from adapters.simulators.kinds import kind_of
from adapters.simulators.media import Kind, sample
from adapters.simulators.replicate import replicate
from commands.ports import BadWebhook
from tests.serving import served

AUTHORISED = {"authorization": "Bearer r8_test"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Mounted as the platform mounts it."""
    async with (
        served(Starlette(routes=[Mount("/simulators", app())])) as url,
        httpx.AsyncClient(base_url=f"{url}/simulators/replicate", headers=AUTHORISED, trust_env=False) as made,
    ):
        yield made


async def ended(client: httpx.AsyncClient, prediction_id: str) -> dict[str, object]:
    async with asyncio.timeout(10):
        while (body := (await client.get(f"/predictions/{prediction_id}")).json())["completed_at"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return dict(body)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("image", "image/png"),
        ("video", "video/mp4"),
        ("audio", "audio/wav"),
        ("3d", "model/gltf-binary"),
        ("text", "text/plain"),
    ],
)
def test_samples_are_real_files(kind: Kind, media_type: str) -> None:
    assert probe_now(sample(kind).body).media_type == sample(kind).media_type == media_type


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("black-forest-labs/flux-schnell", "image"),
        ("kwaivgi/kling-v2.1", "video"),
        ("google/veo-3", "video"),
        ("minimax/music-01", "audio"),
        ("jaaari/kokoro-82m", "audio"),
        ("tencent/hunyuan3d-2", "3d"),
        ("meta/meta-llama-3-70b-instruct", "text"),
    ],
)
def test_a_models_name_says_what_it_makes(model: str, kind: Kind) -> None:
    assert kind_of(model) == kind


async def test_files_are_reached_where_the_simulator_is_mounted(client: httpx.AsyncClient) -> None:
    created = await client.post("/models/owner/flux/predictions", json={"input": {"prompt": "x"}})
    assert created.status_code == 201
    body = await ended(client, created.json()["id"])
    file = await client.get(str(body["output"]))
    assert probe_now(file.content).media_type == file.headers["content-type"] == "image/png"


async def test_rules_govern_the_next_calls_and_accepted_ones_are_counted(client: httpx.AsyncClient) -> None:
    await client.post("/_control/rules", json={"behaviour": {"name": "outage"}, "times": 2})
    statuses = [(await client.post("/models/owner/flux/predictions", json={"input": {}})).status_code for _ in range(3)]
    assert statuses == [503, 503, 201]
    assert len((await client.get("/_control/accepted")).json()) == 1


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/models/owner/flux/predictions", {"input": {}, "version": "v"}, {}, 422),
        ("/predictions", {"input": {}}, {}, 422),
        ("/predictions", {"version": "v"}, {}, 422),
        ("/predictions", {"version": "v", "input": {}}, {"authorization": "none"}, 401),
    ],
)
async def test_what_replicate_would_refuse_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, object], headers: dict[str, str], status: int
) -> None:
    assert (await client.post(path, json=body, headers=headers)).status_code == status


async def test_an_unknown_prediction_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/predictions/none")).status_code == 404
    assert (await client.post("/predictions/none/cancel")).status_code == 404


@pytest.mark.parametrize(
    ("behaviour", "believed"),
    [
        ("ok", ["processing", "succeeded"]),
        ("webhook_twice", ["processing", "succeeded", "succeeded"]),
        ("webhook_late", ["processing", "succeeded"]),
        ("webhook_forged", []),
        ("webhook_stale", []),
        ("content_policy", ["processing", "failed"]),
    ],
)
async def test_webhooks_come_as_they_are_told(behaviour: str, believed: list[str]) -> None:
    far_end, gateway = replicate(), FastAPI()
    heard: asyncio.Queue[str] = asyncio.Queue()
    secret = far_end.state.simulator.secret

    @gateway.post("/hook")
    async def hook(request: Request) -> None:
        try:
            news = verified(secret, request.headers, await request.body(), now=time.time())
            heard.put_nowait(news.status)
        except BadWebhook:
            heard.put_nowait("disbelieved")

    async with served(far_end) as url, served(gateway) as ours, httpx.AsyncClient(trust_env=False) as client:
        body = {"input": {"prompt": f"simulate:{behaviour}"}, "webhook": f"{ours}/hook"}
        await client.post(f"{url}/models/owner/flux/predictions", json=body, headers=AUTHORISED)
        expected = believed or ["disbelieved"] * 2
        async with asyncio.timeout(10):
            assert [await heard.get() for _ in expected] == expected
        await far_end.state.simulator.webhooks.aclose()
