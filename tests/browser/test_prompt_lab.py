"""Prompt Lab in a real browser: an admin reads, changes, publishes and weighs prompts, and sees how they do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_canvas import keep_screenshot
from tests.browser.test_session import enter_key
from tests.canvas_play import player
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.browser, pytest.mark.servers]
TIMEOUT_MS = 20_000
CALLS = 24
TEXT = "You are the planner of a studio.\nAnswer with one JSON object.\nPlan the fewest steps."


async def org_with_history(core: Core) -> Org:
    """Two variants of the planner, each called in a session of its own: the brief one is the quicker."""
    org = await core.new_org()
    async with core.client(core.admin_key) as platform, core.client(org.admin) as admin:
        (await platform.put("/v1/prompts/planner/default", json={"text": TEXT, "weight": 100})).raise_for_status()
        for agent in ("validator", "writer"):
            (await platform.put(f"/v1/prompts/{agent}/default", json={"text": TEXT, "weight": 100})).raise_for_status()
        for text in (TEXT, TEXT.replace("fewest", "right")):
            own = await admin.put("/v1/prompts/planner/brief", json={"text": text, "weight": 30})
        for variant, ms in (("default", 4000), ("brief", 900)):
            session = (await post(admin, "/v1/sessions"))["session_id"]
            said = await post(admin, f"/v1/sessions/{session}/messages", {"text": "a fox", "approval": "assist"})
            async with player(core, org.org_id, session) as agents:
                for number in range(CALLS):
                    owner = "platform" if variant == "default" else org.org_id
                    call = await agents.call(f"cause-{number}", variant=variant, prompt_owner=owner, ms=ms + number)
                await agents.draft(said["message_id"], made_from=call)
                await agents.call("cause", agent="validator", error="timeout")
        read = await admin.get("/v1/prompts", params={"after": own.json()["position"]})
        assert read.is_success
    return org


def history(core: Core) -> Org:
    """In a thread of its own: Playwright's loop occupies this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(org_with_history(core))).result()


def open_lab(page: Page, core: Core, key: str) -> None:
    page.goto(core.url)
    enter_key(page, key)
    page.get_by_role("button", name="Sessions").click()
    page.get_by_role("link", name="Prompt Lab").click()


def test_an_admin_publishes_weighs_and_compares(page: Page, core: Core) -> None:
    org = history(core)
    open_lab(page, core, org.admin)
    variants = page.get_by_role("region", name="Variants")
    # Beside it are the platform's own, as many as others here have published.
    expect(variants.get_by_role("row", name="default").first).to_be_visible(timeout=TIMEOUT_MS)
    expect(variants.get_by_role("row", name="brief")).to_contain_text("100 %")

    # the text, and what would change
    text = page.get_by_role("textbox", name="Text of the prompt")
    expect(text).to_have_value(TEXT.replace("fewest", "right"), timeout=TIMEOUT_MS)
    publish = page.get_by_role("button", name="Publish version 3")
    expect(publish).to_be_disabled()
    text.fill(TEXT + "\nNever ask back.")
    page.get_by_role("button", name="Changes").press("Enter")
    expect(page.get_by_label("2 lines added, 1 removed")).to_be_visible()
    keep_screenshot(page, "prompt-lab-changes")
    publish.click()
    expect(variants.get_by_role("row", name="brief").get_by_role("cell").first).to_have_text("3", timeout=TIMEOUT_MS)
    expect(page.get_by_role("button", name="Publish version 4")).to_be_disabled(timeout=TIMEOUT_MS)

    # a variant of its own, from the platform's
    variants.get_by_role("button", name="default (platform)").click()
    expect(page.get_by_text("The platform's own.")).to_be_visible(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="New variant from this").click()
    page.get_by_label("Name").fill("patient")
    page.get_by_role("button", name="Publish as a new variant").click()
    patient = variants.get_by_role("row", name="patient")
    expect(patient).to_contain_text("0 %", timeout=TIMEOUT_MS)
    patient.get_by_role("textbox", name="Weight of patient").fill("90")
    expect(patient).to_contain_text("75 %")
    page.get_by_role("button", name="Apply weights").click()
    expect(page.get_by_role("button", name="Apply weights")).to_have_count(0, timeout=TIMEOUT_MS)
    expect(patient).to_contain_text("75 %", timeout=TIMEOUT_MS)

    # figures and what they prove
    figures = page.get_by_role("region", name="Figures of each variant")
    expect(figures.get_by_role("row", name="brief")).to_contain_text("24", timeout=TIMEOUT_MS)
    expect(figures.get_by_role("columnheader", name="Auto")).to_be_visible()
    expect(page.get_by_label("Comparisons")).to_contain_text("brief is better (p < 0.001, Mann-Whitney U test)")
    expect(page.get_by_label("Comparisons")).to_contain_text("Too few to tell: needs 20 of each")
    for theme in ("light", "dark"):
        page.locator(".credits-main").evaluate("main => main.scrollTo(0, 0)")
        keep_screenshot(page, f"prompt-lab-{theme}")
        page.get_by_label("Comparisons").scroll_into_view_if_needed()
        keep_screenshot(page, f"prompt-lab-figures-{theme}")
        if theme == "light":
            page.get_by_role("button", name="Switch to the dark theme").click()


def test_an_admin_is_told_which_prompts_only_the_platform_publishes(page: Page, core: Core) -> None:
    open_lab(page, core, history(core).admin)
    page.get_by_role("navigation", name="Agents").get_by_role("link", name="Writer").click()
    expect(page.get_by_text("only the platform can publish it")).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_text("The platform's own, for all organisations.")).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_role("button", name="New variant from this")).to_have_count(0)
    keep_screenshot(page, "prompt-lab-writer")


def test_a_member_is_told_that_it_takes_an_admin(page: Page, core: Core) -> None:
    open_lab(page, core, history(core).member)
    expect(page.get_by_role("alert")).to_contain_text("may not do that", timeout=TIMEOUT_MS)
