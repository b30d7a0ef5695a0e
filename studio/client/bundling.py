"""A bundle: an export, and beside it the program that verifies it, for whoever has nothing of ours."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from typing import Final

from studio.bundle.verify import BOOKS

MODULES: Final = (
    "events", "events.credits", "events.credits.chain", "events.credits.signatures", "events.log",
    "events.log.position", "events.topics", "projections", "projections.audit", "projections.audit.books",
    "projections.audit.entries", "projections.audit.envelopes", "projections.audit.ever", "projections.audit.faults",
    "projections.audit.heads", "projections.audit.pairs", "projections.audit.usual", "projections.audit.verifier",
    "studio", "studio.client", "studio.client.exported", "studio.client.verifying_files",
)  # fmt: skip
"""Those that verify here too, as they are."""
PLACED: Final = {"studio.bundle.verify": "verify.py", "studio.bundle.record": "events/log/clients.py"}
README: Final = f"""Books that prove themselves.

  {BOOKS}  entries, job events, signed checkpoints and public keys, a line a record, as they stood on the log
  verify.py     computes every hash, sum, balance and signature of them again, from nothing but this folder

It needs Python 3.11 or newer and three packages:

  python -m venv venv
  venv/bin/pip install cryptography numpy orjson
  venv/bin/python verify.py

Everything up to the newest checkpoint is proven. Bring checkpoints that you hold yourself (--checkpoint mine.json) and
the keys that you have noted (--keys noted.json), and books that were cut or written anew are found too.
"""


def bundle(books: Path, out: Path) -> None:
    """The zip is there whole or not at all."""
    draft = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", README)
        file.write(books, BOOKS)
        for module in MODULES:
            source = _source(module)
            package = "/__init__" if source.name == "__init__.py" else ""
            file.write(source, f"{module.replace('.', '/')}{package}.py")
        for module, name in PLACED.items():
            file.write(_source(module), name)
    draft.replace(out)


def _source(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(module)
    return Path(spec.origin)
