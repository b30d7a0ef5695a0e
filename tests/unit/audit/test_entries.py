"""An entry is opened however JSON spells it, and not where two readers could take it for two entries."""

from __future__ import annotations

import orjson
import pytest

from events.credits.chain import GENESIS
from projections.audit.books import BadEntry
from projections.audit.entries import Opened, opened

ENTRY = {
    "org_id": "org_A",
    "seq": 7,
    "postings": [{"account": "spent", "amount": 1}],
    "prev_hash": GENESIS,
    "hash": "f" * 64,
}
VALUE = orjson.dumps(ENTRY)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"", b""), (b",", b" ,\n"), (b"org_A", b"\\u006frg_A"), (b'"spent"', b'"\\u0073pent"')],
    ids=["as it is written", "with spaces", "with an escape", "with an escape within"],
)
def test_any_spelling_of_it(old: bytes, new: bytes) -> None:
    data = {name: value for name, value in ENTRY.items() if name != "hash"}
    assert opened(VALUE.replace(old, new)) == Opened(data, "org_A", 7, "f" * 64)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":7', b'"seq":8,"seq":7'),
        (b'"seq":7', b'"s\\u0065q":8,"seq":7'),
        (b'"amount":1', b'"amount":9,"amount":1'),
        (b'"seq":7', b'"seq":7,"more":[{"a":{"b":1,"b":2}}]'),
        (b'"seq":7', b'"seq":7,"deep":' + b"[" * 1000 + b"]" * 1000),
        (b'"seq":7', b'"seq":7.0'),
        (b"f" * 64, b"F" * 64),
        (b"f" * 64, b"f" * 63),
        (b"0" * 64, b"0" * 65),
    ],
    ids=[
        "a member twice", "twice in two spellings", "twice in a posting", "twice deep within",
        "too deep to be looked at", "a number with a fraction", "capital letters in the hash", "a hash too short",
        "a hash before it too long",
    ],
)  # fmt: skip
def test_none_that_is_two(old: bytes, new: bytes) -> None:
    with pytest.raises(BadEntry) as refused:
        opened(VALUE.replace(old, new))
    assert refused.value.rule == "no entry"
