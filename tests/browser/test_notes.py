"""What a plan has not as it was asked for: the page says so before the yes, at the plan and at its step."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.test_canvas import PLAN_TIMEOUT_MS, Platform, ask, keep_screenshot, nodes, open_with_key

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PHONE = ViewportSize(width=390, height=844)
SENTENCE = "a 60 second video of a train, and a picture of a cat, then sharpen it"
TOO_LONG = "60 seconds are more than any model here makes, so it is made 30 seconds long"


def test_what_is_not_as_asked_is_told_before_the_yes(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    ask(page, SENTENCE)
    bar = page.get_by_test_id("approval-bar")
    notes = bar.get_by_test_id("plan-notes")
    expect(notes).to_contain_text("2 things to know first", timeout=PLAN_TIMEOUT_MS)
    expect(notes.get_by_role("listitem")).to_have_text([re.compile("left it as it is"), re.compile(TOO_LONG)])
    expect(bar.get_by_role("button", name="Approve and run")).to_be_visible()
    film = nodes(page).filter(has_text="train")
    expect(film.get_by_test_id("step-note")).to_contain_text(TOO_LONG)
    expect(film).not_to_contain_text(re.compile("60.second video", re.IGNORECASE))
    expect(page.get_by_test_id("step-note")).to_have_count(1)
    expect(page.get_by_label("Chat")).to_contain_text(TOO_LONG)
    keep_screenshot(page, "notes")

    film.get_by_role("button").first.click()
    expect(page.get_by_test_id("inspector")).to_contain_text(TOO_LONG)
    keep_screenshot(page, "notes-inspector")
    page.keyboard.press("Escape")

    page.set_viewport_size(PHONE)
    expect(notes).to_be_visible()
    yes = bar.get_by_role("button", name="Approve and run")
    expect(yes).to_be_in_viewport()
    keep_screenshot(page, "notes-phone")

    page.reload()
    expect(notes.get_by_role("listitem")).to_have_count(2)
