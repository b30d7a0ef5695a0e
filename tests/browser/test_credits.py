"""The credits view in a real browser, against the running platform: somebody who pays looks where it went."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_canvas import (
    LOAD_TIMEOUT_MS,
    PLAN_TIMEOUT_MS,
    RUN_TIMEOUT_MS,
    Platform,
    ask,
    credits_shown,
    keep_screenshot,
    nodes,
    open_with_key,
)

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def run_a_picture(page: Page) -> None:
    ask(page, "generate a product image")
    bar = page.get_by_test_id("approval-bar")
    bar.get_by_role("button", name="Approve and run").click(timeout=PLAN_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(1, timeout=RUN_TIMEOUT_MS)


def amounts(page: Page) -> dict[str, int]:
    """The balance that the view shows, in millicredits."""
    figure = page.get_by_test_id("balance-available")
    expect(figure).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    return {name: int(figure.get_attribute(f"data-{name}") or "") for name in ("available", "reserved", "spent")}


def test_what_a_step_cost_is_in_the_books_and_proven(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    before = credits_shown(page)
    run_a_picture(page)
    page.get_by_test_id("credits").click()
    expect(page.get_by_test_id("balance-available")).to_have_attribute("data-reserved", "0", timeout=LOAD_TIMEOUT_MS)
    shown = amounts(page)
    assert shown["available"] < before
    assert shown["spent"] >= before - shown["available"]

    rows = page.get_by_test_id("ledger-row")
    expect(rows.first).to_contain_text("Captured", timeout=LOAD_TIMEOUT_MS)
    expect(rows.nth(1)).to_contain_text("Reserved for")
    expect(page.get_by_test_id("recomputed")).to_have_text(
        re.compile(r"\b(\d+) of \1 lines on this page recomputed in your browser"), timeout=LOAD_TIMEOUT_MS
    )
    page.go_back()
    expect(nodes(page, "succeeded")).to_have_count(1, timeout=LOAD_TIMEOUT_MS)


def test_a_line_that_was_changed_on_its_way_is_told_loudly(page: Page, platform: Platform) -> None:
    def change_an_amount(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["items"][-1]["postings"][0]["amount"] += 1
        route.fulfill(response=answer, body=json.dumps(body))

    page.route("**/v1/credits/ledger?*", change_an_amount)
    open_with_key(page, platform, "/#/credits")
    expect(page.get_by_test_id("tampered")).to_contain_text("These books do not hold", timeout=LOAD_TIMEOUT_MS)
    expect(page.get_by_test_id("tampered")).to_contain_text("it was changed")
    expect(page.get_by_test_id("recomputed")).to_have_attribute("data-tone", "bad")


def test_the_view_fits_a_telephone(page: Page, platform: Platform) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_with_key(page, platform, "/#/credits")
    amounts(page)
    expect(page.get_by_test_id("ledger-row").first).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    expect(page.locator(".skeleton")).to_have_count(0, timeout=LOAD_TIMEOUT_MS)
    wider = "main => main.scrollWidth > main.clientWidth"
    assert not page.get_by_role("main", name="Credits").evaluate(wider)
    keep_screenshot(page, "credits-390")
