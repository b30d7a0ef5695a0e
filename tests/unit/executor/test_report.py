"""What the assistant says at a run's end: what did not work out, and why."""

import pytest

from processors.executor.report import Ended, report


def test_a_step_that_failed_for_want_of_credit_says_so_and_what_to_do() -> None:
    said = report("failed", "Shoe", (), [Ended("Picture", "failed", "insufficient_credit"), Ended("Video", "blocked")])
    assert said.text == (
        "“Shoe” did not work out. Failed: Picture (not enough credits). Not started: Video. "
        "Add credits and run it again: what is done is kept."
    )


@pytest.mark.parametrize("category", [None, "unknown", "contract", "something newer"])
def test_what_says_a_person_nothing_is_left_out(category: str | None) -> None:
    assert report("failed", "Shoe", (), [Ended("Picture", "failed", category)]).text == (
        "“Shoe” did not work out. Failed: Picture."
    )
