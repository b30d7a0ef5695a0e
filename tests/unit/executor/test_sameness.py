"""Equal work is known again whatever stands around it; whatever a provider would do otherwise is other work."""

from __future__ import annotations

from typing import Any

import pytest

from processors.executor.sameness import same_work


def file(content: str, asset_id: str = "ast_1", media_type: str = "image/png") -> dict[str, Any]:
    return {"$asset": {"asset_id": asset_id, "sha256": content, "bytes": 9, "media_type": media_type}}


SAME = [
    ({"prompt": "a", "seed": 1}, {"seed": 1, "prompt": "a"}),
    ({"image": file("aa")}, {"image": file("aa", asset_id="ast_2")}),
    ({"images": [file("aa"), file("bb")]}, {"images": [file("aa", "ast_8"), file("bb", "ast_9")]}),
    ({"frames": {"first": file("aa"), "n": 1}}, {"frames": {"n": 1, "first": file("aa", "ast_2")}}),
    ({"strength": 1}, {"strength": 1.0}),
    ({"sizes": [1.0, 2]}, {"sizes": [1, 2.0]}),
]
OTHER = [
    ({"seed": 1}, {"seed": 2}),
    ({"seed": 1}, {}),
    ({"seed": 1}, {"seed": "1"}),
    ({"seed": 1}, {"seed": True}),
    ({"seed": None}, {}),
    ({"n": 1}, {"n": 2}),
    ({"strength": 1}, {"strength": 1.5}),
    ({"prompt": "a"}, {"prompt": "a "}),
    ({"prompt": "a"}, {"text": "a"}),
    ({"image": file("aa")}, {"image": file("bb")}),
    ({"images": [file("aa"), file("bb")]}, {"images": [file("bb"), file("aa")]}),
    ({"images": [file("aa")]}, {"images": file("aa")}),
    ({"image": file("aa")}, {"image": "aa"}),
    ({"sizes": [1, 2]}, {"sizes": [2, 1]}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_work(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert same_work("m", one) == same_work("m", other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_work(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert same_work("m", one) != same_work("m", other)


def test_another_model_does_other_work() -> None:
    assert same_work("m", {"prompt": "a"}) != same_work("n", {"prompt": "a"})
