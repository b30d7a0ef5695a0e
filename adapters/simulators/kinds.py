"""Which medium a model makes: what the catalog says of it, and for unlisted ones what their names suggest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, cast, get_args

from adapters.catalog.loader import load
from adapters.simulators.media import Kind


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_SUGGEST: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("video", _names(r"video|veo|kling|wan-|ray-|seedance|hailuo|pixverse|lipsync|sync|gen4|gen3|luma/ray")),
    ("audio", _names(r"audio|music|speech|tts|kokoro|bark|lyria|voice|chatterbox|whisper")),
    ("3d", _names(r"3d|trellis|triposr|rodin|mesh")),
    ("text", _names(r"llama|gpt|claude|gemini|deepseek|llm|caption|blip")),
)


def kind_of(provider_model: str) -> Kind:
    """By the provider's own name of the model."""
    listed = _listed().get(provider_model)
    if listed is not None:
        return listed
    return next((kind for kind, names in _SUGGEST if names.search(provider_model)), "image")


@cache
def _listed() -> Mapping[str, Kind]:
    kinds = frozenset(get_args(Kind))
    specs = [entry.spec for entry in load(lambda _: True)]
    return {
        spec.provider_model: cast(Kind, spec.media_out[0])
        for spec in specs
        if spec.provider_model is not None and spec.media_out and spec.media_out[0] in kinds
    }
