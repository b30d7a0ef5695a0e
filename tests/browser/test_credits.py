"""The credits view in a real browser, against the running platform: somebody who pays looks where it went."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_canvas import (
    LOAD_TIMEOUT_MS,
    PLAN_TIMEOUT_MS,
    RUN_TIMEOUT_MS,
    SENTENCE,
    Platform,
    ask,
    credits_shown,
    keep_screenshot,
    nodes,
    open_with_key,
)
from tests.platform import Running
from tests.typing_line import credits_once, get, studio_json

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PROJECT = "Spring campaign"
SET_ASIDE = 40_000


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


def post(platform: Running, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid4().hex}
    answer = httpx.post(platform.url + path, json=body, headers=headers, timeout=60, trust_env=False)
    assert answer.is_success, answer.text
    content: dict[str, Any] = answer.json()
    return content


def operate(platform: Running, what: str, **body: Any) -> None:
    post(platform, f"/v1/admin/orgs/{platform.org_id}/{what}", body, platform.admin_key)


@pytest.fixture(scope="module")
def spent(platform: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A purchase, a project with credits of its own and a refunded picture, and the main sentence run to its files."""
    operate(platform, "credits", amount=250_000, kind="purchase", reason="invoice_2026_114")
    project = post(platform, "/v1/projects", {"name": PROJECT}, platform.api_key)["project_id"]
    operate(platform, "allocations", project_id=project, amount=SET_ASIDE, kind="allocate")
    body = {"model": "local/picture", "input": {"prompt": "a yellow watering can"}, "project_id": project}
    job_id = post(platform, "/v1/jobs", body, platform.api_key)["job_id"]
    assert get(platform, f"/v1/jobs/{job_id}?wait=60")["status"] == "succeeded"
    operate(platform, "refunds", job_id=job_id, reason="not_as_ordered")
    answer = studio_json(platform, "run", SENTENCE, "--out", str(tmp_path_factory.mktemp("files")))
    assert answer["status"] == "succeeded"
    credits_once(platform, reserved=0)
    return {**answer, "project_id": project, "job_id": job_id}


def rows(page: Page) -> Locator:
    return page.get_by_test_id("ledger-row")


def open_books(page: Page, platform: Platform) -> None:
    open_with_key(page, platform, "/#/credits")
    expect(rows(page).first).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    expect(page.locator(".skeleton")).to_have_count(0, timeout=LOAD_TIMEOUT_MS)


def test_the_balance_is_live_and_says_where_every_credit_is(
    page: Page, platform: Running, spent: dict[str, Any]
) -> None:
    open_books(page, platform)
    before = amounts(page)
    expect(page.get_by_test_id("balance")).to_contain_text(PROJECT)
    operate(platform, "credits", amount=1_500, kind="grant", reason="welcome")
    figure = page.get_by_test_id("balance-available")
    expect(figure).to_have_attribute("data-available", str(before["available"] + 1_500), timeout=LOAD_TIMEOUT_MS)
    expect(rows(page).first).to_contain_text("Credits granted", timeout=LOAD_TIMEOUT_MS)
    keep_screenshot(page, "credits-1-balance")


def test_spending_is_shown_by_day_model_and_project(page: Page, platform: Running, spent: dict[str, Any]) -> None:
    open_books(page, platform)
    spending = page.get_by_test_id("spending")
    for step in spent["steps"]:
        expect(spending).to_contain_text(step["model"])
    spending.get_by_role("button", name="By project").click()
    expect(spending).to_contain_text(PROJECT, timeout=LOAD_TIMEOUT_MS)
    expect(spending).to_contain_text("refunded")
    spending.scroll_into_view_if_needed()
    keep_screenshot(page, "credits-2-spending")


def test_the_history_is_searched_and_shown_as_of_a_time(page: Page, platform: Running, spent: dict[str, Any]) -> None:
    open_books(page, platform)
    search = page.get_by_role("searchbox")
    search.fill("words that nobody said")
    expect(page.get_by_text("No line fits.")).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    search.fill(f"local/voiceover captured {spent['steps'][-1]['job_id']}")
    expect(rows(page)).to_have_count(1, timeout=LOAD_TIMEOUT_MS)
    search.fill(spent["job_id"])
    expect(rows(page)).to_have_count(3, timeout=LOAD_TIMEOUT_MS)
    expect(rows(page).first).to_contain_text("Refunded")
    page.get_by_test_id("history").scroll_into_view_if_needed()
    keep_screenshot(page, "credits-3-search")
    page.get_by_role("button", name="Show everything").click()
    page.get_by_label("As of").fill("2026-01-01T00:00")
    expect(page.get_by_text("The books were still empty then.")).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    expect(page.get_by_test_id("balance-available")).to_have_attribute("data-available", "0")


