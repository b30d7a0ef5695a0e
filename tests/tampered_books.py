"""What could be done to books and jobs so that the chain holds still: each kind of it, and the rule that finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from events.credits.chain import entry_hash
from events.log.clients import Record
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS, EVENTS_JOBS
from tests.tampering import OTHER, Records, Tampering, entries, nth, of_job, put, rehashed, rewritten, time_of, twice


def _take_too_much(records: Records) -> Records:
    return rehashed(put(records, nth(records, 0), rewritten(nth(records, 0), postings=twice(1))))


def _unbalanced(records: Records) -> Records:
    postings = [{"account": "available", "amount": 1_000_000}]
    return rehashed(put(records, nth(records, 0), rewritten(nth(records, 0), postings=postings)))


def _fraction(records: Records) -> Records:
    postings = [{"account": "available", "amount": 1000.0}, {"account": "external", "amount": -1000.0}]
    return rehashed(put(records, nth(records, 0), rewritten(nth(records, 0), postings=postings)))


def _other_key(records: Records) -> Records:
    old = nth(records, 2)
    return put(records, old, replace(old, key=OTHER.encode()))


def _other_topic(records: Records) -> Records:
    old = nth(records, 2)
    return put(records, old, replace(old, topic="events.credit"))


def _captured_less(records: Records) -> Records:
    end = of_job(records, "job_A0", "succeeded")
    return put(records, end, rewritten(end, captured=1))


def _without(job: str, name: str, topic: str = EVENTS_JOBS) -> Callable[[Records], Records]:
    return lambda records: put(records, of_job(records, job, name, topic))


def _capture_again(records: Records) -> Records:
    capture = of_job(records, "job_A0", "captured", EVENTS_CREDITS)
    return rehashed(put(records, nth(records, -1), nth(records, -1), capture))


def _reserve_again(records: Records) -> Records:
    """Years later the whole job once more, each event of it genuine in itself."""
    again = [one for one in records if one.topic != EVENTS_CHECKPOINTS and _of(one) == "job_A0"]
    again = [one for one in again if ("ce_type", b"com.aistudio.credits.refunded.v1") not in one.headers]
    again = [one for one in again if ("ce_type", b"com.aistudio.jobs.refunded.v1") not in one.headers]
    at = max(index for index, one in enumerate(records) if one.topic != EVENTS_CHECKPOINTS) + 1
    return rehashed([*records[:at], *again, *records[at:]])


def _of(one: Record) -> str | None:
    job = orjson.loads(one.value).get("job_id")
    return None if job is None else str(job)


def _refund_more(records: Records) -> Records:
    entry, event = of_job(records, "job_A0", "refunded", EVENTS_CREDITS), of_job(records, "job_A0", "refunded")
    postings = [{"account": "spent", "amount": -301}, {"account": "available", "amount": 301}]
    return rehashed(put(put(records, entry, rewritten(entry, postings=postings)), event, rewritten(event, amount=301)))


def _altered(kind: str, n: int = 0, **members: Any) -> Callable[[Records], Records]:
    """Members of the nth entry of a kind, and the chain made anew."""

    def do(records: Records) -> Records:
        old = [one for one in entries(records) if orjson.loads(one.value)["kind"] == kind][n]
        return rehashed(put(records, old, rewritten(old, **members)))

    return do


def _malformed(**members: Any) -> Callable[[Records], Records]:
    return lambda records: put(records, nth(records, 1), rewritten(nth(records, 1), **members))


def _more_in_a_posting(records: Records) -> Records:
    """As if it were of another currency."""
    postings = [one | {"unit": "other"} for one in twice(5_000)]
    return rehashed(put(records, nth(records, 0), rewritten(nth(records, 0), postings=postings)))


def _nothing(records: Records) -> Records:
    return put(records, nth(records, 1), replace(nth(records, 1), value=b"null"))


def _with_headers(one: Record, **headers: str) -> Record:
    changed = tuple((name, headers[name].encode() if name in headers else value) for name, value in one.headers)
    return replace(one, headers=changed)


def _headers_of_entry(**headers: str) -> Callable[[Records], Records]:
    return lambda records: put(records, nth(records, 1), _with_headers(nth(records, 1), **headers))


def _headers_of_job(job: str, **headers: str) -> Callable[[Records], Records]:
    """Of all events of a job."""
    return lambda records: [
        _with_headers(one, **headers) if one.topic == EVENTS_JOBS and _of(one) == job else one for one in records
    ]


def _jobs_under_other_key(records: Records) -> Records:
    return [
        replace(one, key=OTHER.encode()) if one.topic == EVENTS_JOBS and _of(one) == "job_A0" else one
        for one in records
    ]


def _type_of_event(job: str, name: str, type_: str) -> Callable[[Records], Records]:
    def do(records: Records) -> Records:
        old = of_job(records, job, name)
        return put(records, old, _with_headers(old, ce_type=f"com.aistudio.jobs.{type_}"))

    return do


def _refunded(records: Records, job: str, *, after: Record, version: int, **members: Any) -> Records:
    """A refund of 100 to `available`, both halves of it, behind a record."""
    entry, event = of_job(records, "job_A0", "refunded", EVENTS_CREDITS), of_job(records, "job_A0", "refunded")
    same = {"job_id": job, "entry_id": "ent_forged"}
    data = orjson.loads(entry.value) | same | {"at": f"{time_of(after)[:23]}000+00:00"} | members
    data = {name: value for name, value in data.items() if value is not None}
    moment = {"ce_commandid": "cmd_forged", "ce_time": time_of(after)}
    money = _with_headers(replace(entry, value=orjson.dumps(data)), **moment)
    told = _with_headers(rewritten(event, **same), ce_subject=job, ce_streamversion=str(version), **moment)
    return rehashed(put(records, after, after, money, told))


def _refund_around_the_project(records: Records) -> Records:
    """A project paid and its allocation is open: the entry names no project, and `available` gets it."""
    capture = of_job(records, "job_A2", "captured", EVENTS_CREDITS)
    return _refunded(records, "job_A2", after=capture, version=5)


def _reserve_around_the_project(records: Records) -> Records:
    """`available` pays and is paid back, both halves say so, and the allocation is open."""
    accepted = of_job(records, "job_A2", "accepted")
    there = [{"account": "available", "amount": -400}, {"account": "reserved:job_A2", "amount": 400}]
    back = [("reserved:job_A2", -400), ("spent", 300), ("available", 100)]
    again = put(records, accepted, rewritten(accepted, paid_from="available"))
    reserve = of_job(again, "job_A2", "reserved", EVENTS_CREDITS)
    again = put(again, reserve, rewritten(reserve, postings=there))
    capture = of_job(again, "job_A2", "captured", EVENTS_CREDITS)
    postings = [{"account": account, "amount": amount} for account, amount in back]
    return rehashed(put(again, capture, rewritten(capture, postings=postings)))


def _refund_too_early(records: Records) -> Records:
    """Before the job has ended; its later events are numbered anew."""
    dispatched, end = of_job(records, "job_A2", "dispatched"), of_job(records, "job_A2", "succeeded")
    early = _refunded(records, "job_A2", after=dispatched, version=4, project_id="prj_1")
    return put(early, end, _with_headers(end, ce_streamversion="5"))


def _refund_to_another(records: Records) -> Records:
    """One organisation is refunded what another one's job has captured."""
    entry, event = of_job(records, "job_A0", "refunded", EVENTS_CREDITS), of_job(records, "job_A0", "refunded")
    last = entries(records, OTHER)[-1]
    before = orjson.loads(last.value)
    same = {"org_id": OTHER, "entry_id": "ent_forged"}
    data = orjson.loads(entry.value) | same
    data |= {"seq": before["seq"] + 1, "prev_hash": before["hash"], "at": before["at"]}
    del data["hash"]
    data["hash"] = entry_hash(before["hash"], data)
    moment = {"ce_commandid": "cmd_forged", "ce_time": time_of(last), "ce_orgid": OTHER}
    money = _with_headers(
        replace(entry, key=OTHER.encode(), value=orjson.dumps(data)),
        ce_subject=OTHER, ce_streamversion=str(data["seq"]), **moment,
    )  # fmt: skip
    told = replace(_with_headers(rewritten(event, **same), ce_streamversion="6", **moment), key=OTHER.encode())
    return put(records, last, last, money, told)


