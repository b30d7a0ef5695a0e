"""An entry as it came from the log: whether every member of it is of its kind, before anything is made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from projections.audit.books import MONEY_MAX, BadEntry, to_ms

TYPE_OF_KIND: Final = {
    "grant": b"com.aistudio.credits.granted.v1",
    "purchase": b"com.aistudio.credits.purchased.v1",
    "adjust": b"com.aistudio.credits.adjusted.v1",
    "allocate": b"com.aistudio.credits.allocated.v1",
    "deallocate": b"com.aistudio.credits.deallocated.v1",
    "reserve": b"com.aistudio.credits.reserved.v1",
    "capture": b"com.aistudio.credits.captured.v1",
    "release": b"com.aistudio.credits.released.v1",
    "refund": b"com.aistudio.credits.refunded.v1",
}
JOB_KINDS: Final = frozenset({"reserve", "capture", "release", "refund"})
ENDS: Final = frozenset({"capture", "release"})
_HASH: Final = re.compile("[0-9a-f]{64}")
PROJECT_KINDS: Final = frozenset({"allocate", "deallocate"})


class Opened(NamedTuple):
    """An entry whose place on its chain is known. `data` is without the hash, which stands beside it."""

    data: dict[str, Any]
    org_id: str
    seq: int
    hash: str


def opened(value: bytes | None) -> Opened:
    """Raises BadEntry for what has no place on a chain."""
    try:
        data = orjson.loads(value or b"")
        if orjson.dumps(data) != value:
            json.loads(value or b"", object_pairs_hook=_each_once)
        org, seq, given = data["org_id"], data["seq"], data.pop("hash")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadEntry("no entry", f"this is no entry of a ledger: {error!r}") from error
    if type(org) is not str or not org or type(given) is not str or type(data.get("prev_hash")) is not str:
        raise BadEntry("no entry", "organisation or hash are no text")
    if not (_HASH.fullmatch(given) and _HASH.fullmatch(data["prev_hash"])):
        raise BadEntry("no entry", f"{given!r} after {data['prev_hash']!r} are no hashes")
    if type(seq) is not int or not 1 <= seq <= MONEY_MAX:
        raise BadEntry("no entry", f"{seq!r} is no number of an entry of {org}")
    return Opened(data, org, seq, given)


def _each_once(members: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Of two members of one name each reader believes another one. Raises ValueError where there are such."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError(f"a member twice, among {[name for name, _ in members]}")
    return found


def check(entry: Mapping[str, Any]) -> None:
    """Raises BadEntry where a member is missing or of another kind, or members do not go together."""
    get = entry.get
    entry_id, kind, at, job, project = get("entry_id"), get("kind"), get("at"), get("job_id"), get("project_id")
    if not (type(entry_id) is type(kind) is type(at) is str and type(get("reason", "")) is str):
        raise BadEntry("no entry", "id, kind, time or reason are no text")
    if (job is not None and type(job) is not str) or (project is not None and type(project) is not str):
        raise BadEntry("no entry", "job or project are no text")
    if kind not in TYPE_OF_KIND:
        raise BadEntry("kind", f"there is no entry of the kind {kind!r}")
    if (kind in JOB_KINDS) != (job is not None) or (project is None and kind in PROJECT_KINDS):
        raise BadEntry("kind", f"a {kind} with these members")
    if job is not None and kind != "refund" and entry_id != f"ent_{job.removeprefix('job_')}.{kind}":
        raise BadEntry("entry id", f"{entry_id} is not that of the {kind} of {job}")
    if "uncollected" in entry:
        _check_uncollected(kind, entry["uncollected"])
    check_time(at)


def _check_uncollected(kind: str, amount: object) -> None:
    if type(amount) is not int or not 1 <= amount <= MONEY_MAX:
        raise BadEntry("uncollected", f"{amount!r} is no amount that could be left")
    if kind not in ("adjust", "capture", "refund"):
        raise BadEntry("uncollected", f"a {kind} leaves nothing uncollected")


def check_time(at: str) -> None:
    """Raises BadEntry for what is no time of UTC as ledgers have it: as texts such times must sort as they are."""
    whole = len(at) == 25 or (len(at) == 32 and at[19] == ".")
    try:
        if not (whole and at[4] == at[7] == "-" and at[10] == "T" and at[13] == at[16] == ":" and at[-6:] == "+00:00"):
            raise ValueError("not in UTC, or not in this form")  # noqa: TRY301 - one message for both
        datetime.fromisoformat(at)
    except ValueError as error:
        raise BadEntry("time", f"{at!r} is no time: {error}") from error


def check_envelope(entry: Mapping[str, Any], headers: Mapping[str, bytes]) -> bytes:
    """The command that led to the entry. Raises BadEntry where the record's headers are not the entry's."""
    if headers.get("ce_type") != TYPE_OF_KIND[entry["kind"]]:
        raise BadEntry("kind", f"a {entry['kind']} under this type")
    if headers.get("ce_time") != f"{to_ms(entry['at'])}Z".encode():
        raise BadEntry("envelope", f"it is of {entry['at']}, the record says {headers.get('ce_time')!r}")
    if headers.get("ce_orgid") != entry["org_id"].encode():
        raise BadEntry("envelope", "the record is of another organisation")
    command = headers.get("ce_commandid")
    if not command:
        raise BadEntry("envelope", "the record names no command")
    return command
