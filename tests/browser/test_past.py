"""The past of a plan on the page: dragged through, forked, compared, gone back to; and single steps that are asked."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_canvas import (
    LOAD_TIMEOUT_MS,
    PLAN_TIMEOUT_MS,
    RUN_TIMEOUT_MS,
    SENTENCE,
    Platform,
    ask,
    keep_screenshot,
    nodes,
    open_with_key,
)

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def run_the_sentence(page: Page) -> None:
    ask(page, SENTENCE)
    page.get_by_test_id("approval-bar").get_by_role("button", name="Approve and run").click(timeout=PLAN_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(3, timeout=RUN_TIMEOUT_MS)


def drag_to(page: Page, words: re.Pattern[str]) -> None:
    """From the beginning on, event by event, until these words stand there."""
    said, handle = page.get_by_test_id("happening"), page.get_by_role("slider", name="Moment")
    expect(said).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    handle.focus()
    handle.press("Home")
    for _ in range(int(handle.get_attribute("max") or "0")):
        if words.search(said.inner_text()):
            return
        handle.press("ArrowRight")
    assert words.search(said.inner_text())


def test_the_life_of_a_plan_is_dragged_through_and_forked(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    run_the_sentence(page)
    page.get_by_role("button", name="History").click()
    scrubber = page.get_by_test_id("scrubber")
    expect(page.get_by_test_id("happening")).to_have_text("Run 1: succeeded", timeout=LOAD_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(3, timeout=LOAD_TIMEOUT_MS)

    drag_to(page, re.compile("The plan was drafted"))
    expect(nodes(page)).to_have_count(0, timeout=LOAD_TIMEOUT_MS)
    chat = page.get_by_role("list", name="Conversation")
    expect(chat).to_contain_text(SENTENCE)
    expect(chat).not_to_contain_text("is done")
    expect(scrubber.get_by_role("button", name="Fork from here")).to_be_disabled()
    drag_to(page, re.compile("is done"))
    expect(nodes(page, "succeeded")).to_have_count(1, timeout=LOAD_TIMEOUT_MS)
    expect(scrubber).to_contain_text(re.compile("its job ended.*for this"))
    keep_screenshot(page, "past-1-scrubber")

    scrubber.get_by_role("button", name="Fork from here").click()
    bar = page.get_by_test_id("approval-bar")
    expect(bar).to_contain_text("2 steps (1 kept)", timeout=LOAD_TIMEOUT_MS)
    expect(chat).to_contain_text("is done")
    expect(nodes(page, "succeeded")).to_have_count(1, timeout=LOAD_TIMEOUT_MS)
    expect(nodes(page, "planned")).to_have_count(2)
    nodes(page).nth(2).get_by_role("button").first.click()
    page.get_by_role("checkbox", name="Ask me before this step runs").check()
    keep_screenshot(page, "past-2-fork")
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Approve and run").click()
    waiting = nodes(page, "awaiting_approval")
    expect(waiting).to_have_count(1, timeout=RUN_TIMEOUT_MS)
    waiting.get_by_role("button").first.click()
    answer = page.get_by_test_id("step-approval")
    expect(answer).to_be_visible()
    keep_screenshot(page, "past-3-step-approval")
    answer.get_by_role("button", name="Approve this step").click()
    expect(nodes(page, "succeeded")).to_have_count(3, timeout=RUN_TIMEOUT_MS)


def test_runs_are_compared_and_gone_back_to(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    run_the_sentence(page)
    picture = nodes(page).first.locator("img").get_attribute("src", timeout=LOAD_TIMEOUT_MS) or ""
    nodes(page).nth(1).get_by_role("button").first.click()
    page.get_by_role("button", name="Rerun from here").click()
    expect(nodes(page, "succeeded")).to_have_count(1, timeout=LOAD_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(3, timeout=RUN_TIMEOUT_MS)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Runs").click()
    runs = page.get_by_test_id("runs")
    expect(runs.locator(".run")).to_have_count(2, timeout=LOAD_TIMEOUT_MS)
    expect(runs.locator(".run.present")).to_have_attribute("data-run", "2")
    runs.get_by_role("checkbox", name="Compare run 1").check()
    runs.get_by_role("checkbox", name="Compare run 2").check()
    compared = page.get_by_test_id("compared")
    expect(compared.locator(".pair")).to_have_count(3, timeout=LOAD_TIMEOUT_MS)
    expect(compared.locator(".pair").first).to_contain_text("kept, not paid again")
    film = compared.locator(".pair").nth(1)
    expect(film).to_contain_text("local/motion")
    title = (compared.locator(".pair h3").first.inner_text()).split("\n")[0]
    for side in film.locator(".side").all():
        expect(side).to_contain_text(f"from “{title}”")
        expect(side.locator(".sent-file")).to_have_attribute("href", re.compile("^/v1/assets/ast_"))
    film.locator("dl").first.scroll_into_view_if_needed()
    keep_screenshot(page, "past-4-compare")

    runs.get_by_role("button", name="Go back to it").click()
    expect(runs.locator(".run.present")).to_have_attribute("data-run", "1", timeout=LOAD_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(3)
    assert (nodes(page).first.locator("img").get_attribute("src") or "").split("?")[0] == picture.split("?")[0]
    keep_screenshot(page, "past-5-rolled-back")
