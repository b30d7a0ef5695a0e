"""A job's input: what counts as a file, what is refused, and how wrong fields are named."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from commands.signing import asset_path
from events.assets import AssetRef
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec, Price
from gateway.http.identity import digest_of
from gateway.http.inputs import Inputs, priced
from gateway.http.problems import Problem
from gateway.routes.assets import byte_range, shown
from gateway.routes.jobs import public_address

SECRET = b"s" * 32
FILE = AssetRef(asset_id="ast_1", sha256="ab" * 32, bytes=7, media_type="image/png")
SCHEMA = {
    "type": "object",
    "required": ["prompt"],
    "additionalProperties": False,
    "properties": {
        "prompt": {"type": "string"},
        "image": {"type": "string", "x-media": "image"},
        "images": {"type": "array", "items": {"type": "string", "x-media": "image"}},
        "options": {"type": "object"},
    },
}
SPEC = ModelSpec(
    id="m",
    title="M",
    media_out=("image",),
    agent_type="image",
    input_schema=SCHEMA,
    price=Price(unit="run", amount=1),
    provider="p",
)


async def find(org_id: str, file_id: str) -> Mapping[str, Any] | None:
    known = {("org_A", "upl_1"): FILE.model_dump(exclude_none=True)}
    return known.get((org_id, file_id))


def inputs() -> Inputs:
    return Inputs(SECRET, find)


def signed(org_id: str) -> str:
    return asset_path(SECRET, org_id, FILE, now=time.time())


async def test_uploads_and_signed_addresses_become_assets() -> None:
    for value in ("upl_1", signed("org_A"), "https://studio.example" + signed("org_A")):
        found = await inputs().resolve("org_A", SPEC, {"prompt": "x", "image": value, "images": [value]})
        assert found["image"]["$asset"]["sha256"] == FILE.sha256
        assert found["images"][0]["$asset"]["asset_id"] == "ast_1"
        inputs().check(CurrentModel(model=SPEC, version=1), found)


@pytest.mark.parametrize(
    ("org_id", "value"),
    [
        ("org_B", "upl_1"),
        ("org_B", signed("org_A")),
        ("org_A", "/v1/assets/ast_1?exp=99999999999&sig=x.y"),
        ("org_A", "/v1/assets/ast_1"),
        ("org_A", "http://127.0.0.1/a.png"),
        ("org_A", "//elsewhere/a.png"),
        ("org_A", "data:image/png;base64,AA"),
        ("org_A", {"$asset": {"asset_id": "ast_1"}}),
    ],
)
async def test_files_of_others_and_from_elsewhere_are_refused(org_id: str, value: Any) -> None:
    with pytest.raises(Problem) as refused:
        await inputs().resolve(org_id, SPEC, {"prompt": "x", "image": value})
    assert refused.value.members["errors"][0]["pointer"] == "/input/image"


async def test_nobody_may_say_the_platforms_own_words() -> None:
    with pytest.raises(Problem):
        await inputs().resolve("org_A", SPEC, {"prompt": "x", "options": {"a": [{"$sealed": {}}]}})


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(Problem) as refused:
        inputs().check(CurrentModel(model=SPEC, version=1), {"image": 3, "options": [], "~a/b": 1})
    pointers = {error["pointer"] for error in refused.value.members["errors"]}
    assert pointers == {"/input/prompt", "/input/image", "/input/options", "/input/~0a~1b"}


def test_a_step_may_leave_fields_to_be_filled_from_others() -> None:
    inputs().check(CurrentModel(model=SPEC, version=1), {}, whole=False)
    with pytest.raises(Problem):
        inputs().check(CurrentModel(model=SPEC, version=1), {"other": 1}, whole=False)


def test_a_digest_knows_no_order_but_every_value() -> None:
    first = digest_of(SECRET, "org_A", {"a": 1, "b": [1, 2]})
    assert first == digest_of(SECRET, "org_A", {"b": [1, 2], "a": 1})
    others = {digest_of(SECRET, "org_A", {"a": 1, "b": [2, 1]}), digest_of(SECRET, "org_B", {"a": 1, "b": [1, 2]})}
    assert first not in others
    with pytest.raises(Problem):
        digest_of(SECRET, "org_A", {"a": 2**60})


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, (0, 10)),
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=10-", None),
        ("bytes=5-2", None),
        ("bytes=-0", None),
        ("bytes=0-1,4-5", (0, 10)),
        ("items=0-1", (0, 10)),
        ("bytes=-", (0, 10)),
    ],
)
def test_ranges(header: str | None, span: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == span


@pytest.mark.parametrize(
    ("media_type", "in_place"),
    [
        ("image/png", True),
        ("video/mp4", True),
        ("image/svg+xml", False),
        ("text/html; charset=x", False),
        ("a/b", False),
    ],
)
def test_what_could_run_is_never_shown(media_type: str, in_place: bool) -> None:
    assert shown(media_type) is in_place


@pytest.mark.parametrize("url", ["https://hooks.example.com/x", "http://8.8.8.8/x", "https://[2606:4700::1111]/"])
def test_public_addresses(url: str) -> None:
    assert public_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http://localhost./",
        "http://a.localhost/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://10.1.2.3/",
        "http://2852039166/",
        "http://0x7f.1/",
        "http://user@example.com/",
        "//example.com",
    ],
)
def test_addresses_that_cannot_be_public(url: str) -> None:
    with pytest.raises(Problem):
        public_address(url)


async def test_only_a_steps_input_may_refer_to_other_steps() -> None:
    values = {"prompt": "x", "image": "step:stp_X.1.s1", "images": ["upload:image_1"]}
    assert await inputs().resolve("org_A", SPEC, values, references=True) == values
    with pytest.raises(Problem):
        await inputs().resolve("org_A", SPEC, values)


def test_what_costs_more_than_all_money_is_refused() -> None:
    spec = SPEC.model_copy(update={"price": Price(unit="image", amount=10**6)})
    with pytest.raises(Problem) as refused:
        priced(spec, {"prompt": "x", "num_images": 10**15})
    assert refused.value.slug == "invalid-input"
