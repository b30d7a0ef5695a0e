"""The page against the real gateway: keys, files, messages, and what a reload brings back. No agents are needed."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.platform import Core

pytestmark = [pytest.mark.browser, pytest.mark.servers]

TIMEOUT_MS = 20_000


def member_key(core: Core) -> str:
    """In a thread of its own: Playwright's loop occupies this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(core.new_org())).result().member


def enter_key(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Continue").click()


def picture() -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "PNG")
    return FilePayload(name="logo.png", mimeType="image/png", buffer=file.getvalue())


def assert_conversation(page: Page) -> None:
    said = page.locator(".bubble.user:not(.pending)")
    expect(said).to_contain_text("animate image_1", timeout=TIMEOUT_MS)
    expect(said.get_by_role("link")).to_have_text("logo.png", timeout=TIMEOUT_MS)
    expect(page.get_by_role("status")).to_have_text("Live", timeout=TIMEOUT_MS)


def test_what_a_person_sent_is_there_after_a_reload(page: Page, core: Core) -> None:
    page.goto(core.url)
    enter_key(page, "no-such-key")
    expect(page.get_by_role("alert")).to_contain_text("not accepted", timeout=TIMEOUT_MS)
    enter_key(page, member_key(core))

    page.get_by_label("Files to add").set_input_files([picture()])
    expect(page.locator(".attachments .ready")).to_have_count(1, timeout=TIMEOUT_MS)
    box = page.get_by_role("textbox", name="What do you want to make?")
    box.fill("animate image_1")
    box.press("Enter")
    assert_conversation(page)

    page.reload()
    assert_conversation(page)
    page.get_by_role("button", name="Sessions").click()
    expect(page.locator(".session-list li")).to_have_count(1, timeout=TIMEOUT_MS)

    page.goto(f"{core.url}/?s=ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    expect(page.get_by_role("alert")).to_contain_text("There is no such session", timeout=TIMEOUT_MS)
