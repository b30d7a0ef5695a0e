"""Whatever is done to an export, the verifier finds it; and nothing where nothing was done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.heads import Noted
from projections.audit.verifier import Verifier
from studio.client.exported import NoExport, as_line
from studio.client.verifying_files import Asked, verify_export
from tests import tampering
from tests.given import ORG
from tests.tampered_books import OF_THE_BOOKS
from tests.tampering import OF_THE_LOG, Records, Signer, Tampering


def found(folder: Path, records: Records, head: dict[str, Any] | None = None, **asked: Any) -> list[Fault]:
    """The faults of a file that holds these records."""
    file = folder / "export.ndjson"
    header = {"export": 1, "keys": []} | (head or {})
    file.write_bytes(b"".join([orjson.dumps(header), b"\n", *(as_line(one) for one in records)]))
    faults: list[Fault] = []
    verify_export(file, Asked(**asked), faults.append, lambda _done, _total: None)
    return faults


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return asyncio.run(tampering.history(tmp_path_factory.mktemp("history")))


def test_a_genuine_history_holds(tmp_path: Path, genuine: Records) -> None:
    assert {orjson.loads(one.value)["kind"] for one in tampering.entries(genuine)} == {
        "grant", "adjust", "allocate", "deallocate", "reserve", "capture", "release", "refund",
    }  # fmt: skip
    assert found(tmp_path, tampering.signed(genuine, Signer())) == []


@pytest.mark.parametrize("one", [*OF_THE_LOG, *OF_THE_BOOKS], ids=lambda one: one.name)
def test_tampering_is_found(tmp_path: Path, genuine: Records, one: Tampering) -> None:
    faults = found(tmp_path, one.do(tampering.signed(genuine, Signer())))
    assert one.found_as in {fault.rule for fault in faults}, faults
    assert all(fault.place is not None or fault.rule == "half a decision" for fault in faults)


def test_what_no_checkpoint_covers_is_not_proven_and_one_that_is_held_proves_it(
    tmp_path: Path, genuine: Records
) -> None:
    """The honest limit: a tail that was written anew, with nothing signed after it, is consistent in itself."""
    signer = Signer()
    held = {"mine.json": signer.checkpoint(tampering.entries(genuine)[-1])}
    edited = [signer.introduced(), *tampering.rehashed(tampering.edit(genuine))]
    assert found(tmp_path, edited) == []
    assert [fault.rule for fault in found(tmp_path, edited, held=held, noted=noted(signer))] == ["rewritten"]
    cut = [signer.introduced(), *tampering.truncate_all(genuine)]
    assert found(tmp_path, cut) == []
    [fault] = found(tmp_path, cut, held=held, noted=noted(signer))
    assert (fault.rule, fault.org_id, fault.place) == ("truncated", ORG, "mine.json")


class TestKeys:
    def test_a_rotated_key_is_believed_where_the_one_before_vouches_for_it(
        self, tmp_path: Path, genuine: Records
    ) -> None:
        first, second = Signer(), Signer()
        last = second.signed(tampering.entries(genuine)[-1])
        vouched = [first.introduced(), second.introduced(first), *genuine, last]
        assert found(tmp_path, vouched) == []
        assert found(tmp_path, vouched, noted=noted(first)) == []
        assert found(tmp_path, vouched, noted=noted(first, second)) == []
        unvouched = [first.introduced(), second.introduced(), *genuine, last]
        assert rules(found(tmp_path, unvouched)) == {"key"}
        assert rules(found(tmp_path, vouched, noted=noted(Signer()))) == {"key"}

    def test_a_replaced_key_signs_only_what_was_entered_before(self, tmp_path: Path, genuine: Records) -> None:
        first, second = Signer(), Signer()
        early, late = tampering.entries(genuine)[2], tampering.entries(genuine)[-1]
        rotated = second.introduced(first, at=tampering.time_of(early))
        assert found(tmp_path, [first.introduced(), *genuine, rotated, first.signed(early)]) == []
        stolen = [first.introduced(), *genuine, rotated, first.signed(late)]
        assert rules(found(tmp_path, stolen)) == {"key"}

    def test_a_stolen_key_names_no_other_successor(self, tmp_path: Path, genuine: Records) -> None:
        first, second, forger = Signer(), Signer(), Signer()
        forged = tampering.rehashed(tampering.edit(genuine))
        end = forger.signed(tampering.entries(forged)[-1])
        both = [first.introduced(), second.introduced(first), forger.introduced(first), *forged, end]
        assert rules(found(tmp_path, both)) == {"key"}
        instead = [first.introduced(), forger.introduced(first), *forged, end]
        assert rules(found(tmp_path, instead, noted=noted(first, second))) == {"key"}
        replaced = Noted((first.public,), {first.key_id: second.key_id})
        assert rules(found(tmp_path, instead, noted=replaced)) == {"key"}

    async def test_one_that_is_introduced_while_the_log_is_read_is_known_in_time(
        self, tmp_path: Path, genuine: Records
    ) -> None:
        first, second = Signer(), Signer()
        faults: list[Fault] = []
        with Ever("t", "j") as ever:
            verifier = Verifier(faults.append, ever)
            verifier.learn_keys([first.introduced()])
            last = second.signed(tampering.entries(genuine)[-1])
            for one in [*genuine, last]:
                verifier.take([one])
            assert len(verifier.heads.unknown) == 1
            verifier.learn_keys([first.introduced(), second.introduced(first)])
            verifier.heads.hold_again(verifier.books)
            verifier.finish()
        assert faults == []
        assert verifier.heads.proven[ORG] == verifier.books[ORG].seq


class TestFiles:
    """What is no export is said to be none; whatever its records hold is a fault with its place."""

    @pytest.mark.parametrize(
        "member",
        [{"partition": "0"}, {"partition": 2**16}, {"offset": -1}, {"offset": True}, {"topic": 5}, {"headers": []},
         {"key": 5}, {"timestamp": None}],
        ids=str,
    )  # fmt: skip
    def test_a_line_that_is_no_record(self, tmp_path: Path, genuine: Records, member: dict[str, Any]) -> None:
        file = tmp_path / "export.ndjson"
        line = orjson.loads(as_line(genuine[0])) | member
        file.write_bytes(orjson.dumps({"export": 1, "keys": []}) + b"\n" + orjson.dumps(line))
        with pytest.raises(NoExport):
            verify_export(file, Asked(), list[Fault]().append, lambda _done, _total: None)

    @pytest.mark.parametrize("keys", [["AAAA"], [5], 5, {"a": 1}, [{"key": "x"}]], ids=str)
    def test_keys_of_the_header_that_are_none(self, tmp_path: Path, genuine: Records, keys: Any) -> None:
        with pytest.raises(NoExport):
            found(tmp_path, genuine, head={"keys": keys})

    @pytest.mark.parametrize("value", [b"null", b"[]", b"5", b'{"public_key": 5, "key_id": [], "replaces": {}}', b"{}"])
    @pytest.mark.parametrize("of", [0, 1, -1], ids=["a key", "an event", "a checkpoint"])
    def test_a_record_of_anything_else(self, tmp_path: Path, genuine: Records, of: int, value: bytes) -> None:
        records = tampering.signed(genuine, Signer())
        assert found(tmp_path, tampering.put(records, records[of], replace(records[of], value=value))) != []


class TestAskedOrganisation:
    def test_an_export_of_another_one_is_none(self, tmp_path: Path, genuine: Records) -> None:
        with pytest.raises(NoExport):
            found(tmp_path, genuine, head={"org_id": tampering.OTHER}, org_id=ORG)

    def test_one_that_has_no_entry_is_a_fault(self, tmp_path: Path, genuine: Records) -> None:
        assert rules(found(tmp_path, genuine, head={"org_id": "org_NOBODY"})) == {"no entries"}
        assert rules(found(tmp_path, [], head={"org_id": ORG})) == {"no entries"}
        assert rules(found(tmp_path, [])) == {"no entries"}

    def test_a_checkpoint_of_another_one_is_passed_by(self, tmp_path: Path, genuine: Records) -> None:
        signer = Signer()
        held = {"b.json": signer.checkpoint(tampering.entries(genuine, tampering.OTHER)[-1])}
        books = [signer.introduced(), *genuine]
        assert found(tmp_path, books, head={"org_id": ORG}, held=held, noted=noted(signer)) == []


def noted(*signers: Signer) -> Noted:
    return Noted(tuple(signer.public for signer in signers))


def rules(faults: list[Fault]) -> set[str]:
    return {fault.rule for fault in faults}
