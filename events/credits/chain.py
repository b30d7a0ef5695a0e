"""The hash chain of a ledger: SHA-256 over the previous hash and the entry's RFC 8785 canonical JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

GENESIS = "0" * 64
"""`prev_hash` of the first entry."""


def entry_hash(prev_hash: str, data_without_hash: Mapping[str, Any]) -> str:
    """Lower-case hex; `data_without_hash` is the entry's JSON data without `hash`."""
    return hashlib.sha256(prev_hash.encode() + rfc8785.dumps(dict(data_without_hash))).hexdigest()
