"""Writes what one organisation has on the log into a file that can be verified anywhere, and verifies it on the way."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from events.log.clients import Record
from events.log.codec import time_to_text
from projections.audit.faults import Say
from projections.audit.verifier import Verifier
from studio.client.exported import FORMAT, as_line
from studio.client.verifying import verify_log
from studio.client.verifying_files import Asked, Tell


class Copy:
    """Takes down what the verifier reads of the organisation."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.began: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.records = 0

    def take(self, records: Sequence[Record]) -> None:
        self._file.writelines(map(as_line, records))
        self.records += len(records)


async def export_books(bootstrap: str, org_id: str, out: Path, say: Say, tell: Tell) -> tuple[Verifier, int]:
    """The file is there whole or not at all; faults are said and exported all the same. Returns how many records."""
    draft = out.with_name(f".{out.name}.part")
    with tempfile.TemporaryFile(dir=out.parent) as body, draft.open("wb") as file:
        copy = Copy(body)
        verifier = await verify_log(bootstrap, Asked(org_id), say, tell, copy)
        file.write(orjson.dumps(_header(org_id, copy, verifier), option=orjson.OPT_APPEND_NEWLINE))
        body.seek(0)
        shutil.copyfileobj(body, file)
    draft.replace(out)
    return verifier, copy.records


def _header(org_id: str, copy: Copy, verifier: Verifier) -> dict[str, object]:
    return {
        "export": FORMAT,
        "org_id": org_id,
        "from": copy.began,
        "to": copy.ended,
        "at": time_to_text(datetime.now(UTC)),
        "keys": list(verifier.heads.keys.values()),
    }
