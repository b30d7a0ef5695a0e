"""What no document can hold never reaches a store: it would stop the projector for ever."""

from __future__ import annotations

from typing import Any

import bson
import pytest

from projections.documents import parsed
from projections.storable import INTEGER_MAX, unstorable
from tests.unit.projections.given import opened, sealed


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (INTEGER_MAX + 1, ()),
        ({"a\0": 1}, ()),
        ({"text": "x", "input": [{"x": [1, 2**64 - 1]}]}, ("input", 0, "x", 1)),
        ({"input": {"b\0": 1}}, ("input",)),
        ({"text": "x", "input": nested(200)}, ("input",)),
    ],
)
def test_what_no_document_can_hold_is_named(value: Any, path: tuple[str | int, ...]) -> None:
    found = unstorable(value)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize("value", [INTEGER_MAX, -INTEGER_MAX, {"$ref": "a\0b", "a.b": [None, True, 1.5]}, nested(80)])
def test_everything_else_goes_through(value: Any) -> None:
    assert unstorable(value) is None
    assert bson.decode(bson.encode({"input": [value]})) is not None


@pytest.mark.parametrize("words", ['{"seed": 18446744073709551615}', '{"a\\u0000": 1}'])
def test_an_input_that_a_model_made_up_stands_as_its_text(words: str) -> None:
    assert parsed(sealed(words), opened) == words
