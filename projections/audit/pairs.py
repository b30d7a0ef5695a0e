"""Job events against money events: two halves of one decision, each looked for in the other."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

import orjson

from events.log.clients import Record
from projections.audit.books import AVAILABLE, Moved
from projections.audit.faults import Fault, Say, place

PREFIX: Final = b"com.aistudio.jobs."
ENDS: Final = {b"succeeded": "succeeded", b"failed": "failed", b"cancelled": "cancelled", b"dead": "dead"}
AFTER_THE_END: Final = frozenset(
    b"late_result_refused discarded replayed refunded note webhook_delivered webhook_given_up "
    b"webhook_resend_requested".split()
)


class Half(NamedTuple):
    """One side's account of a moment: the decision's command, and what is said to have moved."""

    side: str
    command: bytes
    facts: Hashable
    org_id: str
    seq: int | None
    topic: str
    partition: int
    offset: int

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Pairs:
    """Memory: the halves whose other one has not come yet, and the version of each live job."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._waiting: dict[tuple[str, str], Half] = {}
        self._versions: dict[bytes, int] = {}
        self.events = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def entry(self, entry: dict[str, Any], m: Moved, command: bytes, record: Record) -> None:
        """The money's half, of an entry that names a job."""
        kind, job = entry["kind"], entry["job_id"]
        facts: Hashable
        if kind == "reserve":
            moment, facts = "reserve", (m.reserved, m.source if m.reserved else AVAILABLE)
        elif kind == "capture":
            moment, facts = "end", ("succeeded", m.spent, entry.get("uncollected", 0))
        elif kind == "release":
            moment, facts = "end", (entry.get("reason"), 0, 0)
        else:
            moment, facts = f"refund {entry['entry_id']}", -m.spent
        half = Half(
            "entry", command, facts, entry["org_id"], entry["seq"], record.topic, record.partition, record.offset
        )
        self._half(job, moment, half)

    def event(self, record: Record) -> None:
        """A record of `events.jobs`."""
        self.events += 1
        headers = dict(record.headers)
        try:
            type_, subject = headers["ce_type"], headers["ce_subject"]
            version = int(headers["ce_streamversion"])
        except (KeyError, ValueError):
            self._say(Fault("no event", "the record has not the headers of an event", place=place(record)))
            return
        if not type_.startswith(PREFIX):
            self._say(Fault("type", f"{type_.decode()} is no event of a job", place=place(record)))
            return
        name = type_[len(PREFIX) :].rpartition(b".")[0]
        self._follow(name, subject, version, headers, record)
        if name == b"accepted" or name == b"refunded" or name in ENDS:
            self._money_of(name, headers, record)

    def _follow(self, name: bytes, job: bytes, version: int, headers: dict[str, bytes], record: Record) -> None:
        """A job's versions, from its acceptance to its end, have no gap; after it only notes come."""
        live = self._versions.get(job)
        org = headers.get("ce_orgid", b"").decode()
        if name == b"accepted":
            if live is not None or version != 1:
                self._say(Fault("accepted twice", f"{job.decode()}, version {version}", org, place=place(record)))
        elif live is None:
            if name not in AFTER_THE_END:
                told = f"{name.decode()} of {job.decode()}, which is not live"
                self._say(Fault("not live", told, org, place=place(record)))
            return
        elif version != live + 1:
            told = f"{job.decode()}: version {version} follows {live}"
            self._say(Fault("job version", told, org, place=place(record)))
        if name in ENDS:
            del self._versions[job]
        else:
            self._versions[job] = version

    def _money_of(self, name: bytes, headers: dict[str, bytes], record: Record) -> None:
        facts: Hashable
        try:
            data = orjson.loads(record.value)
            job, org, command = data["job_id"], data["org_id"], headers["ce_commandid"]
            if name == b"accepted":
                source = data.get("paid_from", AVAILABLE) if data["reserved"] else AVAILABLE
                moment, facts = "reserve", (data["reserved"], source)
            elif name == b"refunded":
                moment, facts = f"refund {data['entry_id']}", data["amount"]
            elif name == b"succeeded":
                moment, facts = "end", ("succeeded", data["captured"], data.get("uncollected") or 0)
            else:
                moment, facts = "end", (ENDS[name], 0, 0)
        except (KeyError, TypeError, ValueError):
            self._say(Fault("no event", "the data are not those of a job's event", place=place(record)))
            return
        half = Half("job event", command, facts, org, None, record.topic, record.partition, record.offset)
        self._half(job, moment, half)

    def _half(self, job: str, moment: str, half: Half) -> None:
        other = self._waiting.get((job, moment))
        if other is None:
            self._waiting[job, moment] = half
            return
        seq = half.seq if half.seq is not None else other.seq
        if other.side == half.side:
            told = f"{moment} of {job}: two {half.side} halves, also at {other.place}"
            self._say(Fault("twice", told, half.org_id, seq, half.place))
            return
        del self._waiting[job, moment]
        if (other.facts, other.org_id) != (half.facts, half.org_id):
            told = (
                f"{moment} of {job}: the {other.side} at {other.place} says {other.facts}, the {half.side} {half.facts}"
            )
            self._say(Fault("job and money differ", told, half.org_id, seq, half.place))
        elif other.command != half.command:
            told = f"{moment} of {job} and its money at {other.place} are not one decision"
            self._say(Fault("two decisions", told, half.org_id, seq, half.place))

    def finish(self) -> None:
        """What has found no other half by the end of the log."""
        for (job, moment), half in self._waiting.items():
            missing = "job event" if half.side == "entry" else "entry"
            told = f"{moment} of {job}: an {half.side} without its {missing}".replace("an job", "a job")
            self._say(Fault("half a decision", told, half.org_id, half.seq, half.place))
