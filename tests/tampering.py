"""A small history as the decider writes it, signed, and everything that somebody could do to it afterwards."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands.model import Command, CommandEnvelope
from commands.orgs import commands as c
from events.credits.chain import entry_hash
from events.credits.checkpoint import PLATFORM, endorsed_bytes, key_id_of, signed_bytes
from events.log.clients import Record
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.heads import CHECKPOINT, KEY
from tests.deciding import Orgs, record
from tests.given import ORG, asset, opened, sealed

OTHER = "org_B"
Records = Sequence[Record]


def _job(n: int, org: str = ORG, **fields: Any) -> list[Command]:
    job = {"org_id": org, "job_id": f"job_{org[-1]}{n}"}
    submit = {"model": "m", "provider": "p", "input": sealed(), "reserve": 400} | fields
    return [
        c.SubmitJob(**job, **submit),
        c.DispatchJob(**job, lease=1, provider="p", model="m"),
        c.RecordJobSucceeded(**job, lease=1, outputs=(asset(),), cost=[300, 500][n % 2]),
    ]


def commands() -> list[Command]:
    """All nine kinds of entries, of two organisations."""
    first = {"org_id": ORG, "job_id": "job_A0"}
    project = {"org_id": ORG, "project_id": "prj_1"}
    failing = c.RecordAttemptFailed(org_id=ORG, job_id="job_A4", lease=1, category="outage")
    dying = c.RecordAttemptFailed(org_id=ORG, job_id="job_A6", lease=1, category="outage", retry_in_s=0)
    return [
        *opened(5_000),
        c.OpenOrg(org_id=OTHER, title="Other"),
        c.AddCredits(org_id=OTHER, entry_id="ent_b", kind="purchase", amount=50_000),
        *_job(0),
        *_job(1, OTHER),
        c.OpenProject(**project, title=sealed()),
        c.AllocateCredits(**project, entry_id="ent_c", amount=500, kind="allocate"),
        *_job(2, project_id="prj_1"),
        c.RefundJob(**first, entry_id="ent_d", amount=100),
        *_job(3)[:2],
        c.CancelJob(org_id=ORG, job_id="job_A3"),
        *_job(4)[:2],
        failing,
        c.AllocateCredits(**project, entry_id="ent_e", amount=200, kind="deallocate"),
        c.AddCredits(org_id=ORG, entry_id="ent_f", kind="adjust", amount=-77),
        *_job(5),
        *_job(6, max_attempts=1)[:2],
        dying,
        c.ReplayJob(org_id=ORG, job_id="job_A6", new_job_id="job_A7", reserve=400),
        *_job(8, fingerprint="a" * 64),
        *_job(10, fingerprint="a" * 64, reuse=True)[:1],
    ]


async def history(folder: Path) -> list[Record]:
    return (await decided(Orgs(folder)))[1]


async def decided(orgs: Orgs) -> tuple[Orgs, list[Record]]:
    """The decider after all commands, and what it has written of jobs and money."""
    for number, command in enumerate(commands()):
        name = f"cmd_{number}"
        answer = await orgs(
            command,
            CommandEnvelope(id=name, org_id=command.route, actor="key_A", correlation_id=name, causation_id=name),
        )
        assert answer is not None
    return orgs, [one for one in orgs.raw if one.topic in (EVENTS_JOBS, EVENTS_CREDITS)]


class Signer:
    """A key, and what it signs."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public = base64.b64encode(self._private.public_key().public_bytes_raw()).decode()
        self.key_id = key_id_of(self.public)

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self._private.sign(message)).decode()

    def checkpoint(self, entry: Record) -> dict[str, Any]:
        data = orjson.loads(entry.value)
        head = {name: data[name] for name in ("org_id", "seq", "hash", "at")} | {"key_id": self.key_id}
        return head | {"signature": self.sign(signed_bytes(head))}

    def introduced(self, before: Signer | None = None, at: str = "2026-01-01T11:00:00.000Z") -> Record:
        data = {"key_id": self.key_id, "algorithm": "Ed25519", "public_key": self.public}
        if before is not None:
            message = endorsed_bytes(self.public, before.key_id)
            data |= {"replaces": before.key_id, "endorsement": before.sign(message)}
        return on_checkpoints(PLATFORM, KEY, data, at)

    def signed(self, entry: Record) -> Record:
        return on_checkpoints((entry.key or b"").decode(), CHECKPOINT, self.checkpoint(entry))


