"""Where each part of a job's input came from: told of what the executor's wiring has really made."""

from __future__ import annotations

from typing import Any

import pytest

from events.assets import AssetRef
from events.canvas.plan_events import AgentType
from gateway.past.sent import Asked, differing, shown, sources
from processors.executor.material import Material, OpenedStep, Upstream
from processors.executor.wiring import wire
from tests.unit.executor.house import IMAGE, TEXT, VIDEO, spec

FILM = spec(
    "film",
    "video",
    "video",
    {
        "image": IMAGE,
        "end_frame": IMAGE,
        "prompt": TEXT,
        "duration": {"type": "integer"},
        "style": {"type": "string", "default": "bottle"},
        "options": {"type": "object", "properties": {"fps": {"type": "integer"}}},
    },
    "image",
    "style",
)
GALLERY = spec("gallery", "image", "image", {"images": {"type": "array", "items": IMAGE}, "prompt": TEXT}, "images")
VOICE = spec("voice", "speech", "video", {"text": TEXT, "video": VIDEO}, "text", "video")


def file(asset: str, media_type: str = "image/png", text: str | None = None) -> Material:
    return Material(AssetRef(asset_id=asset, sha256="0" * 64, bytes=1, media_type=media_type), text)


def told(model: Any, step: OpenedStep) -> dict[str, list[str]]:
    """Pointer → kinds and names, of the step wired to the model."""
    sent = wire(model, step)
    assert isinstance(sent, dict), sent
    asked = Asked(
        title=step.title,
        description=step.description,
        planned=step.input,
        uploads={one.asset.asset_id: label for label, one in step.uploads},
        texts=tuple((up.label, one.text) for up in step.upstream for one in up.outputs if one.text),
    )
    made = {one.asset.asset_id: up.label for up in step.upstream for one in up.outputs}
    return {
        one["pointer"]: [" ".join([source["kind"], source.get("name", "")]).strip() for source in one["from"]]
        for one in sources(sent, asked, made)
    }


def step(
    given: dict[str, Any], *before: Upstream, uploads: dict[str, Material] | None = None, kind: AgentType = "video"
) -> OpenedStep:
    return OpenedStep(kind, "A bottle", "Turn the bottle", given, before, tuple((uploads or {}).items()))


PICTURE = Upstream("stp_X.1.s1", (file("a"),))
WORDS = Upstream("stp_X.1.s2", (file("t", "text/plain", "It shines."),))


@pytest.mark.parametrize(
    ("model", "wired", "expected"),
    [
        (
            FILM,
            step({"duration_s": 5}, PICTURE, WORDS),
            {
                "/image": ["step s1"],
                "/prompt": ["description", "step s2"],
                "/duration": ["planned"],
                "/style": ["model"],
            },
        ),
        (
            FILM,
            step(
                {"image": "upload:image_1", "prompt": "Slowly", "options": {"fps": 24}}, uploads={"image_1": file("u")}
            ),
            {
                "/image": ["upload image_1"],
                "/prompt": ["planned"],
                "/options/fps": ["planned"],
                "/style": ["model"],
            },
        ),
        (
            GALLERY,
            step({}, PICTURE, Upstream("stp_X.1.s3", (file("b"), file("c"))), kind="image"),
            {
                "/images/0": ["step s1"],
                "/images/1": ["step s3"],
                "/images/2": ["step s3"],
                "/prompt": ["description"],
            },
        ),
        (
            VOICE,
            step({}, Upstream("stp_X.1.s1", (file("v", "video/mp4"),)), WORDS, kind="speech"),
            {"/text": ["step s2"], "/video": ["step s1"]},
        ),
        (
            VOICE,
            step({"script": "Meet it"}, Upstream("stp_X.1.s1", (file("v", "video/mp4"),)), kind="speech"),
            {"/text": ["planned"], "/video": ["step s1"]},
        ),
    ],
)
def test_each_part_of_what_was_sent_says_where_it_came_from(
    model: Any, wired: OpenedStep, expected: dict[str, list[str]]
) -> None:
    assert told(model, wired) == expected


def test_where_two_inputs_differ_is_told_place_by_place() -> None:
    def asset(name: str, content: str) -> dict[str, Any]:
        return {"$asset": {"asset_id": name, "sha256": content}}

    one = {"prompt": "x", "images": [asset("a", "1"), asset("b", "2")], "a/b": 1, "options": {"fps": 24}}
    other = {"prompt": "x", "images": [asset("copy", "1"), asset("b", "3")], "a/b": 2, "options": {}, "seed": 4}
    assert differing(one, other) == ["/images/1", "/a~1b", "/options/fps", "/seed"]
    assert differing(one, one) == differing("[erased]", None) == []


def test_an_erased_input_has_no_parts() -> None:
    assert sources("[erased]", Asked(planned="[erased]"), {}) == []
    assert shown("[erased]", dict) == "[erased]"
