"""Bodies of requests: strict JSON against a closed model, and what the interface's description says of them."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from starlette.requests import Request

from commands.orgs.commands import Amount
from gateway.http.inputs import pointer_to
from gateway.http.problems import Problem
from projections.storable import unstorable

M = TypeVar("M", bound=BaseModel)

DEPTH_MAX: Final = 64
ERRORS_MAX: Final = 20
DESCRIBED: Final[dict[str, type[BaseModel]]] = {}
"""Every body that a route takes, for the interface's description."""


class Body(BaseModel):
    """What a client may say; a member that has no business here is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def said(value: Any) -> Any:
    """What may be left out is not said to be null: whoever sends that may mean nothing, or all."""
    if value is None:
        raise ValueError("leave it out rather than null")
    return value


OptionalAmount = Annotated[Amount | None, BeforeValidator(said)]


class Nothing(Body):
    """An empty object, or no body at all."""


async def read_json(request: Request) -> Any:
    """The body as JSON that a store can hold, without NaN or infinities; nothing counts as an empty object."""
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem.invalid("", f"the body is not JSON: {error.msg}") from error
    if (found := unstorable(value, DEPTH_MAX)) is not None:
        raise Problem.invalid(pointer_to(found.path), found.why)
    return value


async def read(request: Request, model: type[M]) -> tuple[M, Any]:
    """The body as the model has it, and as it was sent."""
    value = await read_json(request)
    return validated(model, value), value


def validated(model: type[M], value: Any) -> M:
    """Raises a Problem that names each wrong field; `true` and `1.0` are no integers."""
    try:
        return model.model_validate(value, strict=True)
    except ValidationError as error:
        found = [
            {"pointer": pointer_to(one["loc"]), "detail": one["msg"]}
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise Problem(
            "invalid-input", f"{len(found)} of its members are not valid", errors=found[:ERRORS_MAX]
        ) from None


def takes(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """The description of a route's body."""
    DESCRIBED[model.__name__] = model
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}
