"""A small catalog with the platform's own engines' shapes and a few that compete with them."""

from __future__ import annotations

from functools import cache
from typing import Any

from events.catalog.current import CurrentModel, CurrentProvider
from events.catalog.events import ModelLimits, ModelSpec, Price
from processors.agents.catalog import Catalog
from tests.catalog import shipped


def media(medium: str) -> dict[str, Any]:
    return {"type": "string", "format": "uri", "x-media": medium}


def schema(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
DURATION: dict[str, Any] = {"type": "number", "minimum": 1, "maximum": 10, "default": 5}


def model(name: str, agent_type: Any, out: tuple[str, ...], input_schema: dict[str, Any], **more: Any) -> ModelSpec:
    base: dict[str, Any] = {"price": Price(unit="run", amount=100), "provider": "local", "title": name.split("/")[1]}
    return ModelSpec(id=name, agent_type=agent_type, media_out=out, input_schema=input_schema, **{**base, **more})


MODELS = (
    model(
        "local/picture", "image", ("image",),
        schema(["prompt"], prompt=TEXT, width={"type": "integer", "minimum": 64, "maximum": 1920},
               height={"type": "integer", "minimum": 64, "maximum": 1920}, reference=media("image")),
        limits=ModelLimits(max_width=1920, max_height=1920),
    ),
    model(
        "local/motion", "video", ("video",),
        schema(["image"], image=media("image"), prompt=TEXT, duration_s=DURATION),
        limits=ModelLimits(max_duration_s=10), price=Price(unit="second", amount=50),
    ),
    model(
        "far/cinema", "video", ("video",),
        schema(["prompt"], prompt=TEXT, duration={"type": "string", "enum": ["4", "8", "30"]},
               aspect_ratio={"type": "string", "enum": ["16:9", "9:16"]}),
        limits=ModelLimits(max_duration_s=30), price=Price(unit="second", amount=1000), provider="far",
    ),
    model("local/speech", "speech", ("audio",), schema(["text"], text=TEXT, voice={"enum": ["female", "male"]})),
    model(
        "local/voiceover", "speech", ("video", "audio"), schema(["video", "text"], video=media("video"), text=TEXT)
    ),
    model("local/music", "music", ("audio",), schema(["prompt"], prompt=TEXT, duration_s=DURATION)),
    model("local/sound", "audio", ("audio",), schema(["prompt"], prompt=TEXT)),
    model("local/mesh", "3d", ("3d",), schema(["prompt"], prompt=TEXT), tags=("recommended",)),
    model("far/mesh", "3d", ("3d",), schema(["prompt"], prompt=TEXT), provider="off"),
    model(
        "local/lipsync", "lipsync", ("video",), schema(["audio"], audio=media("audio"), face=media("image"))
    ),
    model("text/writer", "text", ("text",), schema(["prompt"], prompt=TEXT)),
    model(
        "local/merge", "utility", ("video",),
        schema(["video", "audio"], video=media("video"), audio=media("audio")), tags=("merge", "mux"),
    ),
    model(
        "local/concat", "utility", ("video",),
        schema(["videos"], videos={"type": "array", "items": media("video"), "minItems": 2}), tags=("concat", "join"),
    ),
    model("local/thumbnail", "utility", ("image",), schema(["video"], video=media("video")), tags=("thumbnail",)),
    model("local/gone", "image", ("image",), schema(["prompt"], prompt=TEXT), active=False),
)  # fmt: skip


@cache
def wide_catalog() -> Catalog:
    """Our own engines, the writers, and a provider that gives a choice."""
    specs = [entry.spec for entry in shipped("fleet", "llm", "fal")]
    return Catalog.of(CurrentModel(model=spec, version=1) for spec in specs)


@cache
def shipped_catalog() -> Catalog:
    """All that is shipped, whoever has a key for it."""
    return Catalog.of(CurrentModel(model=entry.spec, version=1) for entry in shipped())


def small_catalog() -> Catalog:
    providers = [CurrentProvider(provider="off", active=False, concurrent=0, version=1)]
    return Catalog.of([*(CurrentModel(model=spec, version=1) for spec in MODELS), *providers])
