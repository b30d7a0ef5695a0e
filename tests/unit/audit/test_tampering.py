"""Whatever is done to an export, the verifier finds it; and nothing where nothing was done."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from projections.audit.faults import Fault
from studio.client.exported import as_line
from studio.client.verifying import Asked, verify_export
from tests import tampering
from tests.given import ORG
from tests.tampering import OF_THE_BOOKS, OF_THE_LOG, Records, Signer, Tampering


def found(folder: Path, records: Records, **asked: object) -> list[Fault]:
    """The faults of a file that holds these records."""
    file = folder / "export.ndjson"
    head = {"export": 1, "keys": []}
    file.write_bytes(b"".join([orjson.dumps(head), b"\n", *(as_line(one) for one in records)]))
    faults: list[Fault] = []
    verify_export(file, Asked(**asked), faults.append, lambda _done, _total: None)  # type: ignore[arg-type]
    return faults


@pytest.fixture
async def genuine(tmp_path: Path) -> Records:
    return await tampering.history(tmp_path)


def test_a_genuine_history_holds(tmp_path: Path, genuine: Records) -> None:
    assert {orjson.loads(one.value)["kind"] for one in tampering.entries(genuine)} == {
        "grant", "adjust", "allocate", "deallocate", "reserve", "capture", "release", "refund",
    }  # fmt: skip
    assert found(tmp_path, tampering.signed(genuine, Signer())) == []


@pytest.mark.parametrize("one", [*OF_THE_LOG, *OF_THE_BOOKS], ids=lambda one: one.name)
def test_tampering_is_found(tmp_path: Path, genuine: Records, one: Tampering) -> None:
    faults = found(tmp_path, one.do(tampering.signed(genuine, Signer())))
    assert one.found_as in {fault.rule for fault in faults}, faults
    assert all(fault.place is not None for fault in faults)


def test_what_no_checkpoint_covers_is_not_proven_and_one_that_is_held_proves_it(
    tmp_path: Path, genuine: Records
) -> None:
    """The honest limit: a tail that was written anew, with nothing signed after it, is consistent in itself."""
    signer = Signer()
    held = {"mine.json": signer.checkpoint(tampering.entries(genuine)[-1])}
    edited = tampering.rehashed(tampering._edit(genuine))
    assert found(tmp_path, edited) == []
    assert [fault.rule for fault in found(tmp_path, edited, held=held, trusted=(signer.public,))] == ["rewritten"]
    cut = tampering._truncate_all(genuine)
    assert found(tmp_path, cut) == []
    [fault] = found(tmp_path, cut, held=held, trusted=(signer.public,))
    assert (fault.rule, fault.org_id, fault.place) == ("truncated", ORG, "mine.json")


def test_a_rotated_key_is_believed_where_the_one_before_vouches_for_it(tmp_path: Path, genuine: Records) -> None:
    first, second = Signer(), Signer()
    last = second.signed(tampering.entries(genuine)[-1])
    vouched = [first.introduced(), second.introduced(first), *genuine, last]
    assert found(tmp_path, vouched) == []
    assert found(tmp_path, vouched, trusted=(first.public,)) == []
    unvouched = [first.introduced(), second.introduced(), *genuine, last]
    assert [fault.rule for fault in found(tmp_path, unvouched)] == ["key"]
    assert [fault.rule for fault in found(tmp_path, vouched, trusted=(Signer().public,))] == ["key"]
