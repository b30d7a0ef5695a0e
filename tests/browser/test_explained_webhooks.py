"""A line of the books explained where webhooks had a part: a provider told us of its work, and we our customer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from tests.browser.test_canvas import LOAD_TIMEOUT_MS, keep_screenshot
from tests.browser.test_session import enter_key
from tests.sandbox import Sandbox, ended, rich_client
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.servers]
TOLD_WITHIN_S = 30
MODEL = "fal/flux-schnell"


async def told_by_webhooks(sandbox: Sandbox) -> tuple[str, str]:
    """A key, and the capture of a job that its provider named by webhook and whose own webhook was taken."""
    customer = Starlette(routes=[Route("/ended", lambda _: Response(status_code=204), methods=["POST"])])
    async with served(customer) as url, rich_client(sandbox) as client:
        values = {"prompt": "a fox simulate:webhook_early=0.6"}
        job = await ended(client, MODEL, values, webhook_url=f"{url}/ended")
        assert job["status"] == "succeeded"
        async for attempt in AsyncRetrying(stop=stop_after_delay(TOLD_WITHIN_S), wait=wait_fixed(0.1), reraise=True):
            with attempt:
                told = (await client.get(f"/v1/jobs/{job['job_id']}")).json()
                assert told["webhook"]["status"] == "delivered"
        lines = (await client.get("/v1/credits/ledger?kind=capture")).json()["items"]
        return client.headers["Authorization"].removeprefix("Bearer "), lines[0]["entry_id"]


def test_a_customer_reads_who_told_whom(page: Page, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        key, entry = thread.submit(lambda: asyncio.run(told_by_webhooks(sandbox))).result()
    page.goto(f"{sandbox.url}/#/credits/{entry}")
    enter_key(page, key)
    panel = page.get_by_test_id("explain")
    path = panel.get_by_test_id("path")
    at_provider = path.locator("[data-kind=provider_job]")
    told = "fal told us by webhook, and calls it fal-ai/flux/requests/"
    expect(at_provider).to_contain_text(told, timeout=LOAD_TIMEOUT_MS)
    expect(path.locator("[data-kind=entry]").first).to_contain_text(f"Reserved for {MODEL}")
    own = path.locator("[data-kind=webhook]")
    expect(own).to_contain_text("Your webhook")
    expect(own).to_contain_text("Your server was told of the end, and took it")
    expect(panel.locator(".skeleton")).to_have_count(0, timeout=LOAD_TIMEOUT_MS)
    page.set_viewport_size({"width": 1440, "height": 1400})
    at_provider.scroll_into_view_if_needed()
    keep_screenshot(page, "explain-1-webhooks")
    panel.get_by_role("button", name="Show ids").click()
    expect(at_provider).to_contain_text("webhook:fal")
    own.scroll_into_view_if_needed()
    keep_screenshot(page, "explain-2-webhooks-ids")