def _another_job_behind(records: Records) -> Records:
    """Whoever reads the whole finds the last of two members of one name."""
    old = of_job(records, "job_A0", "dispatched")
    return put(records, old, replace(old, value=old.value[:-1] + b',"job_id":"job_Z"}'))


def _grant_again(records: Records) -> Records:
    """The very same decision once more, at the time of the entry before."""
    one, before = nth(records, 0), nth(records, 4)
    at = orjson.loads(before.value)["at"]
    again = _with_headers(rewritten(one, at=at), ce_time=time_of(before))
    return rehashed(put(records, before, before, again))


def _grant_of_a_decision_again(records: Records) -> Records:
    """Under an id of its own, and one command."""
    again = _grant_again(records)
    copy = next(one for one in entries(again)[1:] if orjson.loads(one.value)["entry_id"] == "ent_0")
    return rehashed(put(again, copy, rewritten(copy, entry_id="ent_forged")))


def _beyond_the_maximum(records: Records) -> Records:
    first, last = nth(records, 0), nth(records, -1)
    at = orjson.loads(last.value)["at"]
    most = [
        _with_headers(
            rewritten(first, entry_id=f"ent_{n}x", at=at, postings=twice(2**53 - 1)),
            ce_time=time_of(last), ce_commandid=f"cmd_{n}x",
        )
        for n in range(2)
    ]  # fmt: skip
    return rehashed(put(records, last, last, *most))