def on_checkpoints(key: str, type_: bytes, data: dict[str, Any], at: str = "2026-01-02T00:00:00.000Z") -> Record:
    headers = [("ce_type", type_), ("ce_subject", key.encode()), ("ce_streamversion", b"1"), ("ce_time", at.encode())]
    return record(EVENTS_CHECKPOINTS, 0, key.encode(), orjson.dumps(data), headers)


def time_of(record: Record) -> str:
    return str(dict(record.headers)["ce_time"].decode())


def entries(records: Records, org: str = ORG) -> list[Record]:
    return [one for one in records if one.topic == EVENTS_CREDITS and one.key == org.encode()]


def rewritten(old: Record, **members: Any) -> Record:
    return replace(old, value=orjson.dumps(orjson.loads(old.value) | members))


def put(records: Records, old: Record, *new: Record) -> list[Record]:
    """`new` in the place of `old`."""
    at = next(index for index, one in enumerate(records) if one is old)
    return [*records[:at], *new, *records[at + 1 :]]


def rehashed(records: Records) -> list[Record]:
    """Sequence, links and hashes of the first organisation's chain made anew: consistent in itself."""
    done, seq, head = [], 0, "0" * 64
    for one in records:
        if one.topic == EVENTS_CREDITS and one.key == ORG.encode():
            data = orjson.loads(one.value) | {"seq": (seq := seq + 1), "prev_hash": head}
            del data["hash"]
            head = data["hash"] = entry_hash(head, data)
            headers = tuple((n, b"%d" % seq if n == "ce_streamversion" else v) for n, v in one.headers)
            done.append(replace(one, value=orjson.dumps(data), headers=headers))
        else:
            done.append(one)
    return done


def signed(records: Records, signer: Signer) -> list[Record]:
    """The history with the signer's key, and checkpoints of an early entry and of both chains' ends."""
    heads = [entries(records)[5], entries(records)[-1], entries(records, OTHER)[-1]]
    return [signer.introduced(), *records, *(signer.signed(head) for head in heads)]


def of_job(records: Records, job: str, name: str, topic: str = EVENTS_JOBS) -> Record:
    context = topic.removeprefix("events.")
    wanted = ("ce_type", f"com.aistudio.{context}.{name}.v1".encode())
    return next(
        one
        for one in records
        if one.topic == topic and wanted in one.headers and orjson.loads(one.value)["job_id"] == job
    )


def _nth(records: Records, n: int) -> Record:
    return entries(records)[n]


def _twice(amount: int) -> list[dict[str, Any]]:
    return [{"account": "available", "amount": amount}, {"account": "external", "amount": -amount}]


def _edit(records: Records) -> Records:
    return put(records, _nth(records, 0), rewritten(_nth(records, 0), postings=_twice(99_999)))


def _edit_with_its_hash(records: Records) -> Records:
    data = orjson.loads(_nth(records, 0).value) | {"postings": _twice(99_999)}
    del data["hash"]
    data["hash"] = entry_hash("0" * 64, data)
    return put(records, _nth(records, 0), rewritten(_nth(records, 0), **data))


def _swap(records: Records) -> Records:
    one, two = _nth(records, 3), _nth(records, 4)
    swapped = {id(one): two, id(two): one}
    return [swapped.get(id(record), record) for record in records]


def _insert_grant(records: Records) -> Records:
    first = _nth(records, 0)
    data = orjson.loads(first.value)
    more = rewritten(first, entry_id="ent_forged", seq=2, prev_hash=data["hash"], postings=_twice(5))
    return put(records, first, first, more)


def _truncate(records: Records) -> Records:
    cut = entries(records)[-3:]
    return [one for one in records if not any(one is gone for gone in cut)]


