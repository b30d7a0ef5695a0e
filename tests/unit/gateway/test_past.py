"""A moment is a position or a time; at a moment jobs had not ended yet; kept results are found where they were made."""

from __future__ import annotations

from typing import Any

import pytest

from events.log import position
from gateway.http.problems import Problem
from gateway.past import comparing
from gateway.past import plan as past
from gateway.past.sent import Asked
from gateway.reads.views import Views
from gateway.routes.past import behind

SESSION = "ses_X"
PART = past.canvas_part(SESSION, 4)


@pytest.mark.parametrize(
    ("at", "query"),
    [
        (None, {}),
        (position.encode({PART: 7}), {"offset": {"$lt": 7}}),
        ("2026-03-01T12:00:00Z", {"time": {"$lte": "2026-03-01T12:00:00.000Z"}}),
        ("2026-03-01T13:00:00 01:00", {"time": {"$lte": "2026-03-01T12:00:00.000Z"}}),
    ],
)
def test_a_moment_is_a_position_of_the_session_or_a_time(at: str | None, query: dict[str, Any]) -> None:
    assert past.moment(at, SESSION, 4).query == query


@pytest.mark.parametrize("at", ["", "yesterday", "2026-03-01T12:00:00", "9999-12-31T23:59:59-14:00", "e30", "x" * 9000])
def test_anything_else_is_malformed(at: str) -> None:
    with pytest.raises(Problem) as caught:
        past.moment(at, SESSION, 4)
    assert caught.value.slug == "malformed"


def job(**members: Any) -> dict[str, Any]:
    attempt = {"lease": 1, "started_at": "2026-03-01T12:00:01.000Z", "ended_at": "2026-03-01T12:00:09.000Z"}
    return {
        "_id": "job_1", "status": "succeeded", "accepted_at": "2026-03-01T12:00:00.000Z", "reserved": 100,
        "captured": 70, "ended_at": "2026-03-01T12:00:09.000Z", "attempts": [attempt], "outputs": [{}], **members,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("second", "status"), [(-1, None), (0, "queued"), (1, "dispatched"), (8, "dispatched"), (9, "succeeded")]
)
def test_a_job_at_a_moment_is_what_it_was(second: int, status: str | None) -> None:
    time = f"2026-03-01T{'11:59:59' if second < 0 else f'12:00:{second:02d}'}.000Z"
    found = past.jobs_at([job()], time)
    assert [one["status"] for one in found] == ([] if status is None else [status])
    for one in found:
        assert ("captured" in one) == (status == "succeeded")
        assert all("ended_at" not in attempt or status == "succeeded" for attempt in one["attempts"])


def run(number: int, results: dict[str, Any], **kept: str) -> dict[str, Any]:
    run_id = f"run_X.1.{number}"
    return {"_id": run_id, "run_id": run_id, "org_id": "org_A", "status": "succeeded", "results": results, "kept": kept}


def result(job_id: str, asset: str, **members: Any) -> dict[str, Any]:
    output = {"asset_id": asset, "sha256": "0" * 64, "bytes": 1, "media_type": "image/png"}
    return {"status": "succeeded", "job_id": job_id, "model": "m", "outputs": [output], "cost": 5, **members}


RUNS = {
    one["_id"]: one
    for one in (
        run(1, {"s1": result("j1", "a"), "s2": result("j2", "b")}),
        run(2, {"s2": result("j3", "c")}, s1="run_X.1.1"),
        run(3, {"s3": result("j4", "d")}, s1="run_X.1.2", s2="run_X.1.2", s9="run_of_nobody"),
    )
}


def test_a_kept_result_is_found_in_the_run_that_made_it() -> None:
    found = comparing.results_of(RUNS["run_X.1.3"], RUNS)
    assert {step: (one["job_id"], one.get("kept_from")) for step, one in found.items()} == {
        "s1": ("j1", "run_X.1.1"),
        "s2": ("j3", "run_X.1.2"),
        "s3": ("j4", None),
    }


def test_runs_stand_side_by_side_and_each_difference_is_named() -> None:
    views = Views(lambda _org, one: f"/{one['asset_id']}")
    asked = {"j2": Asked(planned={"n": 1}), "j3": Asked(planned={"n": 2})}
    pair = (RUNS["run_X.1.1"], RUNS["run_X.1.3"])
    told = comparing.comparison(views, pair, RUNS, comparing.Inputs(asked, {}), ["s2", "s1"])
    steps = {one["step"]: one for one in told["steps"]}
    assert list(steps) == ["s2", "s1", "s3"]
    assert steps["s1"]["differs"] == []
    assert steps["s2"]["differs"] == ["input", "outputs"]
    assert "a" not in steps["s3"]
    assert steps["s2"]["b"]["outputs"][0]["url"] == "/c"
    assert (steps["s2"]["b"]["planned"], "input" in steps["s2"]["b"]) == ({"n": 2}, False)


def picture(asset: str, sha256: str) -> dict[str, Any]:
    return {"$asset": {"asset_id": asset, "sha256": sha256 * 64, "bytes": 1, "media_type": "image/png", "text": {}}}


def test_what_was_sent_is_compared_by_its_content_and_told_with_where_it_came_from() -> None:
    views = Views(lambda _org, one: f"/{one['asset_id']}")
    pair = (RUNS["run_X.1.1"], RUNS["run_X.1.2"])
    inputs = comparing.Inputs({}, {"j2": {"image": picture("a", "1")}, "j3": {"image": picture("copy", "1")}})
    [_, same] = comparing.comparison(views, pair, RUNS, inputs, ["s1", "s2"])["steps"]
    assert (same["differs"], "input_differs" in same) == (["outputs"], False)
    assert same["a"]["sources"] == [{"pointer": "/image", "from": [{"kind": "step", "name": "s1"}]}]
    shown = {"asset_id": "a", "bytes": 1, "media_type": "image/png", "url": "/a"}
    assert same["a"]["input"] == {"image": {"$asset": shown}}
    inputs = comparing.Inputs({}, {"j2": {"image": picture("a", "1")}, "j3": {"image": picture("a", "2")}})
    [_, other] = comparing.comparison(views, pair, RUNS, inputs, ["s1", "s2"])["steps"]
    assert (other["differs"], other["input_differs"]) == (["input", "outputs"], ["/image"])


def test_how_long_each_took_is_told_where_it_is_known() -> None:
    times = {"started_at": "2026-03-01T12:00:00.000Z", "ended_at": "2026-03-01T12:00:02.500Z"}
    timed = {**RUNS["run_X.1.1"], "results": {"s1": result("j1", "a", **times)}, **times}
    told = comparing.comparison(Views(lambda _org, _one: ""), (timed, timed), RUNS, comparing.Inputs({}, {}), [])
    assert told["runs"]["a"]["seconds"] == 2.5
    assert told["steps"][0]["a"]["seconds"] == 2.5


@pytest.mark.parametrize(
    ("pointer", "slug"),
    [("/steps", "read-model-behind"), ("/steps/0", "read-model-behind"), ("/run_id", "invalid-input")],
)
def test_a_rollback_to_what_is_not_stored_yet_is_to_be_tried_again(pointer: str, slug: str) -> None:
    assert behind(Problem.invalid(pointer, "no")).slug == slug
    assert behind(Problem("illegal-state")).slug == "illegal-state"
