"""A bundle verifies itself in a folder of its own, with nothing of ours on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from studio.client.bundling import MODULES, bundle
from studio.client.exported import as_line
from tests import tampering
from tests.given import ORG
from tests.tampering import Records, Signer

OUTSIDERS = ("cryptography", "numpy", "orjson")
ALONE = """
import runpy, sys
sys.path.insert(0, ".")
sys.argv = ["verify.py", *sys.argv[1:]]
class Only:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pydantic", "aiokafka", "pymongo", "typer", "rich", "httpx"):
            raise ImportError(name)
sys.meta_path.insert(0, Only())
runpy.run_path("verify.py", run_name="__main__")
"""
"""As where only the packages are installed that the bundle asks for."""


def unpacked(folder: Path, records: Records) -> Path:
    books = folder / "export.ndjson"
    head = orjson.dumps({"export": 1, "org_id": ORG, "keys": []})
    mine = [one for one in records if one.key in (ORG.encode(), b"platform")]
    books.write_bytes(b"\n".join([head, *(as_line(one).rstrip() for one in mine)]) + b"\n")
    bundle(books, folder / "books.zip")
    with zipfile.ZipFile(folder / "books.zip") as file:
        file.extractall(folder / "bundle")
    return folder / "bundle"


def verified(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


@pytest.fixture
async def genuine(tmp_path: Path) -> Records:
    return await tampering.history(tmp_path)


def test_genuine_books_hold_and_every_balance_is_there(tmp_path: Path, genuine: Records) -> None:
    signer = Signer()
    folder = unpacked(tmp_path, tampering.signed(genuine, signer))
    code, found = verified(folder)
    assert (code, found["holds"], found["keys"]) == (0, True, [signer.key_id])
    books = found["books"][ORG]
    assert books["proven_to"] == books["entries"] == len(tampering.entries(genuine))
    assert books["balances"]["reserved"] == 400
    assert all(name in (folder / "README.txt").read_text() for name in OUTSIDERS)


def test_altered_books_do_not(tmp_path: Path, genuine: Records) -> None:
    code, found = verified(unpacked(tmp_path, tampering.edit(tampering.signed(genuine, Signer()))))
    assert (code, found["holds"]) == (1, False)


def test_a_checkpoint_that_one_holds_proves_them(tmp_path: Path, genuine: Records) -> None:
    signer = Signer()
    cut = [signer.introduced(), *tampering.truncate_all(genuine)]
    folder = unpacked(tmp_path, cut)
    (tmp_path / "mine.json").write_text(json.dumps(signer.checkpoint(tampering.entries(genuine)[-1])))
    (tmp_path / "keys.json").write_text(json.dumps([signer.public]))
    assert verified(folder)[0] == 0
    held = ("--checkpoint", str(tmp_path / "mine.json"), "--keys", str(tmp_path / "keys.json"))
    assert verified(folder, *held)[0] == 1


def test_it_holds_each_module_as_it_is(tmp_path: Path, genuine: Records) -> None:
    folder = unpacked(tmp_path, genuine)
    for module in MODULES:
        inside = folder / (module.replace(".", "/"))
        inside = inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
        ours = Path(__file__).parents[3] / inside.relative_to(folder)
        assert inside.read_bytes() == ours.read_bytes()
