"""Which agent type a planner means by its word for a kind of step: `text-to-image`, `Voice Over`, `3D model`. Pure."""

from __future__ import annotations

import re
from typing import Final

AGENT_TYPES: Final = ("image", "video", "audio", "speech", "music", "3d", "lipsync", "text", "utility")
_CALLED: Final = {
    "image": "img picture photo photograph illustration drawing painting graphic artwork image_edit image_editing "
    "photo_edit photo_editing t2i i2i",
    "video": "clip animation film movie t2v i2v",
    "audio": "sound sfx sound_effect sound_fx",
    "speech": "voice tts voiceover voice_over narration",
    "music": "song soundtrack jingle",
    "3d": "model_3d 3d_model mesh",
    "lipsync": "lip_sync talking_head",
    "text": "script copy writing llm",
    "utility": "merge edit editing tool compose concat",
}
_ALIASES: Final = {name: kind for kind in AGENT_TYPES for name in (kind, *_CALLED[kind].split())}
_SAYS_NOTHING: Final = frozenset({
    "generation", "generator", "generate", "generating", "gen", "synthesis", "synthesizer", "creation", "creator",
    "create", "maker", "making", "production", "step", "task", "agent", "model", "ai",
})  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_TWO = re.compile(r"(?<=[a-z]{3})2(?=[a-z\d]{2})")
"""`text2video`."""
_ALIAS_WORDS: Final = max(name.count("_") for name in _ALIASES) + 1


def agent_type(raw: str) -> str | None:
    """None where a word of it is not understood. Of several kinds the last counts, as it does in `music video`."""
    words = [word for word in _WORD.findall(_TWO.sub(" to ", raw.lower())) if word not in _SAYS_NOTHING]
    found: list[str] = []
    at = 0
    while at < len(words):
        kind, size = _kind_at(words, at)
        if kind is not None:
            found.append(kind)
        elif words[at] != "to" or not found:
            return None
        at += size
    if not found or (found[-1] == "text" and len(found) > 1):
        return None  # who writes down what is said or seen is no writer
    return found[-1]


def _kind_at(words: list[str], at: int) -> tuple[str | None, int]:
    """The longest name of a kind that begins there, and of how many words it is."""
    for size in range(min(_ALIAS_WORDS, len(words) - at), 0, -1):
        name = "_".join(words[at : at + size])
        if (kind := _ALIASES.get(name) or _ALIASES.get(name.removesuffix("s"))) is not None:
            return kind, size
    return None, 1
