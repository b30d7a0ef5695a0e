"""Whatever the schema and the outputs: files are neither invented nor put where another medium belongs."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.executor.material import kind_of, refers
from processors.executor.slots import media_slots
from processors.executor.wiring import Unwirable, wire
from tests.unit.executor.makers import TYPES, model, step

KINDS = sorted(TYPES)
field_names = st.sampled_from(["image", "first_frame", "last_frame", "mask", "images", "video", "clips", "audio"])
media = st.fixed_dictionaries({"x-media": st.sampled_from(["image", "video", "audio", "3d"])})
fields = st.one_of(
    media.map(lambda marked: {"type": "string", **marked}),
    media.map(lambda marked: {"type": "array", "items": {"type": "string"}, **marked}),
)
outputs = st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), max_size=4)


def unique(steps: list[list[str]]) -> list[str]:
    return [" ".join(f"{kind}-{n}-{m}" for m, kind in enumerate(kinds)) for n, kinds in enumerate(steps)]


def placed(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value["$asset"]] if "$asset" in value else [one for part in value.values() for one in placed(part)]
    return [one for part in value for one in placed(part)] if isinstance(value, list) else []


@settings(max_examples=100)
@given(st.dictionaries(field_names, fields, max_size=5), outputs)
def test_each_file_is_used_at_most_once_and_where_its_medium_belongs(
    properties: dict[str, Any], steps: list[list[str]]
) -> None:
    spec = model(properties)
    wired = wire(spec, step(*unique(steps)))
    assert not isinstance(wired, Unwirable)
    used = [asset["asset_id"] for asset in placed(wired)]
    assert len(used) == len(set(used))
    kinds = {slot.path[0]: slot.kinds for slot in media_slots(spec.input_schema)}
    for name, value in wired.items():
        assert {kind_of(asset["media_type"]) for asset in placed(value)} <= kinds[name]


@settings(max_examples=100)
@given(st.dictionaries(field_names, fields, max_size=4), outputs)
def test_a_required_field_is_filled_or_named(properties: dict[str, Any], steps: list[list[str]]) -> None:
    wired = wire(model(properties, *properties), step(*unique(steps)))
    if isinstance(wired, Unwirable):
        assert {problem.field for problem in wired.problems} <= set(properties)
    else:
        assert set(properties) <= set(wired)


@settings(max_examples=50)
@given(outputs)
def test_an_output_that_fits_the_only_field_is_never_left_out(steps: list[list[str]]) -> None:
    kinds = {kind for one in steps for kind in one}
    for kind in ("image", "video", "audio", "3d"):
        wired = wire(model({"in": {"type": "string", "x-media": kind}}), step(*unique(steps)))
        assert not isinstance(wired, Unwirable)
        assert ("in" in wired) == (kind in kinds)


references = st.sampled_from(["step:s1", "step:s9", "upload:image_1", "upload:image_9", "image_1", "image_9"])


@settings(max_examples=100)
@given(
    st.dictionaries(field_names, fields, min_size=1, max_size=4),
    outputs,
    st.dictionaries(field_names, st.one_of(references, st.lists(references, min_size=1, max_size=3)), max_size=4),
)
def test_no_provider_is_given_a_reference(properties: dict[str, Any], steps: list[list[str]], said: Any) -> None:
    wired = wire(model(properties), step(*unique(steps), uploads=("image-1",), **said))
    assert isinstance(wired, Unwirable) or not [one for one in texts(wired) if refers(one)]


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [] if "$asset" in value else [one for name in value if name != "prompt" for one in texts(value[name])]
    return [one for part in value for one in texts(part)] if isinstance(value, list) else [str(value)]
