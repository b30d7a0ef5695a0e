"""The input fields that engines share, so that every engine describes them alike."""

from __future__ import annotations

from typing import Any

from gpu_workers.engines.base import Schema

Rule = dict[str, Any]

MAX_PROMPT_CHARS = 2000
MAX_TEXT_CHARS = 2000
SIDE_MIN_PX, SIDE_MAX_PX = 64, 1920

PROMPT: Rule = {"type": "string", "minLength": 1, "maxLength": MAX_PROMPT_CHARS}
TEXT: Rule = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS}
SEED: Rule = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "description": "Same seed, same result."}
WIDTH: Rule = {"type": "integer", "minimum": SIDE_MIN_PX, "maximum": SIDE_MAX_PX, "default": 1280}
HEIGHT: Rule = {"type": "integer", "minimum": SIDE_MIN_PX, "maximum": SIDE_MAX_PX, "default": 720}
ASPECTS: dict[str, tuple[int, int]] = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (1024, 1024),
    "4:3": (1152, 864),
    "3:4": (864, 1152),
    "3:2": (1200, 800),
    "4:5": (896, 1120),
}
ASPECT: Rule = {"type": "string", "enum": list(ASPECTS), "description": "Takes the place of width and height."}
VOICE: Rule = {
    "type": "string",
    "enum": ["female", "male", "bright", "deep", "warm"],
    "default": "female",
}
LANGUAGE: Rule = {
    "type": "string",
    "enum": ["en-us", "en-gb", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr"],
    "default": "en-us",
}
SPEED: Rule = {"type": "number", "minimum": 0.5, "maximum": 2.0, "default": 1.0}


def duration(default: float, maximum: float, minimum: float = 1.0) -> Rule:
    return {"type": "number", "minimum": minimum, "maximum": maximum, "default": default}


def media(medium: str, description: str) -> Rule:
    return {"type": "string", "format": "uri", "x-media": medium, "description": description}


def media_list(medium: str, description: str, most: int, least: int = 1) -> Rule:
    items = {"type": "string", "format": "uri", "x-media": medium}
    return {
        "type": "array",
        "items": items,
        "minItems": least,
        "maxItems": most,
        "description": description,
    }


def described(rule: Rule, description: str) -> Rule:
    return {**rule, "description": description}


def schema(required: list[str], **properties: Rule) -> Schema:
    """An input schema that refuses what it does not know."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def size_of(inputs: dict[str, Any]) -> tuple[int, int]:
    """Width and height that were asked for, even as video needs them."""
    if inputs.get("aspect"):
        return ASPECTS[inputs["aspect"]]
    width, height = int(inputs.get("width", 1280)), int(inputs.get("height", 720))
    return width - width % 2, height - height % 2
