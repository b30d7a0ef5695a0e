"""No address that the person has not written leaves in a field, however it is spelled; plain words stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.fitting.addresses import is_address, without_foreign
from processors.agents.fitting.fields import verify
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from tests.unit.agents.makers import TEXT, model, schema

FOREIGN = """
https://evil.test/x.png
http:/evil.com/x.png
http:evil.com/x
https:///evil.com
https:/\\evil.com
HTTP://EVIL
http://user@evil
//evil.com/x
evil.com/x.png
sub.evil.museum:8080/x
ftp.evil.com/x
ftp://evil/x
file:/etc/passwd
file:///etc/passwd
s3://bucket/key
gs:bucket/key
data:image/png;base64,AAAA
javascript:alert
blob:abc
\\\\evil\\share
/v1/assets/ast_9?sig=x
v1/assets/ast_9
/assets/ast_x
169.254.169.254/latest/meta-data
10.0.0.1:8080
localhost:9092
https%3A%2F%2Fevil.com
www.evil.example
""".strip().splitlines()

WORDS = """
a poster in 16:9, or 9/16
a fox and/or a cat, e.g. a red one
file: the one from before
the ratio is 1.5/2
version 5.1.2 of it
60 km/h at 3.5mm/2in
image_1.png beside step:s1
use upload:image_1
5 p.m./6 p.m.
https is a protocol, www is a word
node.js and asp.core
note: this is it
Well.Then it rains
mailto the director
a v1/2 split
""".strip().splitlines()


@pytest.mark.parametrize("address", FOREIGN)
def test_an_address_passes_in_no_field(address: str) -> None:
    rules: dict[str, Any] = {"prompt": TEXT, "hint": {"type": "string"}, "more": {"type": "object"}}
    spec = model("test/model", "image", ("image",), schema([], **rules))
    given_ = {"prompt": f"a fox, see {address} now", "hint": address, "more": {"a": [address], address: "x", "b": 1}}
    words = f"a fox like ({address})"
    values, flags, _ = verify(spec, PlannedStep("s1", "T", words, "image", input=given_), Known())
    assert values == {"prompt": "a fox, see now", "more": {"a": [], "b": 1}}
    assert {flag.partition(":")[0] for flag in flags} == {"foreign-address"}
    assert without_foreign(words, "")[1]


@pytest.mark.parametrize(
    "written", ["//2130706433/a", "/etc/passwd", "../../etc/passwd", "evil.example", "a fox", "https://evil.com/x"]
)
@pytest.mark.parametrize("kind", ["uri", "uri-reference"])
def test_in_a_field_for_addresses_nothing_passes_that_is_no_file(written: str, kind: str) -> None:
    """What takes a file is known for it; where anything else leads to nobody can tell."""
    spec = model("test/model", "image", ("image",), schema([], prompt=TEXT, hook={"type": "string", "format": kind}))
    step = PlannedStep("s1", "T", "a fox", "image", input={"prompt": "a fox", "hook": written})
    values, flags, _ = verify(spec, step, Known(said=written))
    assert values == {"prompt": "a fox"}
    assert flags == ("foreign-address:hook",)


@pytest.mark.parametrize("words", WORDS)
def test_plain_words_are_left_alone(words: str) -> None:
    assert without_foreign(words, "") == (words, False)
    assert not is_address(words)


@pytest.mark.parametrize(
    ("said", "written", "left"),
    [
        ("for https://good.com/abc", "for https://good.com/abc", "for https://good.com/abc"),
        ("for good.com", "for https://www.good.com/", "for https://www.good.com/"),
        ("for https://Good.com/abc.", "for good.com/abc", "for good.com/abc"),
        ("for https://good.com/abc", "for https://good.com/ab", "for"),
        ("for https://good.com/abc", "for https://g", "for"),
        ("for https://good.com/abc", "for https://good.com/abcd", "for"),
        ("for https://good.com/abc", "for https://good.com", "for"),
        ("for good.com.evil.test/x", "for good.com", "for"),
        ("for good.com", "for good.com.evil.test/x", "for"),
    ],
)
def test_only_the_very_address_that_the_person_wrote_is_theirs(said: str, written: str, left: str) -> None:
    assert without_foreign(written, said)[0] == left


@given(st.lists(st.sampled_from([*FOREIGN, *WORDS, "a fox"]), max_size=6).map(" , ".join))
def test_what_has_been_cleaned_is_clean(text: str) -> None:
    clean, _ = without_foreign(text, "")
    assert without_foreign(clean, "") == (clean, False)
    assert not any(address in clean for address in FOREIGN)


def test_long_words_cost_no_more_than_their_length() -> None:
    for piece in ("a.", "a-", "a", "%3", "1.", "//", "http:", "v1", "www."):
        assert len(without_foreign(piece * 20_000, "")[0]) <= len(piece) * 20_000
