"""Job events against money events: two halves of one decision, each looked for in the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from projections.audit.books import AVAILABLE, MONEY_MAX, Moved
from projections.audit.ever import Ever
from projections.audit.faults import Fault, Say, place

if TYPE_CHECKING:
    from events.log.clients import Record

ENDS: Final = frozenset({"succeeded", "failed", "cancelled", "dead"})
WHILE_LIVE: Final = ENDS | {
    "accepted", "queued", "dispatched", "attempt_begun", "running", "attempt_failed", "lease_expired",
    "late_result_refused", "note",
}  # fmt: skip
AFTER_THE_END: Final = frozenset({
    "late_result_refused", "discarded", "replayed", "refunded", "note",
    "webhook_delivered", "webhook_given_up", "webhook_resend_requested",
})  # fmt: skip
NAMES: Final = {f"com.aistudio.jobs.{name}.v1".encode(): name for name in WHILE_LIVE | AFTER_THE_END}
HALVES: Final = ENDS | {"accepted", "replayed", "refunded"}
"""Those with which something else must stand on the log."""
MISSING: Final = {"entry": "job event", "job event": "entry", "acceptance": "replay", "replay": "acceptance"}
"""By one side of a moment the other."""


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

    def __init__(self, say: Say, ever: Ever) -> None:
        self._say = say
        self._ever = ever
        self._waiting: dict[tuple[str, str, str], Half] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self.events = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def entry(self, entry: dict[str, Any], m: Moved, command: bytes, record: Record) -> None:
        """The money's half, of an entry that names a job."""
        kind, job = entry["kind"], entry["job_id"]
        facts: Hashable
        if kind == "reserve":
            moment, facts = "reserve", (m.reserved, m.source if m.reserved else AVAILABLE, entry.get("project_id"))
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
        name = NAMES.get(headers.get("ce_type", b""))
        if name is None:
            told = f"{headers.get('ce_type')!r} is no event of a job"
            self._say(Fault("type", told, place=place(record)))
            return
        try:
            data = _named(record, headers) if name not in HALVES else None
            if data is None:
                data = orjson.loads(record.value or b"")
            job, org, version = data["job_id"], data["org_id"], int(headers["ce_streamversion"])
            command = headers["ce_commandid"]
            same = headers["ce_subject"] == job.encode() and record.key == headers["ce_orgid"] == org.encode()
            if not 1 <= version <= MONEY_MAX:
                raise ValueError(version)  # noqa: TRY301 - one message for all of it
        except (KeyError, TypeError, ValueError, AttributeError):
            self._say(Fault("no event", "this is no event of a job", place=place(record)))
            return
        if not same or len(headers) != len(record.headers):
            told = f"key, organisation or subject are not those of {job}"
            self._say(Fault("envelope", told, org, place=place(record)))
        self._follow(name, job, org, version, record)
        if name in HALVES:
            self._halves_of(name, data, command, record)

    def _follow(self, name: str, job: str, org: str, version: int, record: Record) -> None:
        """A job's versions, up to its end, have no gap; what comes after that `Ever` looks at."""
        live = self._versions.get((org, job))
        if name == "accepted":
            if live is not None or version != 1:
                self._say(Fault("accepted twice", f"{job}, version {version}", org, place=place(record)))
        elif live is None:
            if name in AFTER_THE_END:
                self._ever.event(org, job, version, end=False, record=record)
            else:
                self._say(Fault("not live", f"{name} of {job}, which is not live", org, place=place(record)))
            return
        elif version != live + 1:
            self._say(Fault("job version", f"{job}: version {version} follows {live}", org, place=place(record)))
        elif name not in WHILE_LIVE:
            self._say(Fault("live still", f"{name} of {job}, which has not ended", org, place=place(record)))
        if name in ENDS:
            del self._versions[org, job]
            self._ever.event(org, job, version, end=True, record=record)
        else:
            self._versions[org, job] = version

    def _halves_of(self, name: str, data: dict[str, Any], command: bytes, record: Record) -> None:
        """What else must stand on the log with this event."""
        try:
            for moment, side, job, facts in _moments(name, data):
                half = Half(side, command, facts, data["org_id"], None, record.topic, record.partition, record.offset)
                self._half(job, moment, half)
        except (KeyError, TypeError):
            self._say(Fault("no event", f"the data are not those of {name}", data["org_id"], place=place(record)))

    def _half(self, job: str, moment: str, half: Half) -> None:
        other = self._waiting.get((half.org_id, job, moment))
        if other is None:
            self._waiting[half.org_id, job, moment] = half
            return
        seq = half.seq if half.seq is not None else other.seq
        if other.side == half.side:
            told = f"{moment} of {job}: two {half.side} halves, also at {other.place}"
            self._say(Fault("twice", told, half.org_id, seq, half.place))
            return
        del self._waiting[half.org_id, job, moment]
        if other.facts != half.facts:
            told = (
                f"{moment} of {job}: the {other.side} at {other.place} says {other.facts}, the {half.side} {half.facts}"
            )
            self._say(Fault("job and money differ", told, half.org_id, seq, half.place))
        elif other.command != half.command:
            told = f"{moment} of {job} and its money at {other.place} are not one decision"
            self._say(Fault("two decisions", told, half.org_id, seq, half.place))

    def finish(self) -> None:
        """What has found no other half by the end of the log."""
        for (org, job, moment), half in self._waiting.items():
            told = f"{moment} of {job}: its {half.side} without its {MISSING[half.side]}"
            self._say(Fault("half a decision", told, org, half.seq, half.place))
        for (org, job), version in self._versions.items():
            if version == 1:
                self._say(Fault("half a decision", f"{job} was accepted and is in no queue", org))


def _named(record: Record, headers: dict[str, bytes]) -> dict[str, Any] | None:
    """Job and organisation of data that begin with those of the record, and name none a second time: what else they
    say need not be read. None where they begin otherwise."""
    value, job, org = record.value or b"", headers["ce_subject"], headers["ce_orgid"]
    plain = value.startswith(b'{"job_id":"%b","org_id":"%b"' % (job, org)) and b"\\" not in job + org
    if not plain or value.count(b'"job_id"') != 1 or value.count(b'"org_id"') != 1:
        return None
    return {"job_id": job.decode(), "org_id": org.decode()}


def _moments(name: str, data: dict[str, Any]) -> Iterator[tuple[str, str, str, Hashable]]:
    """The moment, this side of it, the job that it belongs to, and the facts that the other side must say too."""
    job = data["job_id"]
    if name == "accepted":
        reserved = data["reserved"]
        source = data.get("paid_from", AVAILABLE) if reserved else AVAILABLE
        yield "reserve", "job event", job, (reserved, source, data.get("project_id"))
        if data.get("replay_of") is not None:
            yield "replay", "acceptance", data["replay_of"], job
    elif name == "replayed":
        yield "replay", "replay", job, data["as_job_id"]
    elif name == "refunded":
        yield f"refund {data['entry_id']}", "job event", job, data["amount"]
    elif name == "succeeded":
        yield "end", "job event", job, ("succeeded", data["captured"], data.get("uncollected") or 0)
    elif name in ENDS:
        yield "end", "job event", job, (name, 0, 0)
