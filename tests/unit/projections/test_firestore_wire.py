"""Merges as Firestore takes them: which paths are written, what they hold, what goes."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.firestore_v1.types import Write

from projections.stores.firestore import fields_of, path_of
from projections.stores.firestore_erasing import erased
from projections.stores.firestore_wire import Merge, quoted, replacing, write_of
from projections.writes import Insert, Update

STEP = "stp_X.1.s1"


def decoded(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return {name: decoded(inner) for name, inner in value.map_value.fields.items()}
    if kind == "array_value":
        return [decoded(inner) for inner in value.array_value.values]
    return None if kind == "null_value" else getattr(value, kind)


def merged(*changes: tuple[tuple[str, ...], Any]) -> Merge:
    merge = Merge()
    for path, value in changes:
        merge.put(path, value)
    return merge


def test_every_json_value_goes_through() -> None:
    document = {"a": [1, 2.5, True, None, "x", {"b": []}], "m": {}, "n": 2**53, "nested": [[1]]}
    write = write_of("name", merged(*(((name,), value) for name, value in document.items())))
    found = {name: decoded(value) for name, value in write.update.fields.items()}
    assert found == {**document, "nested": [{"0": 1}]}
    assert isinstance(Write.wrap(write), Write)


def test_only_what_is_named_is_written() -> None:
    merge = merged((("status",), "running"), (("attempts", "0", "lease"), 1), (("attempts", "0", "ended_at"), "x"))
    assert merge.paths == ["status", "attempts.`0`.lease", "attempts.`0`.ended_at"]
    assert merge.data == {"status": "running", "attempts": {"0": {"lease": 1, "ended_at": "x"}}}


def test_what_lies_inside_of_a_replaced_member_needs_no_path_of_its_own() -> None:
    merge = merged((("attempts", "0", "x"), 1), (("attempts", "0"), {"lease": 1}), (("attempts", "0", "ended_at"), "x"))
    assert merge.paths == ["attempts.`0`"]
    assert merge.data == {"attempts": {"0": {"lease": 1, "ended_at": "x"}}}


def test_a_deleted_member_is_named_and_has_no_value() -> None:
    merge = merged((("error",), {"category": "x"}), (("status",), "ready"))
    merge.delete(("error",))
    merge.delete(("never", "there"))
    assert (sorted(merge.paths), merge.data) == (["error", "never.there", "status"], {"status": "ready"})


def test_a_write_leaves_the_document_it_came_from_alone() -> None:
    source: dict[str, Any] = {"keys": {}}
    merged((("keys",), source["keys"]), (("keys", "key_1"), 1))
    assert source == {"keys": {}}


@pytest.mark.parametrize(("name", "path"), [("a_1", "a_1"), ("0", "`0`"), ("a-b", "`a-b`"), ("a`\\", "`a\\`\\\\`")])
def test_names_are_quoted_where_they_must_be(name: str, path: str) -> None:
    assert quoted(name) == path


def test_documents_lie_below_their_organisation() -> None:
    assert path_of(Update("steps", STEP, "org_A", 1)) == (
        "orgs", "org_A", "sessions", "ses_X", "plans", "pln_X.1", "steps", STEP,
    )  # fmt: skip
    message = Insert("messages", "msg_1", "org_A", 1, {"session_id": "ses_X"})
    assert path_of(message) == ("orgs", "org_A", "sessions", "ses_X", "messages", "msg_1")
    assert path_of(Update("ledger", "ent_1", "org_A", 1)) is None


def test_lists_that_grow_are_maps() -> None:
    born = Insert("jobs", "job_1", "org_A", 1, {"attempts": [], "status": "queued"})
    grown = Update("jobs", "job_1", "org_A", 2, push={"attempts": ("0", {"lease": 1})})
    assert dict(fields_of(born)) == {("_v",): 1, ("status",): "queued"}
    assert dict(fields_of(grown)) == {("_v",): 2, ("attempts", "0"): {"lease": 1}}


def as_mirrored(write: Insert, *updates: Update) -> Any:
    """The fields of the document that these writes make."""
    writes: list[Insert | Update] = [write, *updates]
    return write_of("name", merged(*(change for one in writes for change in fields_of(one)))).update.fields


def test_a_forgotten_persons_words_go_and_nothing_else() -> None:
    document = {
        "title": "a lamp",
        "status": "failed",
        "input": {"prompt": "a lamp"},
        "error": {"category": "x", "detail": "why"},
        "outputs": [{"asset_id": "ast_1", "text": "a poem"}, {"asset_id": "ast_2"}],
    }
    fields = as_mirrored(Insert("steps", STEP, "org_A", 1, document, frozenset({"kid_ann"})))
    assert erased("steps", fields, ["kid_bob"]) == {}
    changed = erased("steps", fields, ["kid_ann"])
    assert {name: decoded(value) for name, value in changed.items()} == {
        "title": "[erased]",
        "input": "[erased]",
        "error": {"category": "x", "detail": "[erased]"},
        "outputs": [{"asset_id": "ast_1", "text": "[erased]"}, {"asset_id": "ast_2"}],
    }
    assert decoded(fields["title"]) == "a lamp"


def test_words_in_what_grows_go_too_whoever_the_document_belongs_to() -> None:
    pushed = Update(
        "sessions", "ses_X", "org_A", 2, push={"uploads": ("upl_1", {"name": "cv.pdf"})}, kids=frozenset({"kid_ann"})
    )
    fields = as_mirrored(Insert("sessions", "ses_X", "org_A", 1, {}, frozenset({"kid_bob"})), pushed)
    changed = erased("sessions", fields, ["kid_ann"])
    assert {name: decoded(value) for name, value in changed.items()} == {"uploads": {"upl_1": {"name": "[erased]"}}}
    write = replacing("name", changed)
    assert list(write.update_mask.field_paths) == ["uploads"]
