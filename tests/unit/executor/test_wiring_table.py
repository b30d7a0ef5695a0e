"""What comes out of a step goes into the next model's fields, whatever its provider calls them: a table of pairs."""

from __future__ import annotations

from typing import Any

import pytest

from events.catalog.events import ModelSpec
from processors.executor.slots import media_slots
from processors.executor.wiring import Unwirable, wire
from tests.catalog import shipped
from tests.unit.executor.makers import model, names, step

TEXT: dict[str, Any] = {"type": "string"}
URI: dict[str, Any] = {"type": "string", "format": "uri"}


def marked(medium: str | list[str]) -> dict[str, Any]:
    return {"type": "string", "x-media": medium}


def many(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


KEYFRAMES = {
    "type": "object",
    "properties": {
        name: {"type": "object", "properties": {"type": {"const": "image"}, "url": TEXT}, "required": ["url"]}
        for name in ("frame0", "frame1")
    },
}
FILE = {"type": "object", "properties": {"url": TEXT, "content_type": TEXT}, "required": ["url"]}

# (what the upstream steps give, the model's properties, what the media fields hold)
PAIRS: list[tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]] = [
    # one picture, one field, every provider's name of it
    (("image",), {"image": TEXT}, {"image": "image"}),
    (("image",), {"image_url": TEXT}, {"image_url": "image"}),
    (("image",), {"imageUrl": TEXT}, {"imageUrl": "image"}),
    (("image",), {"promptImage": TEXT}, {"promptImage": "image"}),
    (("image",), {"prompt_image": URI}, {"prompt_image": "image"}),
    (("image",), {"image_prompt": URI}, {"image_prompt": "image"}),
    (("image",), {"first_frame": TEXT}, {"first_frame": "image"}),
    (("image",), {"first_frame_image": URI}, {"first_frame_image": "image"}),
    (("image",), {"start_image": URI}, {"start_image": "image"}),
    (("image",), {"image_start": TEXT}, {"image_start": "image"}),
    (("image",), {"input_image": URI}, {"input_image": "image"}),
    (("image",), {"init_image": TEXT}, {"init_image": "image"}),
    (("image",), {"source_image_url": TEXT}, {"source_image_url": "image"}),
    (("image",), {"img": URI}, {"img": "image"}),
    (("image",), {"input": {**URI, "description": "The image to upscale"}}, {"input": "image"}),
    (("image",), {"picture_of_it": marked("image")}, {"picture_of_it": "image"}),
    (("image",), {"image": FILE}, {"image": {"url": "image"}}),
    (("image",), {"keyframes": KEYFRAMES}, {"keyframes": {"frame0": {"type": "image", "url": "image"}}}),
    (("image",), {"image": {"anyOf": [URI, {"type": "null"}]}}, {"image": "image"}),
    (("image",), {"image": {"type": ["string", "null"], "format": "uri"}}, {"image": "image"}),
    (("image",), {"portrait": marked(["image", "video"])}, {"portrait": "image"}),
    # lists
    (("image",), {"images": many(URI)}, {"images": ["image"]}),
    (("image",), {"image_urls": many(TEXT)}, {"image_urls": ["image"]}),
    (("image", "image-2"), {"image_input": many(URI)}, {"image_input": ["image", "image-2"]}),
    (("image", "image-2"), {"reference_images": many(TEXT)}, {"reference_images": ["image", "image-2"]}),
    (("image image-2 image-3",), {"images": many(URI, maxItems=2)}, {"images": ["image", "image-2"]}),
    (("image-3", "image"), {"input_images": many(FILE)}, {"input_images": [{"url": "image-3"}, {"url": "image"}]}),
    (("image",), {"image": {"anyOf": [URI, many(URI)]}}, {"image": ["image"]}),
    # several candidates: best field first, one picture of a step for single fields
    (("image image-2",), {"image": TEXT}, {"image": "image"}),
    (("image image-2",), {"image": TEXT, "end_image": TEXT}, {"image": "image"}),
    (
        ("image", "image-2"),
        {"last_frame": TEXT, "first_frame": TEXT},
        {"first_frame": "image", "last_frame": "image-2"},
    ),
    (("image", "image-2"), {"image_tail": TEXT, "image": TEXT}, {"image": "image", "image_tail": "image-2"}),
    (
        ("image", "image-2"),
        {"image": TEXT, "reference_images": many(TEXT)},
        {"image": "image", "reference_images": ["image-2"]},
    ),
    (("image",), {"mask": TEXT, "image": TEXT}, {"image": "image"}),
    # pictures are not what these fields want
    (("image",), {"image": TEXT, "image_size": TEXT, "image_format": TEXT}, {"image": "image"}),
    (("image",), {"image": TEXT, "webhook_url": URI, "style": TEXT, "lora_url": URI}, {"image": "image"}),
    (
        ("image",),
        {"image": TEXT, "output_quality": {"type": "integer"}, "num_images": {"type": "integer"}},
        {"image": "image"},
    ),
    # video
    (("video",), {"video": TEXT}, {"video": "video"}),
    (("video",), {"video_url": URI}, {"video_url": "video"}),
    (("video",), {"input_video": URI}, {"input_video": "video"}),
    (("video",), {"source": {**URI, "description": "Video to add sound to"}}, {"source": "video"}),
    (("video", "video-2", "video-3"), {"videos": many(URI)}, {"videos": ["video", "video-2", "video-3"]}),
    (("video",), {"clips": many(marked("video"))}, {"clips": ["video"]}),
    (("video image",), {"image": TEXT, "video": TEXT}, {"image": "image", "video": "video"}),
    # sound
    (("audio",), {"audio": TEXT}, {"audio": "audio"}),
    (("audio",), {"audio_url": TEXT}, {"audio_url": "audio"}),
    (("audio",), {"driven_audio": URI}, {"driven_audio": "audio"}),
    (("audio",), {"song": marked("music")}, {"song": "audio"}),
    (("audio",), {"voice": URI}, {"voice": "audio"}),
    (("audio",), {"audio": TEXT, "voice": TEXT, "voice_id": TEXT}, {"audio": "audio"}),
    # many to one
    (("video", "audio"), {"video": URI, "audio": URI}, {"video": "video", "audio": "audio"}),
    (("audio", "video"), {"video_url": TEXT, "audio_url": TEXT}, {"video_url": "video", "audio_url": "audio"}),
    (
        ("image", "audio"),
        {"source_image": TEXT, "driven_audio": TEXT},
        {"source_image": "image", "driven_audio": "audio"},
    ),
    (
        ("video", "audio", "audio-2"),
        {"video": TEXT, "audio_tracks": many(marked("audio"))},
        {"video": "video", "audio_tracks": ["audio", "audio-2"]},
    ),
    (
        ("image", "video", "audio"),
        {"media": many(marked(["image", "video"])), "audio": TEXT},
        {"media": ["image", "video"], "audio": "audio"},
    ),
    # 3D
    (("image",), {"image_url": TEXT, "texture_prompt": TEXT}, {"image_url": "image"}),
    (("3d",), {"mesh_url": URI}, {"mesh_url": "3d"}),
    (("3d",), {"model_file": marked("3d")}, {"model_file": "3d"}),
]


