"""What simulators note of each execution: its label and token, its beginning, and its real end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from adapters.simulators import app
from tests.serving import served

FAL = {"authorization": "Key k"}
ELEVENLABS = {"xi-api-key": "k"}
SOUND = "/elevenlabs/v1/sound-generation"


async def noted(client: httpx.AsyncClient, provider: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"/{provider}/_control/accepted")).json()
    return found


def client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)


async def test_a_task_is_noted_with_its_label_its_token_and_its_planned_end() -> None:
    async with served(app()) as url, client(url) as http:
        words = {"prompt": "label:org1.job2 simulate:slow=2.5"}
        where = "/fal/fal-ai/flux/dev?fal_webhook=http://127.0.0.1:1/x"
        await http.post(where, json=words, headers=FAL)
        [one] = await noted(http, "fal")
    assert (one["label"], one["token"], one["model"]) == ("org1.job2", "http://127.0.0.1:1/x", "fal-ai/flux/dev")
    assert one["ends_at"] - one["began_at"] == pytest.approx(2.5, abs=0.1)


async def test_what_is_refused_is_no_execution() -> None:
    async with served(app()) as url, client(url) as http:
        await http.post("/fal/fal-ai/flux/dev", json={"prompt": "simulate:outage"}, headers=FAL)
        assert await noted(http, "fal") == []


async def test_a_stopped_task_ends_when_it_is_stopped() -> None:
    async with served(app()) as url, client(url) as http:
        answer = await http.post("/fal/fal-ai/flux/dev", json={"prompt": "simulate:slow=60"}, headers=FAL)
        await http.put(f"/fal/fal-ai/flux/requests/{answer.json()['request_id']}/cancel", headers=FAL)
        [one] = await noted(http, "fal")
    assert one["ends_at"] <= time.time()


async def test_a_call_that_holds_its_client_ends_with_its_answer() -> None:
    async with served(app()) as url, client(url) as http:
        answer = await http.post(SOUND, json={"text": "simulate:slow=0.2"}, headers=ELEVENLABS)
        assert answer.is_success
        [one] = await noted(http, "elevenlabs")
    assert one["ends_at"] - one["began_at"] >= 0.2
    assert one["ends_at"] <= time.time()


async def test_and_with_its_client() -> None:
    async with served(app()) as url, client(url) as http:
        async with client(url) as going:
            calling = asyncio.create_task(going.post(SOUND, json={"text": "simulate:slow=60"}, headers=ELEVENLABS))
            async with asyncio.timeout(10):
                while not await noted(http, "elevenlabs"):
                    continue
            calling.cancel()
            await asyncio.wait({calling})
        async with asyncio.timeout(10):
            while (await noted(http, "elevenlabs"))[0]["ends_at"] > time.time():
                continue
