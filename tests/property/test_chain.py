"""The canonical form of the ledger is RFC 8785's, byte by byte, for everything that an entry may hold."""

from __future__ import annotations

import hashlib
import json
from typing import Any, get_args

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commands.orgs import ledger
from events.credits.chain import canonical, entry_hash
from events.credits.events import ENTRY_OF_KIND, EntryKind, LedgerEntry
from events.credits.state import Book
from events.model import MONEY_MAX
from events.registry import encode
from tests.specification import NOON

WORDS = st.text(max_size=40)
MONEY = st.integers(min_value=-MONEY_MAX, max_value=MONEY_MAX)
MEMBERS = {
    "org_id": WORDS,
    "seq": st.integers(min_value=1, max_value=MONEY_MAX),
    "entry_id": WORDS,
    "kind": st.sampled_from(get_args(EntryKind)),
    "at": WORDS,
    "postings": st.lists(st.fixed_dictionaries({"account": WORDS, "amount": MONEY}), max_size=6),
    "prev_hash": WORDS,
}
OPTIONAL = {
    "job_id": WORDS,
    "project_id": WORDS,
    "reason": WORDS,
    "uncollected": st.integers(min_value=0, max_value=MONEY_MAX),
}
ENTRIES = st.fixed_dictionaries(MEMBERS, optional=OPTIONAL)
CONTROLS = "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028\u2029\ufeff\uffff\U0001f600é\u0301'


@settings(max_examples=400)
@given(ENTRIES)
@example({"reason": CONTROLS, "seq": MONEY_MAX, "uncollected": -MONEY_MAX, "at": "\ue000\U00010000"})
def test_sorted_orjson_is_rfc_8785(data: dict[str, Any]) -> None:
    assert canonical(data) == rfc8785.dumps(data)
    assert json.loads(canonical(data)) == data


@pytest.mark.parametrize("amount", [MONEY_MAX + 1, -MONEY_MAX - 1, 2**64])
def test_an_integer_that_readers_do_not_keep_has_no_canonical_form(amount: int) -> None:
    with pytest.raises(TypeError):
        canonical({"amount": amount})


@pytest.mark.parametrize("kind", ["grant", "adjust"])
@given(amount=st.integers(min_value=1, max_value=MONEY_MAX), words=WORDS)
def test_an_entry_is_hashed_as_it_stands_on_the_log(kind: EntryKind, amount: int, words: str) -> None:
    """What any outsider recomputes from the record's bytes alone."""
    entry = ledger.add(Book(), NOON, org_id=words, entry_id=words, kind=kind, amount=amount, reason=words)
    on_the_log = json.loads(encode(entry))
    claimed = on_the_log.pop("hash")
    assert claimed == hashlib.sha256(b"0" * 64 + rfc8785.dumps(on_the_log)).hexdigest()
    assert claimed == entry_hash(entry.prev_hash, on_the_log)
    assert type(entry) is ENTRY_OF_KIND[kind]
    assert LedgerEntry.model_validate({**on_the_log, "hash": claimed}).postings == entry.postings
