"""Webhooks that nobody signs are hints of their address, and name nothing that would lead elsewhere."""

from __future__ import annotations

import orjson
import pytest

from adapters.providers.unsigned import UnsignedWebhooks, kling_news, luma_news
from commands.ports import BadWebhook, WebhookNews


async def test_lumas_generation_is_named() -> None:
    body = orjson.dumps({"id": "gen-1", "state": "completed"})
    assert await UnsignedWebhooks(luma_news).verify({}, body, now=0.0) == WebhookNews("gen-1", "completed")


async def test_klings_task_is_named_behind_its_route() -> None:
    body = orjson.dumps({"task_id": "123", "task_status": "succeed"})
    news = await UnsignedWebhooks(kling_news).verify({}, body, now=0.0, at="videos/image2video")
    assert news == WebhookNews("videos/image2video/123", "succeed")


@pytest.mark.parametrize("name", ["../../users", "a/../b", "", "x" * 201, "a?b=c", "a b", "/a"])
async def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BadWebhook):
        await UnsignedWebhooks(luma_news).verify({}, orjson.dumps({"id": name, "state": "completed"}), now=0.0)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{}", b"{"])
async def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        await UnsignedWebhooks(luma_news).verify({}, body, now=0.0)
    with pytest.raises(BadWebhook):
        await UnsignedWebhooks(kling_news).verify({}, body, now=0.0, at="videos/image2video")
