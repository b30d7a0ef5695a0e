"""The offline planner speaks the same wire as any server, and says what it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.llm.client import LlmClient
from adapters.llm.offline.app import app
from processors.agents.answers.parser import parse_plan
from processors.agents.llm import Completion, Delta
from tests.serving import served

MAIN = "generate a product image, animate it into a 5-second video, and add a voiceover"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with served(app()) as at:
        yield at


async def test_a_plan_streams_reasoning_before_content(url: str) -> None:
    async with LlmClient(url, None, "offline") as client:
        pieces = [piece async for piece in client.stream("planner", [{"role": "user", "content": MAIN}], as_json=True)]
    kinds = [piece.kind for piece in pieces if isinstance(piece, Delta)]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds.count("content") > 5
    assert kinds.count("reasoning") > 2
    done = pieces[-1]
    assert isinstance(done, Completion)
    assert done.model == "offline"
    assert done.tokens_out > 50
    assert [step.agent_type for step in parse_plan(done.text).steps] == ["image", "video", "speech"]


@pytest.mark.parametrize(
    ("agent", "words", "there"),
    [
        ("validator", "{}", '"PASS"'),
        ("context_classifier", "next", '"SAME"'),
        ("field_verifier", "{}", '"steps"'),
        ("model_selector", '<models>\n[{"id": "local/picture"}]\n</models>', "local/picture"),
        ("error_classifier", "429 too many requests", '"rate_limit"'),
        ("writer", "Write a haiku about rain", "rain"),
        ("breakdown", "an episode about rain", "Rain"),
    ],
)
async def test_every_agent_is_answered(url: str, agent: str, words: str, there: str) -> None:
    async with LlmClient(url, None, "offline") as client:
        assert there in (await client.complete(agent, [{"role": "user", "content": words}])).text


async def test_what_is_no_request_is_refused(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for body in (b"", b"[]", b'{"messages": []}', b'{"messages": ["hi"]}'):
            answer = await client.post(f"{url}/chat/completions", content=body)
            assert answer.status_code == 400
            assert "error" in answer.json()
        models = await client.get(f"{url}/models")
    assert [model["id"] for model in models.json()["data"]] == ["offline"]


async def test_parts_that_are_no_text_are_left_out(url: str) -> None:
    content = [{"type": "text", "text": "draw a fox"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    async with LlmClient(url, None, "offline") as client:
        answer = await client.complete("planner", [{"role": "user", "content": content}])
    assert [step["agent_type"] for step in json.loads(answer.text)["steps"]] == ["image"]