def test_the_books_are_verified_to_the_newest_entry(page: Page, platform: Running, spent: dict[str, Any]) -> None:
    entries = get(platform, "/v1/audit/chain")["entries"]
    open_books(page, platform)
    page.get_by_role("button", name="Verify now").click()
    verified = page.get_by_test_id("verified")
    expect(verified).to_have_attribute("data-seq", str(entries), timeout=2 * LOAD_TIMEOUT_MS)
    expect(verified).to_contain_text(f"Verified to entry {entries}")
    expect(page.get_by_test_id("signature")).to_have_attribute("data-tone", "good", timeout=LOAD_TIMEOUT_MS)
    expect(page.get_by_test_id("recomputed")).to_have_attribute("data-tone", "good")
    keep_screenshot(page, "credits-4-verified")


def test_a_line_is_explained_back_to_the_words(page: Page, platform: Running, spent: dict[str, Any]) -> None:
    open_books(page, platform)
    page.locator("[data-testid=ledger-row][data-kind=capture]").first.get_by_role("link").click()
    panel = page.get_by_test_id("explain")
    stops = panel.get_by_test_id("path").locator("li")
    expect(stops.first).to_contain_text("add a voiceover", timeout=LOAD_TIMEOUT_MS)
    kinds = [stop.get_attribute("data-kind") for stop in stops.all()]
    for kind in ("message", "agent_call", "plan", "approval", "step", "job", "attempt", "provider_job", "file"):
        assert kind in kinds
    assert kinds[-1] == "entry"
    expect(panel.get_by_test_id("explain-job")).to_contain_text("Captured")
    expect(panel.get_by_test_id("siblings").locator("li")).to_have_count(2)
    expect(panel.locator(".skeleton")).to_have_count(0, timeout=LOAD_TIMEOUT_MS)
    keep_screenshot(page, "credits-5-explained")
    stops.last.scroll_into_view_if_needed()
    keep_screenshot(page, "credits-6-explained-end")
    page.set_viewport_size({"width": 1440, "height": 1240})
    page.get_by_role("main", name="Credits").evaluate("main => main.scrollTo(0, 0)")
    stops.first.scroll_into_view_if_needed()
    keep_screenshot(page, "credits-8-whole")


def test_a_statement_is_downloaded_for_a_spreadsheet_and_for_a_program(
    page: Page, platform: Running, spent: dict[str, Any], tmp_path: Path
) -> None:
    open_books(page, platform)
    found: dict[str, Any] = {}
    for format_, button in (("csv", "CSV"), ("json", "JSON")):
        page.get_by_role("button", name="Statement").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=button).click()
        keep_screenshot(page, "credits-7-statement")
        with page.expect_download() as downloading:
            dialog.get_by_role("button", name="Download").click()
        assert downloading.value.suggested_filename.endswith(f".{format_}")
        downloading.value.save_as(found.setdefault(format_, tmp_path / f"statement.{format_}"))
        expect(dialog).to_be_hidden()
    told = json.loads(found["json"].read_text())
    with found["csv"].open(newline="") as table:
        moved = [row for row in csv.DictReader(table) if row["record"] == "movement"]
    assert [row["hash"] for row in moved] == [one["hash"] for one in told["movements"]]
    assert told["closing"]["available"] == amounts(page)["available"]


def test_what_a_step_cost_is_in_the_books_and_proven(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    before = credits_shown(page)
    run_a_picture(page)
    page.get_by_test_id("credits").click()
    expect(page.get_by_test_id("balance-available")).to_have_attribute("data-reserved", "0", timeout=LOAD_TIMEOUT_MS)
    shown = amounts(page)
    assert shown["available"] < before
    assert shown["spent"] >= before - shown["available"]

    expect(rows(page).first).to_contain_text("Captured", timeout=LOAD_TIMEOUT_MS)
    expect(rows(page).nth(1)).to_contain_text("Reserved for")
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
