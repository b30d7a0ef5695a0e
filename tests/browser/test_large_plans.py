"""A plan of a hundred steps on the canvas: it fills the window, its names are read, and the overview shows it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.test_canvas import LOAD_TIMEOUT_MS, keep_screenshot, nodes
from tests.canvas_play import player
from tests.platform import Core, post

pytestmark = [pytest.mark.browser, pytest.mark.servers]

STEPS = 100
LETTERS_MIN_PX = 7
MARK_MIN_PX = 3
"""Of a step in the overview."""


async def large_plan(core: Core) -> tuple[str, str]:
    """A key, and the session that it opens."""
    org = await core.new_org()
    async with core.client(org.member) as client:
        session = (await post(client, "/v1/sessions"))["session_id"]
        async with player(core, org.org_id, session) as play:
            said = await post(client, f"/v1/sessions/{session}/messages", {"text": "A hundred pictures"})
            await play.draft(said["message_id"], steps=STEPS)
    return org.member, session


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found is not None
    return found


def test_a_hundred_steps_are_read_without_a_hand_on_the_mouse(page: Page, core: Core) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        # In a thread of its own: Playwright's loop occupies this one.
        key, session = thread.submit(lambda: asyncio.run(large_plan(core))).result()
    page.goto(f"{core.url}/?s={session}")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Continue").click()
    expect(nodes(page)).to_have_count(STEPS, timeout=LOAD_TIMEOUT_MS)
    for node in (nodes(page).first, nodes(page).last):
        expect(node).to_be_in_viewport(ratio=0.5)
    title = nodes(page).first.locator(".step-title")
    expect(title).to_be_visible()
    zoomed = "one => one.getBoundingClientRect().width / one.offsetWidth"
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    letters = title.evaluate(size) * title.evaluate(zoomed)
    assert letters >= LETTERS_MIN_PX
    keep_screenshot(page, "hundred-steps")

    marks = page.locator(".react-flow__minimap-node")
    expect(marks).to_have_count(STEPS)
    assert all(min(box(mark)["width"], box(mark)["height"]) >= MARK_MIN_PX for mark in marks.all())
