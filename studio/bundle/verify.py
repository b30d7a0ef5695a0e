"""Verifies the books beside this file from nothing but this bundle: `python verify.py`. Exit code 0 only if they hold.

Every hash, sum, balance, job and signature is computed again. What is proven is all up to the newest checkpoint; bring
one that you hold yourself, and the keys that you have noted, and books that were cut or written anew are found too.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from projections.audit.faults import Fault
from projections.audit.heads import Noted
from projections.audit.verifier import Verifier
from studio.client.exported import NoExport, header
from studio.client.verifying_files import Asked, noted_keys, verify_export

BOOKS = "books.ndjson"
SHOWN_MAX = 200


def asked() -> tuple[Path, Asked]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    here = Path(__file__).resolve().parent / BOOKS
    parser.add_argument("file", nargs="?", type=Path, default=here, help=f"the books; unset: {BOOKS} beside this file")
    parser.add_argument("--keys", type=Path, help="public keys that you have noted, as JSON")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="one that you hold, as JSON")
    told = parser.parse_args()
    noted = Noted() if told.keys is None else noted_keys(json.loads(told.keys.read_bytes()))
    held = {str(path): json.loads(path.read_bytes()) for path in told.checkpoint}
    return told.file, Asked(header(told.file).get("org_id"), noted, held)


def main() -> int:
    faults: list[Fault] = []
    try:
        file, wanted = asked()
        verifier = verify_export(file, wanted, faults.append, lambda _done, _total: None)
    except (NoExport, OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"this cannot be verified: {error}\n")
        return 2
    for fault in faults[:SHOWN_MAX]:
        sys.stderr.write("".join(char for char in str(fault) if char.isprintable()) + "\n")
    sys.stdout.write(json.dumps(summary(verifier, faults), indent=2) + "\n")
    return 1 if faults else 0


def summary(verifier: Verifier, faults: list[Fault]) -> dict[str, Any]:
    return {
        "holds": not faults,
        "faults": len(faults),
        "entries": verifier.entries,
        "job_events": verifier.pairs.events,
        "checkpoints": verifier.heads.count,
        "keys": sorted(verifier.heads.keys),
        "books": {
            org: {
                "entries": book.seq,
                "head": book.head,
                "proven_to": verifier.heads.proven.get(org, 0),
                "balances": book.balances,
            }
            for org, book in verifier.books.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
