"""Whatever a plan or a model gives for an input: no address gets through, and no file that is not of the session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from commands.canvas.commands import UNWIRABLE
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec, Price
from events.model import MONEY_MAX
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import Fitted, furnished
from processors.agents.fitting.fields import verify
from processors.agents.fitting.media_fields import references
from processors.agents.fitting.selector import Choice
from processors.agents.fitting.shapes import FIELDS as FIELDS_OF_SHAPES
from processors.agents.plan import PlannedStep
from processors.agents.stages.field_questions import questions, settled
from processors.agents.words.references import Known, KnownStep, KnownUpload
from processors.executor.rehearsal import rehearsal
from processors.executor.slots import Slot, media_slots
from processors.executor.wiring import Unwirable, wire
from tests.catalog import shipped
from tests.unit.agents.makers import model

CATALOG = Catalog.of(CurrentModel(model=entry.spec, version=1) for entry in shipped())
FIELDS = sorted({name for spec in CATALOG.models.values() for name in spec.input_schema.get("properties", {})})
OURS = "https://ours.example/menu"
KNOWN = Known(
    (
        KnownUpload("image_1", "image", "upl_01A", "ast_01K3QWERTY0987654321", "me.png"),
        KnownUpload("image_2", "image", "upl_01B", "ast_01M7ASDFGH1234567890", "logo.png"),
        KnownUpload("video_1", "video", "upl_01C", "ast_01V8POIUYT5555555555", "clip.mp4"),
    ),
    (KnownStep("s1", "stp_X.1.s1", frozenset({"image"})), KnownStep("s2", "stp_X.1.s2", frozenset({"text"}))),
    said=f"a poster that says {OURS}",
)
ALLOWED = {"upload:image_1", "upload:image_2", "upload:video_1", "step:stp_X.1.s1", "step:stp_X.1.s2"}
ADDRESS = re.compile(r"[a-z]{2,}:[/\\]{2}|\bdata:[a-z]+/|\bwww\.\w|/v1/assets", re.IGNORECASE)

foreign = st.sampled_from([
    "https://evil.test/a.png", "HTTP://169.254.169.254/latest", "https:\\\\evil.test\\a", "//evil.test/x",
    "ftp://e.t/a", "data:image/png;base64,AAAA", "file:///etc/passwd", "s3://bucket/key",
    "www.evil.test", "/v1/assets/ast_01ZZZZ",
    "upload:image_9", "step:stp_Y.1.s1", "image_9", "ast_01ZZZZZZZZZZZZ", "https://evil.test/ast_01K3QWERTY0987654321",
    "javascript://evil.test", "blob:https://evil.test/1", "see https://evil.test/a.", "(https://evil.test/b)", OURS,
])  # fmt: skip
familiar = st.sampled_from(["image_1", "Image 2", "video_1", "me.png", "s1", "step:s2", "upload:image_1", "5s", "16:9"])
beyond = st.sampled_from([1e20, -1e20, 1e300, 2**70, 10**400, "1e20", "100000000000"])
"""More than 64 bits or any model can hold."""
scalars = foreign | familiar | beyond | st.integers(-9, 5000) | st.booleans() | st.none() | st.text(max_size=20)
keys = st.sampled_from(["url", "type", "frame0", "frame1", "$asset", "$ref", "x"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "type", "frame0", "frame1", "$asset", "$ref", "x"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
inputs = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), values, max_size=5)
words = st.lists(foreign | familiar | st.sampled_from(["a red fox", '"say this"', "for 5 seconds"]), max_size=4).map(
    " ".join
)
models = st.sampled_from(sorted(CATALOG.models))


def leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for one in inner:
            yield from leaves(one)


def is_clean(built: dict[str, Any]) -> None:
    assert orjson.dumps(built), "it can stand in an event"
    assert references(built) <= ALLOWED
    for leaf in leaves(built):
        assert not isinstance(leaf, str) or not ADDRESS.search(leaf.replace(OURS, "")), leaf


def fitted(name: str, description: str, given: dict[str, Any]) -> Fitted:
    spec = CATALOG.models[name]
    step = PlannedStep("a", "", description, spec.agent_type, input=given)
    return furnished(step, Choice(spec, "one"), KNOWN)


shapes = st.sampled_from([*FIELDS_OF_SHAPES, "width", "height", "orientation", "format"])
said = (
    st.from_regex(r"(portrait|landscape|square|vertical|)[ _]?[0-9.]{0,6}[:x/_][0-9.]{0,6}", fullmatch=True) | scalars
)


@settings(max_examples=300, deadline=None)
@given(name=models, given=st.dictionaries(shapes, said, max_size=4))
def test_whatever_is_said_of_a_shape_the_schema_agrees_and_saying_it_again_changes_nothing(
    name: str, given: dict[str, Any]
) -> None:
    spec = CATALOG.models[name]
    once = verify(spec, PlannedStep("a", "", "a cat", spec.agent_type, input=given), Known())
    again = verify(spec, PlannedStep("a", "", "a cat", spec.agent_type, input=once.values), Known())
    assert again.values == once.values
    wrong = [one for one in Draft202012Validator(spec.input_schema).iter_errors(once.values) if one.absolute_path]
    assert not wrong


@settings(max_examples=400, deadline=None)
@given(name=models, given=inputs, description=words)
def test_no_foreign_address_and_no_foreign_file_gets_through(
    name: str, given: dict[str, Any], description: str
) -> None:
    is_clean(dict(fitted(name, description, given).input))


@settings(max_examples=300, deadline=None)
@given(name=models, given=inputs, description=words, said=inputs)
def test_nor_does_a_models_answer_bring_one_or_touch_what_is_settled(
    name: str, given: dict[str, Any], description: str, said: dict[str, Any]
) -> None:
    one = fitted(name, description, given)
    asked = questions([one], CATALOG, KNOWN.uploads)
    fields = [left.field for question in asked for left in question.fields]
    aimed = dict(zip(fields, said.values(), strict=False))
    answer = {"steps": [{"id": "a", "input": {**said, **aimed}}]}
    [better] = settled([one], asked, answer)
    is_clean(dict(better.input))
    opened = {field.split(".")[0] for field in fields}
    changed = {key for key in one.input.keys() | better.input.keys() if one.input.get(key) != better.input.get(key)}
    assert changed <= opened


@settings(max_examples=200, deadline=None)
@given(name=models, given=inputs, description=words)
def test_what_the_rules_have_made_they_leave_as_it_is(name: str, given: dict[str, Any], description: str) -> None:
    built = fitted(name, description, given).input
    step = PlannedStep("a", "", description, CATALOG.models[name].agent_type, input=built)
    assert verify(CATALOG.models[name], step, KNOWN).values == built


@pytest.mark.parametrize("name", sorted(CATALOG.models))
def test_every_model_takes_what_a_plan_says_in_plain_words(name: str) -> None:
    is_clean(dict(fitted(name, "a red fox, see https://evil.test/fox.png", {"image": "image_1"}).input))


NESTED = [
    (name, slot)
    for name, spec in sorted(CATALOG.models.items())
    for slot in media_slots(spec.input_schema)
    if len(slot.path) > 1
]


@pytest.mark.parametrize("value", ["hello", ["a"], 7, "step:s2", "image_1", {"frame0": "x"}, {"frame0": {"url": 7}}])
@pytest.mark.parametrize(("name", "slot"), NESTED, ids=[f"{name}.{slot.name}" for name, slot in NESTED])
def test_what_stands_where_a_model_nests_its_files_is_an_object_or_nothing(name: str, slot: Slot, value: Any) -> None:
    built = fitted(name, "animate image_1", {slot.path[0]: value}).input
    assert isinstance(built.get(slot.path[0], {}), dict)
    is_clean(dict(built))
    given = {slot.path[0]: value}
    opened = rehearsal("video", "t", "animate", given, {"stp_X.1.s1": ["image"]}, {"image_1": "image"})
    wired = wire(CATALOG.models[name], opened)
    assert isinstance(wired, Unwirable) or isinstance(wired.get(slot.path[0], {}), dict)


def required(rule: dict[str, Any], **more: Any) -> ModelSpec:
    schema = {"type": "object", "properties": {"prompt": {"type": "string"}, "x": rule}, "required": ["x"]}
    return model("a/b", "image", ("image",), schema, **more)


@pytest.mark.parametrize("kind", ["integer", "number", "string", "boolean", "array", "object"])
@pytest.mark.parametrize("nullable", [False, True])
def test_a_required_field_of_any_type_is_filled_or_left_open(kind: str, nullable: bool) -> None:
    rule = {"type": [kind, "null"] if nullable else kind}
    step = PlannedStep("a", "", "a red fox", "image")
    built = verify(required(rule), step, KNOWN).values
    assert "x" in built or kind in ("array", "object")
    assert orjson.dumps(built)


def test_what_no_amount_of_money_pays_is_said_and_waits_for_a_person() -> None:
    spec = required({"type": "integer"}, price=Price(unit="image", amount=1000))
    spec = spec.model_copy(update={"input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}})
    one = furnished(PlannedStep("a", "", "foxes", "image", input={"n": 10**17}), Choice(spec, "one"), KNOWN)
    assert one.estimate == MONEY_MAX
    assert any(f":{UNWIRABLE}:" in flag for flag in one.flags)


@pytest.mark.parametrize("name", sorted(CATALOG.models))
@pytest.mark.parametrize("number", [1e20, -1e20, 1e300, 2**70, 2**63, "100000000000"])
def test_a_number_beyond_all_in_any_field_can_still_be_kept(name: str, number: Any) -> None:
    for field in CATALOG.models[name].input_schema["properties"]:
        is_clean(dict(fitted(name, "a red fox", {field: number}).input))
