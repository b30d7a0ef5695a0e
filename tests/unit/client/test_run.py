"""The command line's view of a run: frames to a state, a state to lines, spans to seconds, steps to file names."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from studio.client.access import Access
from studio.client.api import Frame
from studio.client.files import named, slug, suffix, wanted
from studio.client.notes import told
from studio.client.progress import Progress
from studio.client.screen import credit, lines, rendered
from studio.client.timing import split, union_length
from studio.verbs.run import columns, page_of, tell

PLAN = "pln_X.1"


def view(*frames: tuple[str, dict[str, Any]], approval: str = "auto") -> Progress:
    seen = Progress(message_id="msg_1", stops_for_approval=approval != "auto")
    for event, data in frames:
        seen.take(Frame(event, data), 100.0)
    return seen


DRAFTED = (
    ("plan.drafted", {"plan_id": PLAN, "title": "A film", "message_id": "msg_1"}),
    ("step.drafted", {"plan_id": PLAN, "step": {"step_id": "stp_X.1.s1", "title": "Picture"}}),
)


def test_thoughts_grow_and_end() -> None:
    started = ("agent.started", {"agent": "planner", "call_id": "c1"})
    seen = view(started, ("agent.reasoning", {"delta": "I "}), ("agent.reasoning", {"delta": "think"}))
    assert (seen.agent, seen.thought) == ("planner", "I think")
    finished = ("agent.finished", {"ms": 2000, "at": "1970-01-01T00:00:50Z"})
    seen = view(started, finished)
    assert (seen.agent, seen.models) == ("", [(48.0, 50.0)])


def test_steps_follow_their_frames_and_do_not_reopen() -> None:
    step = {"step_id": "stp_X.1.s1"}
    seen = view(
        *DRAFTED,
        ("plan.revised", {"plan_id": PLAN, **step, "step": {"model": "local/picture"}}),
        ("step.started", step),
        ("step.progress", {**step, "progress": 0.5}),
        ("step.succeeded", step),
        ("step.progress", {**step, "progress": 0.9}),
    )
    found = seen.steps["stp_X.1.s1"]
    assert (found.status, found.progress, found.model) == ("succeeded", 0.5, "local/picture")
    assert "  [bold green]✓[/] Picture [dim]local/picture[/] succeeded" in lines(seen)


def test_what_came_of_the_steps_is_known_from_their_frames() -> None:
    output = {"asset_id": "ast_1", "media_type": "image/png", "url": "/v1/assets/ast_1?sig=x"}
    seen = view(*DRAFTED, ("step.succeeded", {"step_id": "stp_X.1.s1", "outputs": [output]}))
    assert wanted(seen.made) == [("1-picture.png", "ast_1")]


def test_the_end_of_its_own_run_is_the_end() -> None:
    other = ("run.completed", {"plan_id": "pln_Y.1", "run_id": "run_Y.1.1", "status": "failed"})
    assert view(*DRAFTED, other).status is None
    own = ("run.completed", {"plan_id": PLAN, "run_id": "run_X.1.1", "status": "partial", "cost": 5})
    seen = view(*DRAFTED, other, own)
    assert (seen.status, seen.run_id, seen.cost) == ("partial", "run_X.1.1", 5)


@pytest.mark.parametrize(("approval", "status"), [("auto", None), ("assist", "awaiting_approval")])
def test_a_yes_is_awaited_only_where_it_is_needed(approval: str, status: str | None) -> None:
    assert view(*DRAFTED, ("plan.awaiting_approval", {"plan_id": PLAN}), approval=approval).status == status


def test_an_answer_without_a_plan_ends_it() -> None:
    words = {"role": "assistant", "text": "What do you mean?", "in_reply_to": "msg_1"}
    seen = view(("message.posted", words))
    assert (seen.status, seen.words) == ("no_plan", "What do you mean?")
    assert view(*DRAFTED, ("message.posted", {**words, "plan_id": PLAN})).status is None


def test_the_platforms_time_is_what_nobody_else_took() -> None:
    found = split((0.0, 10.0), [(1.0, 3.0), (2.0, 4.0)], [(3.5, 5.0), (-5.0, 0.5), (9.0, 20.0)])
    assert found == {"total": 10.0, "engines": 3.0, "models": 3.0, "platform": 4.5}
    assert union_length([]) == 0.0


def test_files_are_named_by_their_step() -> None:
    steps = [
        {"step_id": "stp_X.1.s1", "title": "Product image!", "outputs": [{"media_type": "image/png"}]},
        {"step_id": "stp_X.1.s2", "outputs": [{"media_type": "audio/wav"}, {"media_type": "text/plain; charset=x"}]},
    ]
    assert [name for name, _, _ in named(steps)] == ["1-product-image.png", "2-s2.wav", "2-s2-2.txt"]
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("日本") == "file"
    assert suffix("application/x-unknown-thing") == ".bin"


NOTED = (
    ("plan.validated", {"plan_id": PLAN, "notes": [{"text": "of an earlier version"}]}),
    ("plan.validated", {"plan_id": PLAN, "notes": [
        {"step": "s1", "text": "60 seconds are more than any model here makes"}, {"text": "“Song” was left out"},
    ]}),
    ("plan.awaiting_approval", {"plan_id": PLAN, "notes": [
        {"step": "s1", "text": "it has no use for", "other": "s9"},
    ]}),
)  # fmt: skip
TOLD = [
    "“Picture”: 60 seconds are more than any model here makes", "“Song” was left out",
    "“Picture”: it has no use for “s9”",
]  # fmt: skip


def test_what_is_not_as_it_was_asked_for_stands_with_the_plan() -> None:
    seen = view(*DRAFTED, *NOTED)
    assert [line.partition("[/] ")[2] for line in lines(seen) if "[yellow]!" in line] == TOLD
    console = Console(width=120)
    with console.capture() as captured:
        console.print(rendered(seen))
    assert all(f"! {line}" in captured.get() for line in TOLD)


def test_it_stands_at_the_end_where_a_screen_has_gone(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"step_id": "stp_X.1.s1", "title": "Picture"}]
    noted = [note for _, data in NOTED[1:] for note in data["notes"]]
    spent = {"total": 1.0, "engines": 0.0, "models": 0.0, "platform": 1.0}
    said = {
        "steps": steps,
        "notes": noted,
        "files": [],
        "status": "succeeded",
        "cost": 0,
        "seconds": spent,
        "page": "x",
    }
    tell(said)
    out = capsys.readouterr().out
    assert all(f"! {line}" in out for line in TOLD)
    tell(said, noted=True)
    assert "!" not in capsys.readouterr().out


def test_a_note_does_nothing_to_a_terminal() -> None:
    assert told([{"step": "zz", "text": "a\x1b[2J\nb"}], {}) == ["zz: a[2J b"]


def test_when_it_is_over_no_balance_of_before_is_shown() -> None:
    def shown(seen: Progress) -> str:
        console = Console(width=80)
        with console.capture() as captured:
            console.print(rendered(seen))
        return captured.get()

    changed = ("credits.changed", {"available": 998_000, "reserved": 500})
    assert "credits 998, reserved 0.5" in shown(view(*DRAFTED, changed))
    ended = ("run.completed", {"plan_id": PLAN, "run_id": "run_X.1.1", "status": "succeeded", "cost": 2_000})
    assert "reserved" not in shown(view(*DRAFTED, changed, ended))


@pytest.mark.parametrize(("millicredits", "text"), [(1500, "1.5"), (1_000_000, "1,000"), (0, "0"), (1, "0.001")])
def test_credits_read_well(millicredits: int, text: str) -> None:
    assert credit(millicredits) == text


async def test_the_page_opens_at_the_session_also_without_the_platforms_key() -> None:
    assert await page_of(Access("http://studio.test", "sk_1"), "ses_X") == "http://studio.test/?s=ses_X"


def test_columns_stand_below_each_other_and_are_never_folded() -> None:
    path = "artifacts/" + "x" * 200
    assert columns([(path, "image/png", "A"), ("b", "video/mp4", "")]) == [
        f"{path}  image/png  A",
        f"{'b':210}  video/mp4",
    ]
    assert columns([]) == []