@pytest.mark.parametrize(("given", "properties", "expected"), PAIRS)
def test_outputs_go_into_the_fields_of_the_next_model(
    given: tuple[str, ...], properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    wired = wire(model({"prompt": TEXT, **properties}), step(*given))
    assert names(wired) == {"prompt": "Animate the bottle", **expected}


@pytest.mark.parametrize(("given", "properties", "expected"), PAIRS)
def test_a_field_is_filled_alike_when_it_is_required(
    given: tuple[str, ...], properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    wired = names(wire(model({"prompt": TEXT, **properties}, *expected), step(*given)))
    assert {key: wired[key] for key in expected} == expected


REQUIRED = [
    pytest.param(entry.spec, id=entry.spec.id)
    for entry in shipped()
    if any(slot.required for slot in media_slots(entry.spec.input_schema))
]


def test_the_catalog_has_models_of_all_providers_that_take_media() -> None:
    takers = {entry.spec.provider for entry in shipped() if media_slots(entry.spec.input_schema)}
    assert takers >= {"fal", "replicate", "openai", "stability", "runway", "luma", "kling", "sync", "meshy", "fleet"}


@pytest.mark.parametrize("spec", REQUIRED)
def test_each_model_of_the_catalog_takes_what_it_needs_from_the_steps_before(spec: ModelSpec) -> None:
    """Whatever its provider calls the fields: each that must be filled holds a file of a medium that it takes."""
    needed = [slot for slot in media_slots(spec.input_schema) if slot.required]
    given = [f"{sorted(slot.kinds)[0]}-{n}" for n, slot in enumerate(needed, 1)]
    more = [f"{sorted(slot.kinds)[0]}-more" for slot in needed if slot.many]
    wired = wire(spec, step(*given, *more, agent_type=spec.agent_type, words="Something of 5 seconds"))
    assert not isinstance(wired, Unwirable), str(wired)
    placed = str(names(wired))
    for slot, name in zip(needed, given, strict=True):
        assert slot.path[0] in wired
        assert name in placed


@pytest.mark.parametrize("spec", REQUIRED)
def test_without_them_the_field_and_what_it_needs_are_named(spec: ModelSpec) -> None:
    needed = [slot for slot in media_slots(spec.input_schema) if slot.required]
    wired = wire(spec, step(agent_type=spec.agent_type, words="Something of 5 seconds"))
    assert isinstance(wired, Unwirable)
    told = {problem.field: problem.detail for problem in wired.problems}
    for slot in needed:
        assert told[slot.name].startswith(f"needs {' or '.join(sorted(slot.kinds))}")