def _other_project(records: Records) -> Records:
    accepted = of_job(records, "job_A2", "accepted")
    return put(records, accepted, rewritten(accepted, project_id="prj_OTHER"))


def _both_uncollected(records: Records) -> Records:
    """Something is said to be uncollected although the reservation was not used up."""
    capture, end = of_job(records, "job_A0", "captured", EVENTS_CREDITS), of_job(records, "job_A0", "succeeded")
    capture_, end_ = rewritten(capture, uncollected=5), rewritten(end, uncollected=5)
    return rehashed(put(put(records, capture, capture_), end, end_))


def _end_twice(records: Records) -> Records:
    end = of_job(records, "job_A0", "succeeded")
    return put(records, end, end, of_job(records, "job_A3", "cancelled"), end)


def _forge_signature(records: Records) -> Records:
    last = next(one for one in reversed(records) if one.topic == EVENTS_CHECKPOINTS)
    return put(records, last, rewritten(last, hash="0" * 64))


OF_THE_BOOKS = (
    Tampering("forge a checkpoint", _forge_signature, "checkpoint"),
    Tampering("more spent than there was", _take_too_much, "negative"),
    Tampering("a sum that is not 0", _unbalanced, "sum"),
    Tampering("an amount with a fraction", _fraction, "amount"),
    Tampering("a topic of another name", _other_topic, "topic"),
    Tampering("an entry under another's key", _other_key, "envelope"),
    Tampering("a job that says less was captured", _captured_less, "job and money differ"),
    Tampering("drop a job's end", _without("job_A0", "succeeded"), "half a decision"),
    Tampering("drop a job's acceptance", _without("job_A0", "accepted"), "not live"),
    Tampering("drop an attempt", _without("job_A0", "dispatched"), "job version"),
    Tampering("a job that ends twice", _end_twice, "not live"),
    Tampering("capture again", _capture_again, "no reservation"),
    Tampering("the whole job again", _reserve_again, "once"),
    Tampering("refund more than was captured", _refund_more, "once"),
    Tampering("refund around the project that paid", _refund_around_the_project, "source"),
    Tampering("reserve around the project that pays", _reserve_around_the_project, "source"),
    Tampering("refund before the job has ended", _refund_too_early, "live still"),
    Tampering("refund one for another's job", _refund_to_another, "once"),
    Tampering("a job of another project than its money", _other_project, "job and money differ"),
    Tampering("a capture of another project", _altered("capture", 1, project_id="prj_2"), "account"),
    Tampering("a release of another project", _altered("release", project_id="prj_2"), "project"),
    Tampering("a grant again", _grant_again, "entered twice"),
    Tampering("a grant of one command again", _grant_of_a_decision_again, "entered twice"),
    Tampering("an entry of a job under another id", _altered("reserve", entry_id="ent_x"), "entry id"),
    Tampering("more credits than can be kept", _beyond_the_maximum, "amount"),
    Tampering("a job's events under another subject", _headers_of_job("job_A0", ce_subject="job_Z"), "envelope"),
    Tampering("a job's events of another organisation", _headers_of_job("job_A0", ce_orgid=OTHER), "envelope"),
    Tampering("a job's events under another key", _jobs_under_other_key, "envelope"),
    Tampering("an event that names another job at its end", _another_job_behind, "envelope"),
    Tampering("an event of an unknown version", _type_of_event("job_A0", "succeeded", "succeeded.v999"), "type"),
    Tampering("an event of an unknown type", _type_of_event("job_A0", "dispatched", "blah.v1"), "type"),
    Tampering("drop a live job's queueing", _without("job_A7", "queued"), "half a decision"),
    Tampering("drop the replay of a dead job", _without("job_A6", "replayed"), "half a decision"),
    Tampering("an adjustment clamped without need", _altered("adjust", uncollected=999), "uncollected"),
    Tampering("a grant clamped", _altered("grant", uncollected=5), "uncollected"),
    Tampering("a clamp that is no amount", _altered("refund", uncollected=-5), "uncollected"),
    Tampering("a clamp that is text", _altered("refund", uncollected="abc"), "uncollected"),
    Tampering("a refund clamped without need", _altered("refund", uncollected=5), "uncollected"),
    Tampering("a capture clamped without need", _both_uncollected, "uncollected"),
    Tampering("an entry of no time", _altered("adjust", at="yesterday"), "time"),
    Tampering("an entry of a time that is a number", _altered("adjust", at=5), "no entry"),
    Tampering("a record of another time", _headers_of_entry(ce_time="2006-01-01T00:00:00.000Z"), "envelope"),
    Tampering("a record of another organisation", _headers_of_entry(ce_orgid=OTHER), "envelope"),
    Tampering("a number that is text", _malformed(seq="2"), "no entry"),
    Tampering("a number that is true", _malformed(seq=True), "no entry"),
    Tampering("a number with a fraction", _malformed(seq=2.0), "no entry"),
    Tampering("a number that is too large", _malformed(seq=2**63), "no entry"),
    Tampering("an organisation that is a number", _malformed(org_id=5), "no entry"),
    Tampering("a clamp beyond all amounts", _malformed(uncollected=2**60), "uncollected"),
    Tampering("an account that is a number", _malformed(postings=[{"account": 5, "amount": 0}]), "no entry"),
    Tampering("a posting of more than an account and an amount", _more_in_a_posting, "no entry"),
    Tampering("a hash that is none", _malformed(hash="0" * 63 + "G"), "no entry"),
    Tampering("a job that is a list", _malformed(job_id=["x"]), "no entry"),
    Tampering("no entry at all", _nothing, "no entry"),
)
"""What would be consistent as a chain, and is not as books or with the jobs."""
