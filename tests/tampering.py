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
from events.credits.signatures import PLATFORM, endorsed_bytes, key_id_of, signed_bytes
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


def nth(records: Records, n: int) -> Record:
    return entries(records)[n]


def twice(amount: int) -> list[dict[str, Any]]:
    return [{"account": "available", "amount": amount}, {"account": "external", "amount": -amount}]


def edit(records: Records) -> Records:
    return put(records, nth(records, 0), rewritten(nth(records, 0), postings=twice(99_999)))


def _edit_with_its_hash(records: Records) -> Records:
    data = orjson.loads(nth(records, 0).value) | {"postings": twice(99_999)}
    del data["hash"]
    data["hash"] = entry_hash("0" * 64, data)
    return put(records, nth(records, 0), rewritten(nth(records, 0), **data))


def _swap(records: Records) -> Records:
    one, two = nth(records, 3), nth(records, 4)
    swapped = {id(one): two, id(two): one}
    return [swapped.get(id(record), record) for record in records]


def _insert_grant(records: Records) -> Records:
    first = nth(records, 0)
    data = orjson.loads(first.value)
    more = rewritten(first, entry_id="ent_forged", seq=2, prev_hash=data["hash"], postings=twice(5))
    return put(records, first, first, more)


def _truncate(records: Records) -> Records:
    cut = entries(records)[-3:]
    return [one for one in records if not any(one is gone for gone in cut)]


def truncate_all(records: Records) -> Records:
    """Both topics, back to a moment: nothing is left that does not fit."""
    at = next(index for index, one in enumerate(records) if one is nth(records, -3))
    return [*records[: at - 2], *(one for one in records[at:] if one.topic == EVENTS_CHECKPOINTS)]


def _grant_more(records: Records) -> Records:
    return rehashed(edit(records))


def _insert_and_rehash(records: Records) -> Records:
    return rehashed(_insert_grant(records))


def _sign_anew(records: Records) -> Records:
    """Everything is rewritten, and a fresh key signs it and introduces itself."""
    forger = Signer()
    forged = rehashed(edit([one for one in records if one.topic != EVENTS_CHECKPOINTS]))
    genuine = next(one for one in records if ("ce_type", KEY) in one.headers)
    return [genuine, forger.introduced(), *forged, forger.signed(entries(forged)[-1])]


@dataclass(frozen=True)
class Tampering:
    """What is done, and the rule by which it is found at least."""

    name: str
    do: Callable[[Records], Records]
    found_as: str


OF_THE_LOG = (
    Tampering("edit", edit, "hash"),
    Tampering("edit, with the entry's own hash", _edit_with_its_hash, "chain"),
    Tampering("drop", lambda records: put(records, nth(records, 3)), "gap"),
    Tampering("swap", _swap, "repeated"),
    Tampering("insert a copy", lambda records: put(records, nth(records, 3), *2 * [nth(records, 3)]), "repeated"),
    Tampering("insert a grant", _insert_grant, "repeated"),
    Tampering("truncate the credits", _truncate, "truncated"),
    Tampering("truncate everything but the checkpoints", truncate_all, "truncated"),
    Tampering("edit and re-hash the tail", _grant_more, "rewritten"),
    Tampering("insert and re-hash the tail", _insert_and_rehash, "rewritten"),
    Tampering("drop and re-hash the tail", lambda r: rehashed(put(r, nth(r, -2))), "truncated"),
    Tampering("re-hash, and a fresh key signs it", _sign_anew, "key"),
)
"""Edit, drop, swap, insert, truncate, and the tail hashed anew."""
