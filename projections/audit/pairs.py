"""Job events against money events: two halves of one decision, each looked for in the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from projections.audit.books import AVAILABLE, MONEY_MAX, Moved
from projections.audit.envelopes import are_unique, said, said_at_all
from projections.audit.ever import Ever
from projections.audit.faults import Fault, Say, place

if TYPE_CHECKING:
    from events.log.clients import Record

ENDS: Final = frozenset({"succeeded", "failed", "cancelled", "dead"})
WHILE_LIVE: Final = ENDS | {
    "accepted", "queued", "dispatched", "attempt_begun", "running", "attempt_failed", "lease_expired",
    "late_result_refused", "note", "agent_call_recorded",
}  # fmt: skip
AFTER_THE_END: Final = frozenset({
    "late_result_refused", "discarded", "replayed", "refunded", "note", "agent_call_recorded",
    "webhook_delivered", "webhook_given_up", "webhook_resend_requested",
})  # fmt: skip
NAMES: Final = {f"com.aistudio.jobs.{name}.v1".encode(): name for name in WHILE_LIVE | AFTER_THE_END}
HALVES: Final = ENDS | {"accepted", "replayed", "refunded"}
"""Those with which something else must stand on the log."""
CALLED_OFF: Final = "called_off"
"""The code of a note that begins and ends the stream of a job that nobody wants: none is accepted after it."""
MISSING: Final = {"entry": "job event", "job event": "entry", "acceptance": "replay", "replay": "acceptance"}
"""By one side of a moment the other."""


Half = tuple[str, bytes, Hashable, int | None, str, int, int]
"""One side's account of a moment: the side, its decision's command, what is said to have moved, the entry's number, and
topic, partition and offset."""


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
        self.half((entry["org_id"], job, moment), "entry", command, facts, entry["seq"], record)

    def event(self, record: Record) -> None:
        """A record of `events.jobs`."""
        self.events += 1
        envelope = said(record)
        _, owner, command, type_, subject, number = envelope or said_at_all(record)
        name = NAMES.get(type_)
        if name is None:
            told = f"{type_!r} is no event of a job"
            self._say(Fault("type", told, place=place(record)))
            return
        data: dict[str, Any] = {}
        try:
            version, value = int(number), record.value or b""
            first = name == "note" and version == 1
            if name not in HALVES and not first and _names(value, subject, owner):
                job, org, same = subject.decode(), owner.decode(), record.key == owner
            else:
                data = orjson.loads(value)
                job, org = data["job_id"], data["org_id"]
                same = subject == job.encode() and record.key == owner == org.encode()
            if not (1 <= version <= MONEY_MAX and command):
                raise ValueError(version)  # noqa: TRY301 - one message for all of it
        except (KeyError, TypeError, ValueError, AttributeError):
            self._say(Fault("no event", "this is no event of a job", place=place(record)))
            return
        if not same or (envelope is None and not are_unique(record)):
            told = f"key, organisation or subject are not those of {job}"
            self._say(Fault("envelope", told, org, place=place(record)))
        if first and data.get("code") == CALLED_OFF and (org, job) not in self._versions:
            self._ever.called_off(org, job, record)
            return
        self._follow(name, job, org, version, record)
        if name in HALVES:
            self._halves_of(name, data, command, record)

    def _follow(self, name: str, job: str, org: str, version: int, record: Record) -> None:
        """A job's versions, up to its end, have no gap; what comes after that `Ever` looks at."""
        key = org, job
        live = self._versions.get(key)
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
            del self._versions[key]
            self._ever.event(org, job, version, end=True, record=record)
        else:
            self._versions[key] = version

    def _halves_of(self, name: str, data: dict[str, Any], command: bytes, record: Record) -> None:
        """What else must stand on the log with this event."""
        try:
            org = data["org_id"]
            for moment, side, job, facts in _moments(name, data):
                self.half((org, job, moment), side, command, facts, None, record)
        except (KeyError, TypeError):
            self._say(Fault("no event", f"the data are not those of {name}", data["org_id"], place=place(record)))

    def half(
        self, key: tuple[str, str, str], side: str, command: bytes, facts: Hashable, seq: int | None, record: Record
    ) -> None:
        """One side of a moment, named by its organisation, job and name."""
        other = self._waiting.get(key)
        if other is None:
            self._waiting[key] = side, command, facts, seq, record.topic, record.partition, record.offset
            return
        other_side, other_command, other_facts, other_seq, *_ = other
        if other_side != side:
            del self._waiting[key]
            if other_facts == facts and other_command == command:
                return
        org, job, moment = key
        if other_side == side:
            rule, told = "twice", f"{moment} of {job}: two {side} halves, also at {_place(other)}"
        elif other_facts != facts:
            rule = "job and money differ"
            told = f"{moment} of {job}: the {other_side} at {_place(other)} says {other_facts}, the {side} {facts}"
        else:
            rule, told = "two decisions", f"{moment} of {job} and its money at {_place(other)} are not one decision"
        self._say(Fault(rule, told, org, other_seq if seq is None else seq, place(record)))

    def finish(self) -> None:
        """What has found no other half by the end of the log."""
        for (org, job, moment), half in self._waiting.items():
            side, _, _, seq, *_ = half
            told = f"{moment} of {job}: its {side} without its {MISSING[side]}"
            self._say(Fault("half a decision", told, org, seq, _place(half)))
        for (org, job), version in self._versions.items():
            if version == 1:
                self._say(Fault("half a decision", f"{job} was accepted and is in no queue", org))


def _place(half: Half) -> str:
    *_, topic, partition, offset = half
    return f"{topic}/{partition}/{offset}"


def _names(value: bytes, job: bytes, org: bytes) -> bool:
    """Whether data begin with this job and organisation and name none a second time: what else they say need not be
    read."""
    return (
        value.startswith(b'{"job_id":"%b","org_id":"%b"' % (job, org))
        and value.count(b'"job_id"') == value.count(b'"org_id"') == 1
        and b"\\" not in job + org
    )


def _moments(name: str, data: dict[str, Any]) -> Sequence[tuple[str, str, str, Hashable]]:
    """The moment, this side of it, the job that it belongs to, and the facts that the other side must say too."""
    job = data["job_id"]
    if name == "accepted":
        reserved = data["reserved"]
        source = data.get("paid_from", AVAILABLE) if reserved else AVAILABLE
        half = "reserve", "job event", job, (reserved, source, data.get("project_id"))
        if data.get("replay_of") is None:
            return (half,)
        return half, ("replay", "acceptance", data["replay_of"], job)
    if name == "replayed":
        return (("replay", "replay", job, data["as_job_id"]),)
    if name == "refunded":
        return ((f"refund {data['entry_id']}", "job event", job, data["amount"]),)
    if name == "succeeded":
        return (("end", "job event", job, ("succeeded", data["captured"], data.get("uncollected") or 0)),)
    return (("end", "job event", job, (name, 0, 0)),)
