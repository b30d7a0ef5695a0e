"""Entries that are taken by their form lead to the books and faults that they lead to rule by rule, whatever was done
to them."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.credits.chain import GENESIS, canonical
from events.log.clients import Record
from events.topics import EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.usual import Usual
from projections.audit.verifier import Verifier
from tests import tampering
from tests.tampered_books import OF_THE_BOOKS
from tests.tampering import OF_THE_LOG, Records, Signer, Tampering

SPELLINGS = (
    (b'"amount":-', b'"amount":--'), (b'"amount":-', b'"amount":'), (b'"amount":', b'"amount":-'), (b"400", b"400.0"),
    (b"400", b"4e2"), (b"400", b"0400"), (b"400", b'"400"'), (b"400", b"399"), (b"300", b"301"), (b"100", b"99"),
    (b"400", b"true"), (b"400", b"9999999999999999"), (b'"available"', b'"spent"'), (b'"spent"', b'"available"'),
    (b'"available"', b'"project:prj_1"'), (b"project:prj_1", b"project:prj_2"), (b'"prj_1"', b'"prj_2"'),
    (b"available", b"\\u0061vailable"), (b"job_A", b"job_\\u0041"), (b"job_A", b"job_\xc3\x84"),
    (b"job_A", b"job_\xff"), (b"job_A", b"jobA"), (b"_A2", b"_A0"), (b"_A0", b"_A2"), (b"org_A", b"org_B"),
    (b'"reserve"', b'"release"'), (b'"capture"', b'"release"'), (b'"release"', b'"capture"'),
    (b".capture", b".release"), (b'"reason":"cancelled"', b'"reason":"failed"'), (b'"reason":"cancelled",', b""),
    (b'"at":', b'"reason":"x","at":'), (b'"at":', b'"uncollected":1,"at":'),
    (b'"at":', b'"project_id":"prj_1","at":'), (b'"project_id":"prj_1",', b""), (b'"at":', b'"more":1,"at":'),
    (b'"at":', b'"more":1.5,"at":'), (b'"seq":', b'"seq":1,"seq":'), (b'"amount"', b'"amount":1,"amount"'),
    (b'"amount"', b'"amount2":1,"amount"'), (b'"hash"', b'"hash":"","hash"'), (b",", b", "), (b"}", b"}\n"),
    (b"{", b"\n{"), (b'"postings":[', b'"postings":[[],'),
    (b'"postings":[{"account":"available","amount":-400},', b'"postings":['), (b"2026-01-01T12", b"2026-02-30T12"),
    (b"2026-01-01T12", b"2026-01-01T24"), (b"2026-01-01T12", b"2027-01-01T12"), (b"2026-01-01T12", b"2025-01-01T12"),
    (b"000+00:00", b"001+00:00"), (b".0", b",0"), (b"+00:00", b"Z"), (b'"job_id"', b'"job_ID"'), (b'"kind"', b'"at"'),
)  # fmt: skip
"""What stands in the place of what."""
HEADERS = (
    "ce_type", "ce_time", "ce_orgid", "ce_commandid", "ce_subject", "ce_streamversion", "ce_actor", "traceparent",
)  # fmt: skip
VALUES = (b"", b"1", b"org_B", b"com.aistudio.credits.released.v1", b"com.aistudio.credits.reserved.v1")
AT = st.integers(0, 10**6)
"""Of a record, a byte, a header: as far as there are so many."""


class Altered(list[Record]):
    """Shown as what the genuine history has not."""

    def __repr__(self) -> str:
        headers = {one.headers for one in genuine()}
        differ = [one for one in self if one not in genuine()]
        return repr([(one.offset, one.key, one.value, [] if one.headers in headers else one.headers) for one in differ])


@cache
def genuine() -> tuple[Record, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(tampering.signed(asyncio.run(tampering.history(Path(folder))), Signer()))


def verified(records: Records, *, by_form: bool) -> tuple[Any, ...]:
    """All that a verifier comes to."""
    faults: list[Fault] = []
    with Ever(EVENTS_CREDITS, EVENTS_JOBS) as ever:
        verifier = Verifier(faults.append, ever, by_form=by_form)
        verifier.learn_keys([one for one in records if one.topic not in (EVENTS_CREDITS, EVENTS_JOBS)])
        for one in records:
            verifier.take([one])
        verifier.take_again([one for one in records if one.topic == EVENTS_CREDITS])
        verifier.finish()
    return faults, verifier.books, verifier.sums, verifier.heads.proven, verifier.entries


@st.composite
def spellings(draw: st.DrawFn, value: bytes) -> bytes:
    old, new = draw(st.sampled_from([one for one in SPELLINGS if one[0] in value] or [(b"", b"")]))
    places = [found.start() for found in re.finditer(re.escape(old), value)]
    at = draw(st.sampled_from(places))
    return value[:at] + new + value[at + len(old) :]


@st.composite
def bytes_altered(draw: st.DrawFn, value: bytes) -> bytes:
    at = draw(AT) % (len(value) + 1)
    return value[:at] + draw(st.binary(max_size=3)) + value[at + draw(st.integers(0, 3)) :]


@st.composite
def headers_altered(draw: st.DrawFn, headers: Sequence[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    done, at = list(headers), draw(AT) % len(headers)
    match draw(st.sampled_from(["drop", "twice", "swap", "another", "one more", "again"])):
        case "drop":
            del done[at]
        case "twice":
            done.insert(draw(AT) % len(done), done[at])
        case "swap":
            other = draw(AT) % len(done)
            done[at], done[other] = done[other], done[at]
        case "another":
            done[at] = done[at][0], draw(st.sampled_from(VALUES))
        case "again":
            done[at] = draw(st.sampled_from(HEADERS)), done[at][1]
        case _:
            done.insert(draw(AT) % (len(done) + 1), (draw(st.sampled_from(HEADERS)), draw(st.sampled_from(VALUES))))
    return tuple(done)


@st.composite
def altered(draw: st.DrawFn) -> Altered:
    """The genuine history after up to four alterations, with its chains hashed anew or not."""
    records = list(genuine())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.sampled_from([n for n, one in enumerate(records) if one.topic == EVENTS_CREDITS]))
        one = records[at]
        match draw(st.sampled_from(["spell", "spell", "bytes", "headers", "key", "drop", "twice", "swap", "none"])):
            case "spell":
                records[at] = replace(one, value=draw(spellings(one.value or b"")))
            case "bytes":
                records[at] = replace(one, value=draw(bytes_altered(one.value or b"")))
            case "headers":
                records[at] = replace(one, headers=draw(headers_altered(one.headers)))
            case "key":
                records[at] = replace(one, key=draw(st.sampled_from([None, b"", b"org_B"])))
            case "drop":
                del records[at]
            case "twice":
                records.insert(at, one)
            case "swap":
                records[at], records[at - 1] = records[at - 1], one
            case _:
                records[at] = replace(one, value=None)
    return Altered(hashed_anew(records) if draw(st.booleans()) else records)


def hashed_anew(records: Records) -> list[Record]:
    """Links and hashes that hold, in the spelling that the entries have."""
    heads: dict[Any, str] = {}
    done = []
    for one in records:
        value = one.value or b""
        prev = heads.get(one.key, GENESIS)
        value = re.sub(rb'"prev_hash":"\w{64}"', b'"prev_hash":"%b"' % prev.encode(), value)
        try:
            data = orjson.loads(value)
            del data["hash"]
            told = sha256(data["prev_hash"].encode() + canonical(data)).hexdigest()
        except (KeyError, TypeError, ValueError, AttributeError):
            done.append(one)
            continue
        heads[one.key] = told
        done.append(replace(one, value=re.sub(rb'"hash":"\w{64}"', b'"hash":"%b"' % told.encode(), value)))
    return done


@given(altered())
def test_by_its_form_as_rule_by_rule(records: Altered) -> None:
    assert verified(records, by_form=True) == verified(records, by_form=False)


def usual_at() -> int:
    """Where the last entry of a job stands."""
    return max(n for n, one in enumerate(genuine()) if b'"kind":"capture"' in (one.value or b""))


@pytest.mark.parametrize("value", [None, b"", b"1", b"org_B", b"com.aistudio.credits.reserved.v1"])
@pytest.mark.parametrize("name", [name for name in HEADERS if name not in ("ce_actor", "traceparent")])
def test_each_header_counts(name: str, value: bytes | None) -> None:
    """Another value, or none, in the one header: both ways find it."""
    records, at = list(genuine()), usual_at()
    headers = {header: was for header, was in records[at].headers if header != name or value is not None}
    records[at] = replace(records[at], headers=tuple({**headers, **({} if value is None else {name: value})}.items()))
    by_form, by_rule = verified(records, by_form=True), verified(records, by_form=False)
    assert by_form == by_rule
    assert by_form != verified(genuine(), by_form=True)


@pytest.mark.parametrize("time", ["02-30T12:00:00", "13-01T12:00:00", "02-01T24:00:00", "02-01T12:60:00"])
def test_a_time_is_one_of_the_calendar(time: str) -> None:
    """Entry and record say the same, and the hash is right."""
    records, at = list(genuine()), usual_at()
    headers = {**dict(records[at].headers), "ce_time": f"2026-{time}.001Z".encode()}
    value = re.sub(rb'"at":"[^"]+"', f'"at":"2026-{time}.001002+00:00"'.encode(), records[at].value or b"")
    records[at] = replace(records[at], value=value, headers=tuple(headers.items()))
    by_form, by_rule = verified(hashed_anew(records), by_form=True), verified(hashed_anew(records), by_form=False)
    assert by_form == by_rule
    assert "time" in {fault.rule for fault in by_form[0]}


@pytest.mark.parametrize(
    ("kind", "old", "new", "rule"),
    [
        (b"capture", b'"project:prj_1"', b'"available"', "source"),
        (b"release", b'"available"', b'"spent"', "shape"),
        (b"capture", b'"amount":-400', b'"amount":-401', "sum"),
    ],
    ids=["the rest goes elsewhere", "a release spends", "amounts that do not add up"],
)
def test_where_the_money_of_an_end_goes(kind: bytes, old: bytes, new: bytes, rule: str) -> None:
    """The hash is right."""
    records = list(genuine())
    at = next(n for n, one in enumerate(records) for v in [one.value or b""] if b'"kind":"%b"' % kind in v and old in v)
    records[at] = replace(records[at], value=(records[at].value or b"").replace(old, new))
    by_form, by_rule = verified(hashed_anew(records), by_form=True), verified(hashed_anew(records), by_form=False)
    assert by_form == by_rule
    assert rule in {fault.rule for fault in by_form[0]}


def test_a_second_spelling_is_not_what_is_hashed() -> None:
    """Somebody takes the text as it stands for canonical."""
    reserve = tampering.of_job(genuine(), "job_A10", "reserved", EVENTS_CREDITS)
    value = (reserve.value or b"").replace(b"job_A", b"job_\\u0041").replace(b"ent_A", b"ent_\\u0041")
    members = sorted(re.findall(rb'"\w+":(?:"[^"]*"|\d+|\[.*?\])', value.replace(b'"hash":', b"")))
    told = sha256(orjson.loads(value)["prev_hash"].encode() + b"{" + b",".join(members) + b"}").hexdigest()
    spelt = replace(reserve, value=re.sub(rb'"hash":"\w+"', f'"hash":"{told}"'.encode(), value))
    records = tampering.put(genuine(), reserve, spelt)
    by_form, by_rule = verified(records, by_form=True), verified(records, by_form=False)
    assert by_form == by_rule
    assert "hash" in {fault.rule for fault in by_form[0]}


def test_a_live_job_reserves_once() -> None:
    reserve = tampering.of_job(genuine(), "job_A7", "reserved", EVENTS_CREDITS)
    records = tampering.rehashed(tampering.put(genuine(), reserve, reserve, reserve))
    by_form, by_rule = verified(records, by_form=True), verified(records, by_form=False)
    assert by_form == by_rule
    assert "reserved twice" in {fault.rule for fault in by_form[0]}


@pytest.mark.parametrize("one", [*OF_THE_LOG, *OF_THE_BOOKS], ids=lambda one: one.name)
def test_tampering_is_found_in_the_same_words(one: Tampering) -> None:
    records = one.do(genuine())
    assert verified(records, by_form=True) == verified(records, by_form=False)


def test_the_entries_of_jobs_are_taken_by_their_form() -> None:
    """But for those that left something uncollected."""
    faults: list[Fault] = []
    with Ever(EVENTS_CREDITS, EVENTS_JOBS) as ever:
        verifier = Verifier(faults.append, ever)
        usual = Usual(verifier.books, verifier.heads, verifier.pairs, ever)
        for one in [one for one in genuine() if one.topic == EVENTS_CREDITS]:
            data = orjson.loads(one.value or b"")
            wanted = data.get("kind") in ("reserve", "capture", "release") and "uncollected" not in data
            assert usual.enter(one) is wanted
            if not wanted:
                verifier.take([one])
    assert faults == []
