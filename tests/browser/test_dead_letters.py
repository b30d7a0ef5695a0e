"""Dead letters on the page: found, read with what the provider said, run again, set aside."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_canvas import keep_screenshot
from tests.browser.test_session import enter_key
from tests.sandbox import Sandbox, ended, rich_client, works_again

pytestmark = [pytest.mark.browser, pytest.mark.servers]
TIMEOUT_MS = 20_000
MODELS: dict[str, dict[str, Any]] = {
    "runway/gen4.5": {"promptText": "a wave", "ratio": "1280:720", "duration": 5},
    "runway/gen4-image": {"promptText": "a wave", "ratio": "1024:1024"},
}


async def two_dead_jobs(sandbox: Sandbox) -> str:
    """The key of an organisation that has them."""
    async with rich_client(sandbox) as client:
        rule = {"behaviour": {"name": "outage"}, "times": 6}
        (await client.post(f"{sandbox.simulators_url}/runway/_control/rules", json=rule)).raise_for_status()
        jobs = await asyncio.gather(*(ended(client, model, values) for model, values in MODELS.items()))
        assert {job["status"] for job in jobs} == {"dead"}
        return client.headers["Authorization"].removeprefix("Bearer ")


async def all_work_again(sandbox: Sandbox) -> None:
    async with rich_client(sandbox) as client:
        for model, values in MODELS.items():
            await works_again(client, model, values)


def letters_of_two(page: Page, sandbox: Sandbox) -> Locator:
    """The page of an organisation with two dead letters, whose provider works again."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        key = thread.submit(lambda: asyncio.run(two_dead_jobs(sandbox))).result()
        thread.submit(lambda: asyncio.run(all_work_again(sandbox))).result()
    page.goto(sandbox.url)
    enter_key(page, key)
    page.get_by_role("button", name="Sessions").click()
    page.get_by_role("link", name="Dead letters").click()
    letters = page.locator(".dead-list > li")
    expect(letters).to_have_count(2, timeout=TIMEOUT_MS)
    return letters


def test_all_dead_letters_are_run_again_at_once(page: Page, sandbox: Sandbox) -> None:
    letters = letters_of_two(page, sandbox)
    page.get_by_role("button", name="Set all 2 aside").click()
    page.get_by_role("button", name="Keep them").click()
    page.get_by_role("button", name="Run all 2 again").click()
    for letter in (letters.first, letters.last):
        expect(letter).to_contain_text("Runs again as job_", timeout=TIMEOUT_MS)
    expect(page.get_by_text("0 waiting for a decision")).to_be_visible()
    expect(page.get_by_role("button", name="Run all")).to_have_count(0)


def test_dead_letters_are_read_run_again_and_set_aside(page: Page, sandbox: Sandbox) -> None:
    letters = letters_of_two(page, sandbox)
    first = letters.first
    first.get_by_text("What was tried").click()
    expect(first.locator(".dead-tries > li")).to_have_count(3)
    expect(first).to_contain_text("Load is being shed.")
    keep_screenshot(page, "dead-letters")
    first.get_by_role("button", name="Run again").click()
    expect(first).to_contain_text("Runs again as job_", timeout=TIMEOUT_MS)
    letters.nth(1).get_by_role("button", name="Set aside").click()
    expect(letters.nth(1)).to_contain_text("Set aside", timeout=TIMEOUT_MS)
    expect(page.get_by_text("0 waiting for a decision")).to_be_visible()
    page.get_by_role("link", name="Back to the canvas").click()
    expect(page.get_by_role("textbox", name="What do you want to make?")).to_be_visible(timeout=TIMEOUT_MS)
