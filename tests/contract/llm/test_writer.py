"""Text models have no name of their own at a provider: the language model that is configured writes for them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from adapters.catalog.loader import load
from adapters.providers.llm.adapter import LanguageModels
from events.catalog.events import ModelSpec
from processors.dispatcher.ports import Call, InlineFile, Succeeded
from studio.processes.parts import language_model
from studio.settings import Settings
from tests.llm_server import LlmServer, refuse, serving, whole

TEXT_MODELS = [entry.spec for entry in load(lambda _: True) if entry.spec.provider == "llm"]


@pytest.mark.parametrize("spec", TEXT_MODELS, ids=lambda spec: spec.id)
async def test_the_primary_model_writes_and_the_secondary_takes_over(spec: ModelSpec) -> None:
    assert spec.provider_model is None
    async with serving(LlmServer()) as server:
        server.behaviours.extend([whole("A poem."), refuse(503), whole("Another.")])
        settings = Settings(
            llm_base_url=server.url,
            llm_api_key=SecretStr("sk_llm"),
            llm_primary_model="first",
            llm_secondary_model="second",
            _env_file=None,
        )
        call = Call("job_1", 1, spec.id, spec.id, {"prompt": "Write"}, 60)
        async with language_model(settings) as writer:
            ends = [await LanguageModels(writer).submit(call) for _ in range(2)]
    assert [end.outputs for end in ends if isinstance(end, Succeeded)] == [
        (InlineFile(b"A poem."),),
        (InlineFile(b"Another."),),
    ]
    assert [model for model, _ in server.asked] == ["first", "first", "second"]
    assert server.requests[0].headers["authorization"] == "Bearer sk_llm"
