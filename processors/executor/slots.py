"""What a model's JSON Schema offers to be filled: its media and text slots, whatever the provider calls the fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Schema = Mapping[str, Any]

MAIN, MANY, EXTRA, AUXILIARY = range(4)
"""Ranks: the picture itself; a list of them; an end frame or a style reference; a mask, which is never guessed."""

_DEPTH_MAX = 3
_KIND_WORDS = {
    "image": "image", "images": "image", "img": "image", "picture": "image", "photo": "image", "frame": "image",
    "keyframe": "image", "portrait": "image", "face": "image", "mask": "image", "avatar": "image", "logo": "image",
    "video": "video", "videos": "video", "clip": "video", "clips": "video", "footage": "video",
    "audio": "audio", "audios": "audio", "speech": "audio", "voice": "audio", "voiceover": "audio", "music": "audio",
    "sound": "audio", "soundtrack": "audio", "song": "audio", "narration": "audio", "melody": "audio",
    "mesh": "3d", "glb": "3d", "model3d": "3d", "3d": "3d",
}  # fmt: skip
_SYNONYMS = {"speech": "audio", "music": "audio", "voice": "audio", "sound": "audio", "mesh": "3d", "model": "3d"}
_FILE_WORDS = {"url", "urls", "uri", "uris", "file", "files", "src", "source", "ref", "reference", "references", "data",
               "b64", "base64", "input", "inputs", "link", "path"}  # fmt: skip
_POSITION_WORDS = {"start", "end", "first", "last", "tail", "head", "init", "initial", "final"}
_NOT_A_FILE = {"webhook", "callback", "lora", "loras", "weights", "checkpoint", "size", "format", "strength", "style",
               "ratio", "type", "name", "id", "count", "num", "number", "rate", "quality", "length", "negative",
               "caption", "description", "volume", "scale", "resolution", "preset", "language"}  # fmt: skip
_NAMED_BY_ID = {"voice", "avatar"}
"""Without a file's format these name one of the provider's own."""
_AUXILIARY_WORDS = {"mask", "control", "depth", "pose", "background", "watermark"}
_EXTRA_WORDS = {"end", "last", "tail", "final", "style", "reference", "references", "ref", "frame1", "subject", "logo"}
_FILE_FORMATS = {"uri", "url", "uri-reference", "data-uri", "binary", "file"}

PROMPTS = ("prompt", "prompt_text", "promptText", "text_prompt", "user_prompt", "instruction", "query", "message")
VERBATIM = ("text", "script", "input_text", "input", "lyrics", "transcript", "speech_text", "gen_text", "content",
            "title")  # fmt: skip
SAID = (*PROMPTS, *VERBATIM)
"""Keys under which a step's input may carry words."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the input that takes media: `path` leads there, `leaf` names the file in an object that wraps it."""

    path: tuple[str, ...]
    kinds: frozenset[str]
    many: bool
    required: bool
    rank: int
    max_items: int | None = None
    leaf: str | None = None
    frame: tuple[tuple[str, Any], ...] = ()
    """Constants that stand beside the file in the wrapping object, for example `type: image`."""

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class TextSlot:
    """A field for words. `verbatim`: its words are spoken or shown as they are; else they are an instruction."""

    name: str
    verbatim: bool
    required: bool
    max_length: int | None = None