def _truncate_all(records: Records) -> Records:
    """Both topics, back to a moment: nothing is left that does not fit."""
    at = next(index for index, one in enumerate(records) if one is _nth(records, -3))
    return [*records[: at - 2], *(one for one in records[at:] if one.topic == EVENTS_CHECKPOINTS)]


def _grant_more(records: Records) -> Records:
    return rehashed(_edit(records))


def _insert_and_rehash(records: Records) -> Records:
    return rehashed(_insert_grant(records))


def _take_too_much(records: Records) -> Records:
    return rehashed(put(records, _nth(records, 0), rewritten(_nth(records, 0), postings=_twice(1))))


def _unbalanced(records: Records) -> Records:
    postings = [{"account": "available", "amount": 1_000_000}]
    return rehashed(put(records, _nth(records, 0), rewritten(_nth(records, 0), postings=postings)))


def _fraction(records: Records) -> Records:
    postings = [{"account": "available", "amount": 1000.0}, {"account": "external", "amount": -1000.0}]
    return rehashed(put(records, _nth(records, 0), rewritten(_nth(records, 0), postings=postings)))


def _other_key(records: Records) -> Records:
    old = _nth(records, 2)
    return put(records, old, replace(old, key=OTHER.encode()))


def _other_topic(records: Records) -> Records:
    old = _nth(records, 2)
    return put(records, old, replace(old, topic="events.credit"))


def _captured_less(records: Records) -> Records:
    end = of_job(records, "job_A0", "succeeded")
    return put(records, end, rewritten(end, captured=1))


def _without(job: str, name: str, topic: str = EVENTS_JOBS) -> Callable[[Records], Records]:
    return lambda records: put(records, of_job(records, job, name, topic))


def _capture_again(records: Records) -> Records:
    capture = of_job(records, "job_A0", "captured", EVENTS_CREDITS)
    return rehashed(put(records, _nth(records, -1), _nth(records, -1), capture))


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


def _end_twice(records: Records) -> Records:
    end = of_job(records, "job_A0", "succeeded")
    return put(records, end, end, of_job(records, "job_A3", "cancelled"), end)


def _forge_signature(records: Records) -> Records:
    last = next(one for one in reversed(records) if one.topic == EVENTS_CHECKPOINTS)
    return put(records, last, rewritten(last, hash="0" * 64))


def _sign_anew(records: Records) -> Records:
    """Everything is rewritten, and a fresh key signs it and introduces itself."""
    forger = Signer()
    forged = rehashed(_edit([one for one in records if one.topic != EVENTS_CHECKPOINTS]))
    genuine = next(one for one in records if ("ce_type", KEY) in one.headers)
    return [genuine, forger.introduced(), *forged, forger.signed(entries(forged)[-1])]


@dataclass(frozen=True)
class Tampering:
    """What is done, and the rule by which it is found at least."""

    name: str
    do: Callable[[Records], Records]
    found_as: str


OF_THE_LOG = (
    Tampering("edit", _edit, "hash"),
    Tampering("edit, with the entry's own hash", _edit_with_its_hash, "chain"),
    Tampering("drop", lambda records: put(records, _nth(records, 3)), "gap"),
    Tampering("swap", _swap, "repeated"),
    Tampering("insert a copy", lambda records: put(records, _nth(records, 3), *2 * [_nth(records, 3)]), "repeated"),
    Tampering("insert a grant", _insert_grant, "repeated"),
    Tampering("truncate the credits", _truncate, "truncated"),
    Tampering("truncate everything but the checkpoints", _truncate_all, "truncated"),
    Tampering("edit and re-hash the tail", _grant_more, "rewritten"),
    Tampering("insert and re-hash the tail", _insert_and_rehash, "rewritten"),
    Tampering("drop and re-hash the tail", lambda r: rehashed(put(r, _nth(r, -2))), "truncated"),
    Tampering("re-hash, and a fresh key signs it", _sign_anew, "key"),
)
"""Edit, drop, swap, insert, truncate, and the tail hashed anew."""

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
)
"""What would be consistent as a chain, and is not as books or with the jobs."""
