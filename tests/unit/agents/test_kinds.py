"""A kind of step is read by its words; what is not understood is no kind."""

from __future__ import annotations

import pytest

from processors.agents.fitting.kinds import AGENT_TYPES, agent_type


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        *((kind, kind) for kind in AGENT_TYPES),
        ("image_generation", "image"),
        ("Image generator", "image"),
        ("text-to-image", "image"),
        ("img2img", "image"),
        ("images", "image"),
        ("image editing", "image"),
        ("video generation", "video"),
        ("image-to-video", "video"),
        ("text2video", "video"),
        ("music video", "video"),
        ("text-to-speech", "speech"),
        ("speech synthesis", "speech"),
        ("voice-over", "speech"),
        ("Voice Over", "speech"),
        ("TTS", "speech"),
        ("sound effects", "audio"),
        ("music_generation", "music"),
        ("image-to-3D", "3d"),
        ("3D Model", "3d"),
        ("lip-sync", "lipsync"),
        ("LLM", "text"),
        ("video/concat", "utility"),
        ("speech-to-text", None),
        ("hologram", None),
        ("hologram video", None),
        ("model", None),
        ("to", None),
        ("", None),
        ("s", None),
    ],
)
def test_a_kind_is_read_by_its_words(called: str, kind: str | None) -> None:
    assert agent_type(called) == kind
