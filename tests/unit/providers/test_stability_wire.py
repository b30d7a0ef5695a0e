"""Stability answers a medium, or JSON that holds one; both may be a refusal under a 200."""

from __future__ import annotations

from base64 import b64encode

import orjson
import pytest

from adapters.providers.stability.wire import ended
from processors.dispatcher.errors import BadResult
from processors.dispatcher.ports import Failed, InlineFile, Succeeded

JSON = {"content-type": "application/json; charset=utf-8"}


def told(**members: str) -> bytes:
    return orjson.dumps(members)


@pytest.mark.parametrize("member", ["image", "audio", "video"])
def test_a_medium_in_json_is_a_file(member: str) -> None:
    body = told(finish_reason="SUCCESS", **{member: b64encode(b"bytes").decode()})
    assert ended(JSON, body) == Succeeded((InlineFile(b"bytes"),))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "image/png", "finish-reason": "CONTENT_FILTERED"}, b"blurred"),
        (JSON, told(finish_reason="CONTENT_FILTERED", image="AAAA")),
    ],
)
def test_what_was_blurred_is_refused_and_charged(headers: dict[str, str], body: bytes) -> None:
    end = ended(headers, body)
    assert isinstance(end, Failed)
    assert (end.category, end.provider_charged) == ("content_policy", "yes")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>", told(message="come back later")])
def test_words_without_a_file_are_no_success(body: bytes) -> None:
    end = ended(JSON, body)
    assert isinstance(end, Failed)
    assert end.category == "contract"


def test_a_file_that_cannot_be_read_was_paid_for() -> None:
    with pytest.raises(BadResult):
        ended(JSON, told(finish_reason="SUCCESS", image="no base64!"))
