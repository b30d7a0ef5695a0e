"""Files become checked models; what no catalog can hold is refused with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.catalog.loader import CatalogError, load

ENTRY = """
provider: acme
models:
  - id: acme/painter
    title: Painter
    media_out: [image]
    agent_type: image
    input_schema: {type: object, properties: {prompt: {type: string}}}
    price: {unit: image, amount: 100}
"""


def yes(_provider: str) -> bool:
    return True


def write(folder: Path, text: str, name: str = "acme.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def test_an_entry_takes_the_files_provider(tmp_path: Path) -> None:
    (entry,) = load(yes, write(tmp_path, ENTRY))
    assert (entry.spec.id, entry.spec.provider, entry.spec.active) == ("acme/painter", "acme", True)


def test_models_of_a_provider_that_is_not_set_up_are_inactive(tmp_path: Path) -> None:
    (entry,) = load(lambda provider: provider != "acme", write(tmp_path, ENTRY))
    assert not entry.spec.active


def test_the_hash_follows_the_entry_and_nothing_else(tmp_path: Path) -> None:
    (first,) = load(yes, write(tmp_path, ENTRY))
    (same,) = load(yes, write(tmp_path, "# a remark\n" + ENTRY))
    (dearer,) = load(yes, write(tmp_path, ENTRY.replace("amount: 100", "amount: 101")))
    (off,) = load(lambda _: False, write(tmp_path, ENTRY))
    assert first.source_hash == same.source_hash
    assert len({first.source_hash, dearer.source_hash, off.source_hash}) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("amount: 100", "amount: -1"), "greater than or equal to 0"),
        (("amount: 100", "amount: 1.5"), "valid integer"),
        (("agent_type: image", "agent_type: smell"), "agent_type"),
        (("    title: Painter\n", ""), "Field required"),
        (("title: Painter", "title: Painter\n    colour: red"), "Extra inputs"),
        (("{type: string}", "{type: string, enum: 7}"), "not of type 'array'"),
        (("{type: object, properties", "{type: array, properties"), "no object"),
        (("provider: acme\n", "provider: acme\nmodel: x\n"), "nothing else"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    folder = write(tmp_path, ENTRY.replace(*change))
    with pytest.raises(CatalogError, match=r"acme\.yaml") as caught:
        load(yes, folder)
    assert reason in str(caught.value)


def test_an_id_stands_once(tmp_path: Path) -> None:
    write(tmp_path, ENTRY)
    with pytest.raises(CatalogError, match="twice"):
        load(yes, write(tmp_path, ENTRY, "again.yaml"))
