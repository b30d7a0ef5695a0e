"""Bodies of the remote providers in the dispatcher's words."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.configured import REMOTE, Access, providers, webhook_verifiers
from adapters.providers.elevenlabs.wire import request_of
from adapters.providers.fal.wire import place_of
from adapters.providers.fal.wire import update_of as fal_update
from adapters.providers.fleet.wire import update_of as fleet_update
from adapters.providers.kling.wire import body_of as kling_body
from adapters.providers.kling.wire import route_and_model, token
from adapters.providers.openai.wire import kind_of
from adapters.providers.replicate.wire import refused as replicate_refused
from adapters.providers.replicate.wire import update_of as replicate_update
from adapters.providers.runway.wire import route_of as runway_route
from adapters.providers.sync.wire import body_of as sync_body
from adapters.simulators.app import SIMULATORS
from processors.dispatcher.errors import AccessRefused, ContractDrift, InputRefused, OutcomeUnknown
from processors.dispatcher.ports import Call, Failed, InlineFile, OutputFile, Progressed, RemoteFile, Succeeded
from tests.catalog import shipped

BASE = "https://queue.fal.run"
OWN = RemoteFile("http://10.0.0.7/files/a.png", sha256="f" * 64, own=True)
FAR = RemoteFile("https://far.example/b.png")


def call(model: str, **values: Any) -> Call:
    return Call("job_1", 2, "x", model, values, 60)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"{BASE}/fal-ai/flux/requests/r-1/status", "fal-ai/flux/requests/r-1"),
        ("https://elsewhere.test/fal-ai/flux/requests/r-1/status", "fal-ai/flux/requests/r-1"),
    ],
)
def test_fals_request_is_asked_about_where_fal_says(url: str, place: str) -> None:
    assert place_of({"status_url": url}, BASE) == place


@pytest.mark.parametrize("url", [None, "", f"{BASE}/x", f"{BASE}/a/b/requests/../../../y/status", f"{BASE}/a/b/c/d"])
def test_a_place_that_is_none_leaves_the_outcome_unknown(url: str | None) -> None:
    with pytest.raises(OutcomeUnknown):
        place_of({"status_url": url}, BASE)


def test_fals_queue_and_progress_are_told() -> None:
    assert fal_update({"status": "IN_QUEUE", "queue_position": 2}) == Progressed(
        message="number 3 in the provider's queue"
    )
    assert fal_update({"status": "IN_PROGRESS", "logs": [{"message": " 40%|##"}]}) == Progressed(0.4)
    assert fal_update({"status": "COMPLETED"}) is None


def test_klings_key_signs_a_token_of_half_an_hour() -> None:
    secret = "s" * 40
    signed = token(f"access:{secret}", now=1000.0)
    claims = jwt.decode(signed, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_nbf": False})
    assert claims == {"iss": "access", "exp": 2800, "nbf": 995}
    assert token("a-token", now=0.0) == "a-token"


def test_kling_takes_pictures_as_addresses_or_bare_base64_and_keeps_our_name() -> None:
    body = kling_body(
        call("m", image="data:image/png;base64,QUJD", image_tail="https://x.test/a.png"), "kling-v1-6", None
    )
    assert (body["image"], body["image_tail"]) == ("QUJD", "https://x.test/a.png")
    assert (body["model_name"], body["external_task_id"]) == ("kling-v1-6", "job_1.2")


@pytest.mark.parametrize("model", ["kling-v1-6", "videos/text2video:", "../x:kling", "videos/a/b:kling"])
def test_a_model_of_kling_names_its_route(model: str) -> None:
    with pytest.raises(AccessRefused):
        route_and_model(model)


def test_runways_route_is_of_what_the_film_begins_with() -> None:
    assert runway_route(call("gen4.5", promptText="x")) == "text_to_video"
    assert runway_route(call("gen4.5", promptText="x", promptImage="https://x.test")) == "image_to_video"
    assert runway_route(call("gen4_image", promptText="x")) == "text_to_image"


def test_sync_lists_its_files_and_names_the_rest_as_options() -> None:
    body = sync_body(call("lipsync-2", video="v", audio="a", sync_mode="loop", active_speaker=True))
    assert body["input"] == [{"type": "video", "url": "v"}, {"type": "audio", "url": "a"}]
    assert body["options"] == {"sync_mode": "loop", "active_speaker_detection": {"auto_detect": True}}


def test_elevenlabs_has_an_address_for_each_kind_of_sound() -> None:
    assert request_of(call("eleven_v3", text="x", voice_id="a/b")).path == "/v1/text-to-speech/a%2Fb"
    assert request_of(call("eleven_text_to_sound_v2", text="x")).path == "/v1/sound-generation"
    assert request_of(call("music_v1", prompt="x")).path == "/v1/music"
    with pytest.raises(InputRefused, match="voice_id"):
        request_of(call("eleven_v3", text="x"))


@pytest.mark.parametrize(
    ("model", "kind"),
    [("gpt-image-1", "image"), ("gpt-4o-mini-tts", "speech"), ("tts-1", "speech"), ("sora-2", "video")],
)
def test_openais_models_are_of_three_kinds(model: str, kind: str) -> None:
    assert kind_of(model) == kind


class TestTheCatalog:
    """Every listed model has an adapter that knows what to do with its name, and a simulator behind it."""

    MODELS = tuple(entry.spec for entry in shipped())

    def test_has_more_than_eighty_one_models_on_eight_providers_and_more(self) -> None:
        assert len(self.MODELS) >= 81
        assert set(REMOTE) <= {spec.provider for spec in self.MODELS}
        assert len(REMOTE) >= 8
        assert set(REMOTE) == set(SIMULATORS)

    def test_names_only_routes_that_kling_has(self) -> None:
        for spec in self.MODELS:
            if spec.provider == "kling":
                route_and_model(spec.provider_model or "")

    async def test_is_served_by_whoever_has_a_key_and_in_the_sandbox_by_all(self) -> None:
        class Nobody:
            async def url(self, worker: str) -> str | None:
                return None

        def key_of_luma(name: str) -> Access:
            return Access(api_key="k") if name == "luma" else Access()

        writes: Any = None
        assert set(providers(key_of_luma, Nobody(), writes)) == {"fleet", "llm", "luma"}
        sandbox = providers(key_of_luma, Nobody(), writes, simulators_url="http://127.0.0.1:1")
        assert {spec.provider for spec in self.MODELS} <= set(sandbox)
        assert set(webhook_verifiers(key_of_luma)) == {"luma"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just(10**400)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_replicates_stated_wait_is_one_within_an_hour_whatever_it_says(stated: object) -> None:
    wait = replicate_refused(429, {"retry_after": stated}, None).retry_after_s
    assert wait is None or 0 <= wait <= 3600


@given(JSON, JSON, JSON, JSON)
def test_a_result_is_a_result_whatever_the_worker_says_of_its_engine(
    started: object, ended: object, engine: object, sha256: object
) -> None:
    """A foreign container may say anything: its file is checked by what it is."""
    files = [{"url": "http://w/1", "sha256": sha256}]
    said = {"status": "succeeded", "output": files, "engine_started_at": started, "engine_ended_at": ended}
    end = fleet_update(said | {"engine": engine})
    assert isinstance(end, Succeeded)
    assert isinstance(end.outputs[0], RemoteFile)
    assert isinstance(end.outputs[0].sha256, str | None)
    assert isinstance(end.engine, str | None)
    assert end.usage.seconds is None or 0 <= end.usage.seconds < 1e12


@given(JSON, JSON, JSON)
def test_a_result_is_a_result_whatever_replicate_says_of_its_times(
    started: object, ended: object, seconds: object
) -> None:
    said = {"started_at": started, "completed_at": ended, "metrics": {"predict_time": seconds}}
    end = replicate_update({"status": "succeeded", "output": "https://r/1.png"} | said)
    assert isinstance(end, Succeeded | Failed)
    assert isinstance(end, Failed) or end.usage.seconds is None or 0 <= end.usage.seconds < 1e12


@pytest.mark.parametrize(
    ("output", "files"),
    [
        ([{"url": "http://10.0.0.7/files/a.png", "sha256": "f" * 64}], [OWN]),
        ("data:image/png;base64,aGk=", [InlineFile(b"hi")]),
        (["data:text/plain,hi", "https://far.example/b.png"], [InlineFile(b"hi"), FAR]),
        ("https://far.example/b.png", [FAR]),
        ({"image": "https://far.example/b.png"}, [FAR]),
        ("a caption", [InlineFile(b"a caption")]),
        (["a ", "caption"], [InlineFile(b"a caption")]),
        ({"score": 0.5}, [InlineFile(b'{"score":0.5}')]),
    ],
)  # fmt: skip
def test_a_foreign_container_answers_as_its_model_pleases(output: Any, files: list[OutputFile]) -> None:
    """What it names elsewhere is a stranger's word, and no place of our own."""
    end = fleet_update({"status": "succeeded", "output": output})
    assert isinstance(end, Succeeded)
    assert list(end.outputs) == files


@pytest.mark.parametrize("output", [None, [], {}, 3])
def test_an_output_that_is_none_is_a_breach(output: Any) -> None:
    with pytest.raises(ContractDrift):
        fleet_update({"status": "succeeded", "output": output})
