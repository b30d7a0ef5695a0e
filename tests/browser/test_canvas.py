"""The Canvas page in a real browser, against the running platform: a person makes something with it."""

import re
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect
from tenacity import Retrying, stop_after_delay, wait_fixed

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SENTENCE = "generate a product image, animate it into a 5-second video, and add a voiceover"
SCREENSHOTS = Path(__file__).parents[2] / "artifacts" / "screenshots"
PHONE = ViewportSize(width=390, height=844)
PLAN_TIMEOUT_MS = 60_000
RUN_TIMEOUT_MS = 120_000
LOAD_TIMEOUT_MS = 20_000


class Platform(Protocol):
    """What these tests need of the running platform."""

    @property
    def url(self) -> str: ...

    @property
    def api_key(self) -> str: ...

    @property
    def page_url(self) -> str: ...


def keep_screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def open_with_key(page: Page, platform: Platform, path: str = "/") -> None:
    page.goto(platform.url + path)
    page.get_by_label("API key").fill(platform.api_key)
    page.get_by_role("button", name="Continue").click()


def ask(page: Page, sentence: str) -> None:
    box = page.get_by_role("textbox", name="What do you want to make?")
    box.fill(sentence)
    box.press("Enter")


def nodes(page: Page, status: str | None = None) -> Locator:
    suffix = f"[data-status={status}]" if status else ""
    return page.locator(f"[data-testid=step-node]{suffix}")


def credits_shown(page: Page) -> int:
    mark = page.get_by_test_id("credits")
    expect(mark).to_be_visible(timeout=LOAD_TIMEOUT_MS)
    return int(mark.get_attribute("data-available") or "")


def wait_for_property(media: Locator, script: str) -> None:
    """Waits until the browser itself has read the file, not only been told of it.

    Asked from outside: the page's content security policy evaluates no strings, which `wait_for_function` would need.
    """
    for attempt in Retrying(stop=stop_after_delay(LOAD_TIMEOUT_MS / 1000), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert media.evaluate(script), script


def assert_three_results(page: Page) -> None:
    expect(nodes(page, "succeeded")).to_have_count(3, timeout=RUN_TIMEOUT_MS)
    canvas = page.get_by_role("main", name="Canvas")
    wait_for_property(canvas.locator("img").first, "image => image.complete && image.naturalWidth > 0")
    films = canvas.locator("video")
    expect(films).to_have_count(2)
    for film in films.all():
        wait_for_property(film, "video => Math.abs(video.duration - 5) < 0.5")
        assert "/v1/assets/" in (film.get_attribute("src") or "")


def test_a_sentence_becomes_three_files(page: Page, platform: Platform) -> None:
    page.goto(platform.page_url)
    before = credits_shown(page)
    keep_screenshot(page, "1-empty")
    assert "code=" not in page.url
    ask(page, SENTENCE)

    bar = page.get_by_test_id("approval-bar")
    expect(bar).to_contain_text(re.compile(r"3 steps.*credits"), timeout=PLAN_TIMEOUT_MS)
    expect(nodes(page)).to_have_count(3)
    keep_screenshot(page, "2-awaiting-approval")
    assert credits_shown(page) == before

    bar.get_by_role("button", name="Approve and run").click()
    expect(nodes(page, "running").or_(nodes(page, "succeeded")).first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    keep_screenshot(page, "3-running")
    assert_three_results(page)
    expect(page.get_by_test_id("notice").filter(has_text="Finished")).to_contain_text("spent")
    keep_screenshot(page, "4-finished")
    expect(page.get_by_test_id("credits")).to_have_attribute("data-reserved", "0", timeout=LOAD_TIMEOUT_MS)
    assert credits_shown(page) < before

    page.reload()
    assert_three_results(page)
    nodes(page).nth(2).get_by_role("button").first.click()
    inspector = page.get_by_test_id("inspector")
    expect(inspector).to_contain_text("local/voiceover")
    wait_for_property(inspector.locator("audio").first, "audio => audio.duration > 0.5")
    expect(inspector.get_by_role("link", name="Download").first).to_be_visible()
    keep_screenshot(page, "5-inspector")
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()
    on_a_phone(page)


def on_a_phone(page: Page) -> None:
    """The same plan on a narrow page: nothing stands before a step, and a film shows its picture until it is played."""
    page.set_viewport_size(PHONE)
    tools = page.get_by_role("button", name="History")
    expect(tools).to_be_visible()
    above_the_tools = "node => node.getBoundingClientRect().bottom"
    for attempt in Retrying(stop=stop_after_delay(LOAD_TIMEOUT_MS / 1000), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            top = tools.bounding_box()
            assert top is not None
            assert all(node.evaluate(above_the_tools) <= top["y"] for node in nodes(page).all())
    film = nodes(page).nth(1).locator("video")
    assert film.evaluate("video => video.controls") is False
    keep_screenshot(page, "6-phone")
    nodes(page).nth(1).get_by_role("button", name="Play").click()
    wait_for_property(film, "video => video.controls && video.currentTime > 0")


def test_a_rejected_plan_costs_nothing(page: Page, platform: Platform) -> None:
    open_with_key(page, platform)
    before = credits_shown(page)
    ask(page, "generate a product image")
    bar = page.get_by_test_id("approval-bar")
    bar.get_by_role("button", name="Reject").click(timeout=PLAN_TIMEOUT_MS)
    expect(bar).to_be_hidden(timeout=LOAD_TIMEOUT_MS)
    expect(nodes(page, "succeeded")).to_have_count(0)
    assert credits_shown(page) == before


def test_a_wrong_key_is_told_in_words(page: Page, platform: Platform) -> None:
    page.goto(platform.url)
    page.get_by_label("API key").fill("no-such-key")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("not accepted", timeout=LOAD_TIMEOUT_MS)
    expect(page.get_by_label("API key")).to_be_visible()


def test_a_session_of_nobody_is_told_in_words(page: Page, platform: Platform) -> None:
    open_with_key(page, platform, "/?s=ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    expect(page.get_by_role("alert")).to_contain_text("There is no such session", timeout=LOAD_TIMEOUT_MS)