def words(name: str) -> list[str]:
    """`promptImage`, `image_url`, `start-frame` → their lower-case words; numbers at a word's end are dropped."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return [word for part in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if (word := part.rstrip("0123456789"))]


def resolved(schema: Schema, root: Schema) -> Schema:
    """The schema behind local references, single `allOf` and nullable unions; of text-or-list the list."""
    for _ in range(8):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            schema = {**_pointer(root, reference), **{k: v for k, v in schema.items() if k != "$ref"}}
            continue
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if not options or "type" in schema or "properties" in schema:
            return schema
        chosen = [resolved(o, root) for o in options if o.get("type") != "null"]
        chosen.sort(key=lambda option: _type(option) != "array")
        around = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf", "allOf")}
        schema = {**(chosen[0] if chosen else {}), **around}
    return schema


def media_slots(schema: Schema) -> tuple[Slot, ...]:
    """All media slots, best first: required before optional, then by rank, then as the schema lists them."""
    found = list(_walk(schema, schema, (), True, 0))
    return tuple(sorted(found, key=lambda slot: (not slot.required, slot.rank)))


def text_slots(schema: Schema, *, speaks: bool = False) -> tuple[TextSlot, ...]:
    """The fields for words, best first; what takes media is none of them. Some that speak call their words a prompt."""
    properties, required = schema.get("properties", {}), set(schema.get("required", ()))
    found: list[TextSlot] = []
    for name, raw in properties.items():
        field = resolved(raw, schema)
        marked = field.get("x-media") == "text"
        if _type(field) != "string" or "enum" in field or "const" in field or (media_kinds(name, field) and not marked):
            continue
        if marked or name in PROMPTS or name in VERBATIM:
            verbatim = (marked and name not in PROMPTS) or name in VERBATIM
            found.append(TextSlot(name, verbatim, name in required, field.get("maxLength")))
    order = [*PROMPTS, *VERBATIM]
    found.sort(key=lambda s: (not s.required, order.index(s.name) if s.name in order else -1))
    if speaks and found and not any(slot.verbatim for slot in found):
        found[0] = replace(found[0], verbatim=True)
    return tuple(found)


def media_kinds(name: str, field: Schema) -> frozenset[str]:
    """Which media a text-valued field takes: by `x-media`, else by its name, its format and its description."""
    marked = field.get("x-media")
    if marked is not None:
        values = [marked] if isinstance(marked, str) else list(marked)
        return frozenset(_SYNONYMS.get(value, value) for value in values) - {"text"}
    if _type(field) != "string" or "enum" in field or "const" in field:
        return frozenset()
    encoded = "contentMediaType" in field or field.get("contentEncoding") == "base64"
    is_file = encoded or field.get("format") in _FILE_FORMATS
    parts = words(name)
    stem = [word for word in parts if word not in _FILE_WORDS]
    if stem and stem[-1] in _KIND_WORDS and (is_file or stem[-1] not in _NAMED_BY_ID):
        return frozenset({_KIND_WORDS[stem[-1]]})
    if set(parts) & _NOT_A_FILE:
        return frozenset()
    if stem and stem[0] in _KIND_WORDS and (is_file or (len(stem) > 1 and set(stem[1:]) <= _POSITION_WORDS)):
        return frozenset({_KIND_WORDS[stem[0]]})
    if not is_file and not (set(parts) & _FILE_WORDS - {"input", "inputs", "data", "source", "path"}):
        return frozenset()
    told = words(f"{field.get('contentMediaType', '')} {field.get('description', '')} {field.get('title', '')}")
    return frozenset(_KIND_WORDS[word] for word in told if word in _KIND_WORDS)


def _walk(schema: Schema, root: Schema, path: tuple[str, ...], needed: bool, depth: int) -> Iterator[Slot]:
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        field, here = resolved(raw, root), (*path, name)
        must = needed and name in required
        if _type(field) == "array":
            yield from _list_slot(field, root, here, must)
        elif _type(field) == "object" and depth < _DEPTH_MAX:
            wrapped = _wrapped(name, field, root)
            if wrapped is not None:
                yield _slot(here, wrapped, must, many=False, max_items=None)
            else:
                yield from _walk(field, root, here, must, depth + 1)
        elif kinds := media_kinds(name, field):
            yield _slot(here, (kinds, None, ()), must, many=False, max_items=None)


_Wrapped = tuple[frozenset[str], str | None, tuple[tuple[str, Any], ...]]


def _list_slot(field: Schema, root: Schema, path: tuple[str, ...], required: bool) -> Iterator[Slot]:
    items = resolved(field.get("items", {}), root)
    if _type(items) == "object":
        wrapped = _wrapped(path[-1], items, root)
    else:
        marked = {"x-media": field["x-media"]} if "x-media" in field else {}
        told = {"description": f"{field.get('description', '')} {items.get('description', '')}"}
        wrapped = (media_kinds(path[-1], {"type": "string", **items, **told, **marked}), None, ())
    if wrapped is not None and wrapped[0]:
        yield _slot(path, wrapped, required, many=True, max_items=field.get("maxItems"))


def _wrapped(name: str, field: Schema, root: Schema) -> _Wrapped | None:
    """An object that only wraps one file, such as `{"type": "image", "url": …}`."""
    properties = {key: resolved(value, root) for key, value in field.get("properties", {}).items()}
    leaves = [key for key in properties if key in ("url", "uri", "file", "src", "link")]
    if len(leaves) != 1:
        return None
    frame = tuple((key, value["const"]) for key, value in properties.items() if "const" in value)
    leaf = properties[leaves[0]]
    said = {"x-media": field["x-media"]} if "x-media" in field else {}
    kinds = media_kinds(leaves[0], {**leaf, **said}) or media_kinds(name, {**leaf, "format": "uri"})
    told = {value for _, value in frame if value in _KIND_WORDS}
    kinds = kinds or frozenset(_KIND_WORDS[value] for value in told)
    return (kinds, leaves[0], frame) if kinds else None


def _slot(path: tuple[str, ...], wrapped: _Wrapped, required: bool, *, many: bool, max_items: int | None) -> Slot:
    kinds, leaf, frame = wrapped
    parts = {word for name in path for word in words(name)} | {name.lower() for name in path}
    if parts & _AUXILIARY_WORDS:
        rank = AUXILIARY
    elif parts & _EXTRA_WORDS:
        rank = EXTRA
    else:
        rank = MANY if many else MAIN
    return Slot(path, kinds, many, required, rank, max_items, leaf, frame)


def _pointer(root: Schema, reference: str) -> Schema:
    target: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        target = target.get(part, {}) if isinstance(target, Mapping) else {}
    return target if isinstance(target, Mapping) else {}


def _type(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((one for one in ("array", "object", "string") if one in kind), None)
    if kind is None and "properties" in schema:
        return "object"
    return kind if isinstance(kind, str) else None
