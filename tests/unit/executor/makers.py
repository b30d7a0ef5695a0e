"""Short ways to say which model, which step and which files a test is about."""

from __future__ import annotations

import hashlib
from typing import Any

from events.assets import AssetRef
from events.catalog.events import ModelSpec, Price
from processors.executor.material import Material, OpenedStep, Upstream

TYPES = {
    "image": "image/png",
    "video": "video/mp4",
    "audio": "audio/wav",
    "3d": "model/gltf-binary",
    "text": "text/plain",
}


def file(name: str, text: str | None = None) -> Material:
    """`image`, `video-2`, …: a file of that medium; text files carry their words."""
    kind = name.split("-")[0]
    asset = AssetRef(
        asset_id=f"ast_{name}", sha256=hashlib.sha256(name.encode()).hexdigest(), bytes=9, media_type=TYPES[kind]
    )
    return Material(asset, text or ("A hero rises." if kind == "text" else None))


def upstream(*steps: str) -> tuple[Upstream, ...]:
    """One string a step: `image image-2` is a step with two pictures."""
    return tuple(
        Upstream(f"stp_X.1.s{n}", tuple(file(name) for name in names.split())) for n, names in enumerate(steps, start=1)
    )


def model(properties: dict[str, Any], *required: str, agent_type: str = "video", **schema: Any) -> ModelSpec:
    return ModelSpec(
        id="acme/any",
        title="Any",
        media_out=("video",),
        agent_type=agent_type,
        input_schema={"type": "object", "properties": properties, "required": list(required), **schema},
        price=Price(unit="run", amount=1),
        provider="acme",
    )


def step(
    *steps: str,
    words: str = "Animate the bottle",
    uploads: tuple[str, ...] = (),
    agent_type: str = "video",
    **given: Any,
) -> OpenedStep:
    labelled = tuple((name.replace("-", "_"), file(name)) for name in uploads)
    return OpenedStep(agent_type, "Title", words, given, upstream(*steps), labelled)


def ref(name: str) -> dict[str, Any]:
    return file(name).value()


def names(value: Any) -> Any:
    """The input with every file shown by its name."""
    if isinstance(value, dict):
        if "$asset" in value:
            return value["$asset"]["asset_id"].removeprefix("ast_")
        return {key: names(one) for key, one in value.items()}
    return [names(one) for one in value] if isinstance(value, list) else value
