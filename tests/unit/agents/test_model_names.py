"""A model is found by whatever it is called; a name with another number, or of no model, is nobody's."""

from __future__ import annotations

import pytest

from processors.agents.fitting.model_names import meant
from tests.unit.agents.makers import shipped_catalog

CATALOG = shipped_catalog()


@pytest.mark.parametrize(
    ("name", "kind", "models"),
    [
        ("openai/sora-2", "video", {"openai/sora-2"}),
        ("OpenAI/Sora-2", "video", {"openai/sora-2"}),
        ("sora-2", "video", {"openai/sora-2"}),
        ("Sora 2", "video", {"openai/sora-2"}),
        ("Sora 2 (openai/sora-2)", "video", {"openai/sora-2"}),
        ("openai:sora-2", "video", {"openai/sora-2"}),
        ("the Sora 2 model by OpenAI", "video", {"openai/sora-2"}),
        ("openai/sora", "video", {"openai/sora-2"}),
        ("gpt image 1 mini", "image", {"openai/gpt-image-1-mini"}),
        ("gen4.5", "video", {"runway/gen4.5"}),
        ("Gen 4.5", "video", {"runway/gen4.5"}),
        ("photon-1", "image", {"luma/photon-1"}),
        ("ray-flash-2", "video", {"luma/ray-flash-2"}),
        ("Luma Ray Flash 2 540p", "video", {"replicate/ray-flash-2-540p"}),
        ("google/veo-3", "video", {"replicate/veo-3"}),
        ("kling-v2-1-master", "video", {"kling/v2.1-master", "replicate/kling-v2.1-master"}),
        ("eleven_multilingual_v2", "speech", {"elevenlabs/multilingual-v2"}),
        ("flux-dev", "image", {"fal/flux-dev", "replicate/flux-dev"}),
        ("flux pro", "image", {"replicate/flux-1.1-pro"}),
        ("veo", "video", {"replicate/veo-3", "replicate/veo-3-fast", "fal/veo3-fast"}),
        ("stable diffusion turbo", "image", {"stability/sd3.5-large-turbo"}),
        ("local models", "speech", {"local/voice", "local/voiceover"}),
    ],
)
def test_all_its_names_are_its(name: str, kind: str, models: set[str]) -> None:
    found = meant(name, CATALOG.of_type(kind))
    assert found is not None
    assert {one for one, unsaid in found.unsaid.items() if unsaid == min(found.unsaid.values())} == models
    assert found.sure


@pytest.mark.parametrize(
    ("name", "kind", "model"),
    [
        ("openai/sroa-2", "video", "openai/sora-2"),
        ("hailou-02", "video", "replicate/hailuo-02"),
        ("gpt-imge-1-mini", "image", "openai/gpt-image-1-mini"),
    ],
)
def test_a_garbled_name_is_a_guess(name: str, kind: str, model: str) -> None:
    found = meant(name, CATALOG.of_type(kind))
    assert found is not None
    assert (set(found.unsaid), found.sure) == ({model}, False)


@pytest.mark.parametrize("name", ["", "a", "model", "the model", "video", "auto", "none", "local", "midjourney",
                                  "sora 3", "sora-2.5", "veo 4", "kling v9", "dall-e-3", "x" * 5000])  # fmt: skip
def test_what_is_nobodys_name_is_nobodys(name: str) -> None:
    assert meant(name, CATALOG.of_type("video")) is None


@pytest.mark.parametrize("kind", sorted(CATALOG.capabilities))
def test_a_model_is_among_those_meant_by_any_of_its_names(kind: str) -> None:
    for model in (models := CATALOG.of_type(kind)):
        own = (model.id, model.id.upper(), model.id.replace("/", " "), model.id.rpartition("/")[2], model.title,
               model.id.replace("-", " "), f"{model.title} ({model.id})")  # fmt: skip
        for name in own:
            found = meant(name, models)
            assert found is not None, name
            assert found.sure, name
            assert found.unsaid.get(model.id) == min(found.unsaid.values()), name
