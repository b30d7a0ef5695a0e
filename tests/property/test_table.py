"""A persistent table is a dict that keeps every version of itself, and copies and packs only what changed."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from events.table import CHUNK, Table

KEYS = st.integers(0, 99).map(str)
CHANGES = st.lists(st.dictionaries(KEYS, st.integers(), min_size=1, max_size=5), max_size=30)


@given(CHANGES)
def test_it_is_a_dict_and_its_older_versions_stay_what_they_were(changes: list[dict[str, int]]) -> None:
    plain: dict[str, int] = {}
    table: Table[int] = Table()
    versions = []
    for change in changes:
        plain = {**plain, **change}
        table = table.put(*next(iter(change.items()))) if len(change) == 1 else table.put_all(change)
        versions.append((table, plain))
    for kept, then in versions:
        assert dict(kept) == then
        assert list(kept) == list(then)
        assert [kept.place(key) for key in kept] == list(range(len(then)))
        assert pickle.loads(pickle.dumps(kept)) == kept


def packed(table: Table[int]) -> list[bytes]:
    """The pickled form of each chunk."""
    return [chunk.__reduce__()[1][0] for chunk in table.__reduce__()[1][1]]


@given(st.integers(1, 500), st.data())
def test_a_change_copies_one_chunk_whatever_the_size(size: int, data: st.DataObject) -> None:
    table = Table((str(n), n) for n in range(size))
    place = data.draw(st.integers(0, size - 1))
    after = table.put(str(place), -1)
    before_chunks, after_chunks = table.__reduce__()[1][1], after.__reduce__()[1][1]
    changed = [n for n, (one, other) in enumerate(zip(before_chunks, after_chunks, strict=True)) if one is not other]
    assert changed == [place // CHUNK]
    forms = zip(packed(table), packed(after), strict=True)
    assert [n for n, (one, other) in enumerate(forms) if one is not other] == changed


@given(st.integers(0, 500))
def test_a_new_key_leaves_all_full_chunks_as_they_are(size: int) -> None:
    table = Table((str(n), n) for n in range(size))
    after = table.put(str(size), -1)
    assert after == Table([*table.items(), (str(size), -1)])
    full = size // CHUNK
    assert all(one is other for one, other in zip(packed(table)[:full], packed(after)[:full], strict=True))
