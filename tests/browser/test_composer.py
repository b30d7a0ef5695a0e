"""The composer's options: how a message is to be planned goes with it, and says when it is not as usual."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.test_canvas import keep_screenshot
from tests.browser.test_session import TIMEOUT_MS, enter_key, member_key
from tests.platform import Core

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PHONE = ViewportSize(width=390, height=844)


@pytest.mark.parametrize(("chosen", "sent"), [(None, "subagent"), ("With the plan", "full")])
def test_the_planner_may_choose_the_models_itself(page: Page, core: Core, chosen: str | None, sent: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(core.url)
    enter_key(page, member_key(core))
    options = page.get_by_label("Planning options")
    expect(options).to_be_visible(timeout=TIMEOUT_MS)
    if chosen is not None:
        options.click()
        choice = page.get_by_role("radio", name=chosen)
        choice.check()
        expect(page.get_by_role("group", name="When models are chosen")).to_be_in_viewport(ratio=1)
        keep_screenshot(page, "planning-options-phone")
        page.keyboard.press("Escape")
        expect(choice).to_be_hidden()
    box = page.get_by_role("textbox", name="What do you want to make?")
    box.fill("a fox")
    with page.expect_request(lambda request: request.url.endswith("/messages")) as asked:
        box.press("Enter")
    assert (asked.value.post_data_json or {})["mode"] == sent
