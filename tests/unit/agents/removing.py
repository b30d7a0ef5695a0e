"""A plan of five steps, and what is taken out of it by words and an answer: for the tests of removals."""

from __future__ import annotations

from dataclasses import replace

from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.editing import merge


def step(name: str, title: str, kind: str, *after: str, words: str = "") -> PlannedStep:
    return PlannedStep(name, title, words or title, kind, after, "far/model", {"prompt": "as it was"})


PLAN = (
    step("s1", "Product image", "image", words="a bottle of shampoo on a product shelf"),
    step("s2", "Video of the bottle", "video", "s1", words="the product spins"),
    step("s3", "Voiceover", "speech", words="says hi"),
    step("s4", "Background music", "music", words="a waltz"),
    step("s5", "Limerick about rain", "text"),
)
IDS = {one.id for one in PLAN}


def lost(instruction: str, gone: str, *, listed: bool, new: str = "") -> str:
    """The ids that are really removed where the answer has none of those in `gone`."""
    left = [replace(one, unchanged=True) for one in PLAN if one.id not in gone.split()]
    left += [step(name, f"New {name}", "image") for name in new.split()]
    said = ParsedPlan("T", tuple(left), "direct", removed=tuple(gone.split()) if listed else ())
    return " ".join(merge(PLAN, said, instruction).removed)


ALL_BUT_FIRST = "s2 s3 s4 s5"
