"""What a worker keeps, forgets, refuses and shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gpu_workers import predictions
from gpu_workers.engines.base import EngineSpec, InputRefused
from gpu_workers.fetch import Fetcher, data_of
from gpu_workers.predictions import ID_PATTERN, Output, Prediction, as_answer
from gpu_workers.store import KEPT, PredictionStore, StoreInUse
from gpu_workers.worker import InvalidInput, check, seed_of

NOW = predictions.utc_now()
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"image": {"type": "string", "x-media": "image"}, "width": {"type": "integer", "maximum": 10}},
    "additionalProperties": False,
}


def taken(prediction_id: str = "job_1.1") -> Prediction:
    return Prediction(id=prediction_id, model="m", engine="local-cpu/m", input={}, created_at=NOW)


def finished(store: PredictionStore, prediction_id: str = "job_1.1") -> Prediction:
    (store.files_folder(prediction_id) / "a.png").write_bytes(b"png")
    output = Output(name="a.png", media_type="image/png", sha256="0" * 64, bytes=3)
    ended = predictions.succeeded(taken(prediction_id), [output], (1.0, 3.5))
    store.save(ended)
    return ended


def test_a_new_life_knows_what_ended_and_fails_what_ran(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    ended = finished(store)
    store.save(predictions.started(taken("job_2.1")))
    store.close()
    again = PredictionStore(tmp_path)
    again.recover()
    assert again.get("job_1.1") == ended
    broken = again.get("job_2.1")
    assert broken is not None
    assert (broken.status, broken.error_category) == ("failed", "worker-restarted")


def test_its_files_are_known_by_their_content_until_they_go(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    finished(store)
    store.close()
    again = PredictionStore(tmp_path)
    again.recover()
    made = again.made("0" * 64)
    assert made is not None
    assert made.read_bytes() == b"png"
    again.drop_files("job_1.1")
    assert again.made("0" * 64) is None


def test_two_workers_cannot_share_a_folder(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    with pytest.raises(StoreInUse):
        PredictionStore(tmp_path)
    store.close()


def test_a_day_later_it_is_forgotten(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    ended_at = finished(store).completed_at
    assert ended_at is not None
    store.sweep(ended_at + KEPT - timedelta(minutes=1))
    assert store.file("job_1.1", "a.png") is not None
    store.sweep(ended_at + KEPT + timedelta(minutes=1))
    assert store.get("job_1.1") is None
    assert not (tmp_path / "job_1.1").exists()


def test_beyond_the_room_for_files_records_stay_to_answer_a_repeat(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path, max_file_bytes=2)
    finished(store)
    store.sweep(NOW)
    assert store.get("job_1.1") is not None
    assert store.file("job_1.1", "a.png") is None


def test_the_answer_has_cogs_members_and_files_with_addresses(tmp_path: Path) -> None:
    answer = as_answer(finished(PredictionStore(tmp_path)), "http://w")
    assert answer["output"][0] == {
        "url": "http://w/files/job_1.1/a.png", "media_type": "image/png", "sha256": "0" * 64, "bytes": 3,
    }  # fmt: skip
    assert answer["metrics"] == {"predict_time": 2.5}
    assert (answer["status"], answer["progress"]) == ("succeeded", 1.0)


def test_progress_never_goes_back() -> None:
    further = predictions.progressed(taken(), 0.6, "a")
    assert predictions.progressed(further, 0.2, "b").progress == 0.6
    assert predictions.progressed(further, 7.0, "").progress == 1.0


def test_data_uris_are_kept_and_shown_shortened() -> None:
    shown = predictions.shown_input({"image": "data:image/png;base64," + "A" * 9999, "list": ["data:,x"]})
    assert len(shown["image"]) < 60
    assert shown["list"] == ["data:,x"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "x" * 129, "a\n"])
def test_ids_that_would_leave_the_folder_are_none(name: str) -> None:
    assert ID_PATTERN.fullmatch(name) is None


@pytest.mark.parametrize(("uri", "data"), [("data:,a%20b", b"a b"), ("data:text/plain;base64,aGk=", b"hi")])
def test_data_uris(uri: str, data: bytes) -> None:
    assert data_of(uri) == data


@pytest.mark.parametrize("uri", ["data:nothing", "data:;base64,%%%"])
def test_broken_data_uris(uri: str) -> None:
    with pytest.raises(InputRefused):
        data_of(uri)


@pytest.mark.parametrize(
    "uri", ["ftp://127.0.0.1/a", "http://example.org/a", "http://127.0.0.1@example.org/a", "//127.0.0.1/a"]
)
async def test_only_allowed_hosts_are_asked(uri: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        await Fetcher(frozenset({"127.0.0.1"})).localise({"image": uri}, SCHEMA, tmp_path, {})


def test_an_input_is_held_against_the_schema_and_every_fault_is_told() -> None:
    spec = EngineSpec("m", "local-cpu/m", SCHEMA, ("image",), 10)
    check({"width": 3}, spec)
    with pytest.raises(InvalidInput) as caught:
        check({"width": 11, "depth": 1}, spec)
    assert {error["pointer"] for error in caught.value.errors} == {"/", "/width"}


def test_without_a_seed_the_same_input_has_the_same_one() -> None:
    assert seed_of({"seed": 4}, "one") == 4
    assert seed_of({"a": 1}, "one") == seed_of({"a": 1}, "one") != seed_of({"a": 1}, "two")
