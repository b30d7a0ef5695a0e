"""Text models have no name of their own at a provider: the language model that is configured writes for them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from adapters.providers.llm.adapter import LanguageModels
from events.catalog.events import ModelSpec
from processors.dispatcher.errors import ProviderError
from processors.dispatcher.ports import Call, Failed, InlineFile, Succeeded
from studio.processes.language import language_model
from studio.settings import Settings
from tests.catalog import shipped
from tests.llm_answers import on_the_wire
from tests.llm_server import Behaviour, LlmServer, refuse, serving, whole

PATIENCE = Patience(first_s=0.3, stall_s=0.3, whole_s=0.3, retry_after_s=0.1)
POEM = "A fox,\nFüße im Schnee 😀.\n" * 20
TEXT_MODELS = [entry.spec for entry in shipped() if entry.spec.provider == "llm"]


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


@pytest.mark.parametrize(("name", "bad"), on_the_wire(POEM), ids=[name for name, _ in on_the_wire(POEM)])
async def test_whatever_the_server_does_there_is_a_text_or_a_reason(name: str, bad: Behaviour) -> None:
    call = Call("job_1", 1, "text/writer", "text/writer", {"prompt": "Write"}, 1)
    async with serving(LlmServer(always={"writer": bad})) as server:
        async with LlmClient(server.url, None, "one", "two", patience=PATIENCE) as client:
            try:
                end: object = await LanguageModels(client).submit(call)
            except ProviderError as error:
                end = error
        assert server.asked_by("writer")
    if isinstance(end, Succeeded):
        cut = len(POEM) // 2 if name == "cut off at its longest" else len(POEM)
        assert name in ("cut off at its longest", "a role, then silent thoughts")
        assert end.outputs == (InlineFile(POEM[:cut].encode()),)
    else:
        assert isinstance(end, ProviderError) or (isinstance(end, Failed) and end.category == "timeout")
