"""Ids: ULIDs with prefixes that carry their route, so that a command finds its partition without a look-up.

`ses_X`, `pln_X.2` (second plan of session X), `run_X.2.1`, `stp_X.2.s3`; `org_`, `usr_`, `msg_`, `upl_`, `job_`,
`ast_`, `ent_`, `key_`, `prj_` are followed by a ULID.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

from ulid import ULID


class BadId(ValueError):
    """An id that is not of the form its place asks for."""


def new_id(prefix: str) -> str:
    """A fresh id such as `job_01J…`: sortable by time, 80 bits of randomness."""
    return f"{prefix}_{ULID()}"


def derived_id(prefix: str, secret: bytes, *parts: str) -> str:
    """The id that the same request always gets: the first 128 bits of HMAC-SHA256 over its parts, as a ULID."""
    mac = hmac.digest(secret, "\x1f".join(parts).encode(), "sha256")
    return f"{prefix}_{ULID.from_bytes(mac[:16])}"


class NamedIds:
    """UUIDs of version 5 (RFC 9562) under one namespace, as text: what `uuid.uuid5` gives at a fifth of its time."""

    def __init__(self, namespace: str) -> None:
        self._begun = hashlib.sha1(uuid.UUID(namespace).bytes, usedforsecurity=False)

    def __call__(self, name: str) -> str:
        digest = self._begun.copy()
        digest.update(name.encode())
        octets = bytearray(digest.digest()[:16])
        octets[6] = octets[6] & 0x0F | 0x50
        octets[8] = octets[8] & 0x3F | 0x80
        text = octets.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_caused = NamedIds("6f1b2c0e-6a0c-5c63-9a57-0c7a3f0c51d4")


def caused_id(causing_event_id: str, purpose: str) -> str:
    """Command id of a reactor: UUIDv5 of (causing event, purpose), so that a repeat is decided once."""
    return _caused(f"{causing_event_id}\x1f{purpose}")


def job_id_of_step(run: str, step: str, attempt: int) -> str:
    """The job of a step's attempt in a run: the same decision always names the same job."""
    name = _caused(f"{run}\x1f{step}\x1f{attempt}")
    return f"job_{ULID.from_bytes(bytes.fromhex(name.replace('-', '')))}"


def _body(value: str, prefix: str) -> str:
    if not value.startswith(f"{prefix}_") or len(value) <= len(prefix) + 1:
        raise BadId(f"{value!r} is not a {prefix}_ id")
    return value[len(prefix) + 1 :]


def plan_id(session_id: str, number: int) -> str:
    return f"pln_{_body(session_id, 'ses')}.{number}"


def run_id(plan: str, number: int) -> str:
    return f"run_{_body(plan, 'pln')}.{number}"


def step_id(plan: str, step: str) -> str:
    return f"stp_{_body(plan, 'pln')}.{step}"


def label_of(step: str) -> str:
    """A step's name within its plan: `stp_X.2.s3` → `s3`."""
    return step.rsplit(".", 1)[-1]


def session_of(routed: str) -> str:
    """The session that a plan, run or step id belongs to."""
    for prefix in ("pln", "run", "stp"):
        if routed.startswith(f"{prefix}_"):
            return "ses_" + _body(routed, prefix).split(".", 1)[0]
    if routed.startswith("ses_"):
        return routed
    raise BadId(f"{routed!r} carries no session")


def plan_of(routed: str) -> str:
    """The plan that a run or step id belongs to."""
    if routed.startswith("pln_"):
        return routed
    for prefix in ("run", "stp"):
        if routed.startswith(f"{prefix}_"):
            parts = _body(routed, prefix).split(".", 2)
            if len(parts) == 3:
                return f"pln_{parts[0]}.{parts[1]}"
    raise BadId(f"{routed!r} carries no plan")
