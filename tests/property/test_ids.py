"""Ids that follow from a name are the standard's."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from events.ids import NamedIds


@given(st.uuids(), st.text())
def test_named_ids_are_uuids_of_version_5(namespace: uuid.UUID, name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()
    assert NamedIds(str(namespace))(name) == str(uuid.uuid5(namespace, name))
