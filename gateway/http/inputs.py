"""A job's input: files by id or address, checked against the model's JSON Schema, priced."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import orjson
from jsonschema import Draft202012Validator, ValidationError

from commands import pricing
from commands.pricing import REFERENCE
from commands.signing import BadSignature, verify
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec
from events.jobs.events import PriceLine
from gateway.http.problems import Problem

Json: TypeAlias = Any
FindAsset = Callable[[str, str], Awaitable[Mapping[str, Any] | None]]
"""(org, asset or upload id) → the asset's document, where it is that org's."""

ERRORS_MAX: Final = 20
VALIDATORS_MAX: Final = 512
FILES_MAX: Final = 64
INPUT_BYTES_MAX: Final = 128 * 1024
"""Room for the longest script that a model of the catalog reads. Sealed it grows by a third, and it stands in two
events of a job."""
PLACEHOLDER: Final = "https://asset.invalid/file"
"""What a file stands for while the schema, which asks for an address, is checked."""
_ID = re.compile(r"(ast|upl)_[A-Za-z0-9]{1,64}\Z")
_ASSET_PATH = re.compile(r"/v1/assets/(ast_[A-Za-z0-9]{1,64})\Z")
_ASSET_MEMBERS = ("asset_id", "sha256", "bytes", "media_type", "width", "height", "duration_s")


class Inputs:
    """Keeps the compiled validators of the models in use."""

    def __init__(self, secret: bytes, find_asset: FindAsset) -> None:
        self._secret = secret
        self._find_asset = find_asset
        self._validators: OrderedDict[tuple[str, int], Draft202012Validator] = OrderedDict()

    async def resolve(
        self, org_id: str, spec: ModelSpec, values: dict[str, Json], *, references: bool = False
    ) -> dict[str, Json]:
        """The input with every file as `{"$asset": …}`. Raises a Problem that names the field.

        A step's input may hold `references` to files of other steps and of the session in their place."""
        properties = spec.input_schema.get("properties", {})
        resolved = dict(values)
        budget = FILES_MAX
        for name, value in values.items():
            schema = properties.get(name)
            if not isinstance(schema, Mapping) or not takes_files(schema):
                refuse_reference(value, f"/input/{name}")
                continue
            many = value if isinstance(value, list) else [value]
            budget -= len(many)
            if budget < 0:
                raise Problem.invalid(f"/input/{name}", f"more than {FILES_MAX} files")
            found = [
                one
                if references and isinstance(one, str) and REFERENCE.match(one)
                else await self._file(org_id, one, f"/input/{name}/{index}" if many is value else f"/input/{name}")
                for index, one in enumerate(many)
            ]
            resolved[name] = found if many is value else found[0]
        return resolved

    def check(self, model: CurrentModel, values: dict[str, Json], *, whole: bool = True) -> None:
        """Raises a Problem that names each field the schema does not take. An input that is not whole may leave
        fields to be filled from other steps."""
        errors = []
        for error in self._validator(model).iter_errors(without_assets(values)):
            if not whole and error.validator == "required" and not error.absolute_path:
                continue
            for field in _fields(error):
                pointer = pointer_to(("input", *error.absolute_path, *field))
                errors.append({"pointer": pointer, "detail": error.message[:500]})
            if len(errors) >= ERRORS_MAX:
                break
        if errors:
            raise Problem("invalid-input", f"the input does not fit {model.model.id}", errors=errors[:ERRORS_MAX])

    def _validator(self, model: CurrentModel) -> Draft202012Validator:
        key = (model.model.id, model.version)
        validator = self._validators.get(key)
        if validator is None:
            validator = self._validators[key] = Draft202012Validator(model.model.input_schema)
            if len(self._validators) > VALIDATORS_MAX:
                self._validators.popitem(last=False)
        return validator

    async def _file(self, org_id: str, value: Json, pointer: str) -> Json:
        if not isinstance(value, str):
            refuse_reference(value, pointer)
            return value
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise Problem.invalid(pointer, "this is no address") from error
        if match := _ASSET_PATH.search(parts.path):
            return self._signed(org_id, match[1], parts.query, pointer)
        if _ID.match(value):
            document = await self._find_asset(org_id, value)
            if document is None:
                raise Problem.invalid(pointer, f"there is no file {value}")
            return {"$asset": {name: document[name] for name in _ASSET_MEMBERS if name in document}}
        raise Problem.invalid(pointer, "files from elsewhere are not fetched: upload the file and give its id")

    def _signed(self, org_id: str, asset_id: str, query: str, pointer: str) -> Json:
        asked = parse_qs(query)
        try:
            exp = int(asked["exp"][0])
            signed = verify(self._secret, asset_id, exp, asked["sig"][0], now=time.time())
        except (KeyError, ValueError, BadSignature) as error:
            raise Problem.invalid(pointer, "this address of a file is not valid, or not any more") from error
        if signed.org_id != org_id:
            raise Problem.invalid(pointer, "this address of a file is not valid, or not any more")
        members = {"asset_id": asset_id, "sha256": signed.sha256, "bytes": signed.size, "media_type": signed.media_type}
        return {"$asset": members}


def priced(spec: ModelSpec, values: dict[str, Json]) -> tuple[tuple[PriceLine, ...], int]:
    """The lines of its price and their total. Raises a Problem."""
    try:
        return pricing.estimate(spec, values)
    except ValueError as error:
        raise Problem.invalid("/input", f"this cannot be priced: {error}") from error


def as_text(values: dict[str, Json]) -> str:
    """The input as it is sealed. Raises a Problem for one that would make its events too large."""
    text = orjson.dumps(values)
    if len(text) > INPUT_BYTES_MAX:
        raise Problem("too-large", f"an input has at most {INPUT_BYTES_MAX} bytes", limit=INPUT_BYTES_MAX)
    return text.decode()


def takes_files(schema: Mapping[str, Any]) -> bool:
    items = schema.get("items")
    return "x-media" in schema or (isinstance(items, Mapping) and "x-media" in items)


def refuse_reference(value: Json, pointer: str) -> None:
    """`$asset` is the platform's own word: no client says it."""
    if isinstance(value, Mapping):
        if "$asset" in value or "$sealed" in value:
            raise Problem.invalid(pointer, "give a file by its id or its signed address")
        for name, one in value.items():
            refuse_reference(one, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            refuse_reference(one, f"{pointer}/{index}")


def _fields(error: ValidationError) -> list[tuple[str, ...]]:
    """Where below its place the error is: at the member that is missing, at each that is too many; else right there."""
    found: Iterable[str] = ()
    match error.validator, error.validator_value, error.instance, error.schema:
        case "required", list(names), _, _:
            found = (name for name in names if error.message.startswith(f"{name!r} is "))
        case "additionalProperties", False, dict(given), Mapping() as schema if "patternProperties" not in schema:
            found = given.keys() - schema.get("properties", {}).keys()
    return [(name,) for name in sorted(found)] or [()]


def without_assets(value: Json) -> Json:
    if isinstance(value, Mapping):
        if "$asset" in value:
            return PLACEHOLDER
        return {name: without_assets(one) for name, one in value.items()}
    return [without_assets(one) for one in value] if isinstance(value, list) else value


def pointer_to(steps: Iterable[object]) -> str:
    """The JSON pointer of a member (RFC 6901); of the whole value it is empty."""
    return "".join(f"/{escaped(step)}" for step in steps)


def escaped(step: object) -> str:
    """A member of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
