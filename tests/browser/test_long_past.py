"""The past of a plan that was run often: dragged through to both of its ends, however long it is."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect
from tenacity import AsyncRetrying, stop_after_delay

from tests.browser.test_canvas import LOAD_TIMEOUT_MS, keep_screenshot, nodes
from tests.canvas_play import player
from tests.platform import Core, post

pytestmark = [pytest.mark.browser, pytest.mark.servers]

STEPS = 500
RUNS = 10
"""Each of which is begun and cancelled: two events a run, and one for each step."""
ENDS_MAX = 3
"""Pages of a history that are read to look at its ends."""
READ_WITHIN_S = 60
"""So many events are not in the read models at once."""


async def plan_with_a_long_past(core: Core) -> tuple[str, str, int]:
    """A key, the session that it opens, and how many events its plan has."""
    org = await core.new_org()
    async with core.client(org.member) as client:
        session = (await post(client, "/v1/sessions"))["session_id"]
        async with player(core, org.org_id, session) as play:
            said = await post(client, f"/v1/sessions/{session}/messages", {"text": "A long story"})
            plan_id = await play.draft(said["message_id"], steps=STEPS)
        verb = "approve"
        for _ in range(RUNS):
            await post(client, f"/v1/plans/{plan_id}/{verb}")
            stopped = await post(client, f"/v1/plans/{plan_id}/cancel")
            verb = "rerun"
        path, query = f"/v1/plans/{plan_id}/history", {"limit": "1", "after": stopped["position"]}
        async for attempt in AsyncRetrying(stop=stop_after_delay(READ_WITHIN_S), reraise=True):
            with attempt:
                answer = (await client.get(path, params=query)).raise_for_status()
        return org.member, session, int(answer.json()["total"])


def test_a_life_of_any_length_is_dragged_through(page: Page, core: Core) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        # In a thread of its own: Playwright's loop occupies this one.
        key, session, total = thread.submit(lambda: asyncio.run(plan_with_a_long_past(core))).result()
    assert total > 5_000
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/history?" in request.url else None)
    page.goto(f"{core.url}/?s={session}")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="History").click(timeout=LOAD_TIMEOUT_MS)
    scrubber, said = page.get_by_test_id("scrubber"), page.get_by_test_id("happening")
    handle = page.get_by_role("slider", name="Moment")

    expect(said).to_have_text(f"Run {RUNS}: cancelled", timeout=LOAD_TIMEOUT_MS)
    expect(scrubber).to_contain_text(f"Event {total:,} of {total:,}")
    expect(nodes(page, "cancelled").first).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    keep_screenshot(page, "past-6-long-end")
    handle.press("Home")
    expect(said).to_have_text("The plan was drafted", timeout=LOAD_TIMEOUT_MS)
    expect(scrubber.get_by_role("button", name="Fork from here")).to_be_disabled()

    assert len(asked) <= ENDS_MAX, "a life is not read whole to be looked at"

    box = handle.bounding_box()
    assert box is not None
    left, top, width = box["x"], box["y"] + box["height"] / 2, box["width"]
    page.mouse.move(left + 9, top)
    page.mouse.down()
    page.mouse.move(left + width * 0.6, top, steps=30)
    page.mouse.up()
    place = int(handle.input_value()) + 1
    assert total * 0.5 < place < total * 0.7
    expect(said).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    expect(scrubber).to_contain_text(f"Event {place:,} of {total:,}")
    expect(scrubber.get_by_role("button", name="Fork from here")).to_be_enabled(timeout=LOAD_TIMEOUT_MS)
    keep_screenshot(page, "past-7-long-middle")
