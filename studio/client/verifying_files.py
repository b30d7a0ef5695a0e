"""Brings an export to the verifier. An outsider who has the file has this module too: nothing of it knows a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.credits.signatures import key_id_of
from projections.audit.ever import Ever
from projections.audit.faults import Fault, Say
from projections.audit.heads import Noted
from projections.audit.verifier import Topics, Verifier
from studio.client import exported
from studio.client.exported import NoExport

Tell = Callable[[int, int], None]
"""Called with how much has been read, and of how much."""


@dataclass(frozen=True)
class Asked:
    """What is to be verified, and what the auditor brings along."""

    org_id: str | None = None
    noted: Noted = field(default_factory=Noted)
    held: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Checkpoints that he holds, by the name of their file."""
    topics: Topics = field(default_factory=Topics)


def verify_export(path: Path, asked: Asked, say: Say, tell: Tell) -> Verifier:
    """The same from a file. Without keys of the auditor's own the header's are believed. Raises NoExport."""
    topics, head = asked.topics, exported.header(path)
    size, org = path.stat().st_size, head.get("org_id")
    if asked.org_id not in (None, org):
        raise NoExport(f"{path} holds the books of {org}")
    noted = asked.noted if asked.noted.keys else _named_by(path, head)
    with Ever(topics.credits, topics.jobs) as ever:
        verifier = Verifier(say, ever, topics, noted, org)
        for records in exported.records(path, topics.checkpoints):
            verifier.learn_keys(records)
        verifier.hold_all(asked.held)
        done = 0
        for records in exported.records(path):
            verifier.take(records)
            done += sum(len(record.value) for record in records)
            tell(min(done, size), size)
        if verifier.heads.late:
            for records in exported.records(path, topics.credits):
                verifier.take_again(records)
        if org is None and not verifier.books:
            say(Fault("no entries", "there are no books in this file", place=str(path)))
        verifier.finish()
    return verifier


def _named_by(path: Path, head: Mapping[str, Any]) -> Noted:
    """The keys that the header names. Raises NoExport."""
    try:
        return noted_keys(head["keys"]) if head.get("keys") else Noted()
    except (KeyError, TypeError, ValueError) as error:
        raise NoExport(f"{path} names keys that are none: {error!r}") from error


def noted_keys(document: Any) -> Noted:
    """Those of a file: what `GET /v1/audit/keys` answers, or a list of public keys.

    Raises KeyError, TypeError or ValueError.
    """
    items = document["items"] if isinstance(document, dict) and "items" in document else document
    if not isinstance(items, list) or not items:
        raise ValueError("no keys")
    members = [item if isinstance(item, dict) else {"public_key": item} for item in items]
    ids = {key_id_of(item["public_key"]): item for item in members}
    return Noted(
        tuple(item["public_key"] for item in members),
        {str(item["replaces"]): key_id for key_id, item in ids.items() if "replaces" in item},
        {key_id: str(item["retired_at"]) for key_id, item in ids.items() if "retired_at" in item},
    )
