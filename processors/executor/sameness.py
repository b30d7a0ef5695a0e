"""When two jobs would do the same work: the same model, input and seed, files compared by their bytes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def same_work(model_id: str, wired: Mapping[str, Any]) -> str:
    """A text that is equal for equal work, however its input's members are ordered, its files named and its whole
    numbers written."""
    return orjson.dumps([model_id, _by_content(wired)], option=orjson.OPT_SORT_KEYS).decode()


def _by_content(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "$asset" in value:
            return {"$asset": value["$asset"]["sha256"]}
        return {key: _by_content(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_by_content(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
