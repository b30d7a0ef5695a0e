"""Whatever a planner gives, what the validator lets through can run."""

from __future__ import annotations

from graphlib import TopologicalSorter

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.agents.catalog import Capability
from processors.agents.fitting.validator import check
from processors.agents.plan import PlannedStep

names = st.sampled_from(["s1", "s2", "s3", "s4", "s5", "image_1"])
planned = st.lists(
    st.builds(
        PlannedStep,
        id=names,
        title=st.just("t"),
        description=st.just("d"),
        agent_type=st.sampled_from(["image", "video", "Voiceover", "text", "nonsense", "music"]),
        depends_on=st.lists(names, max_size=4).map(tuple),
    ),
    max_size=9,
)
images = Capability(1, frozenset({"image", "text"}), frozenset({"image"}))
CAPABILITIES = {
    "image": images,
    "video": Capability(1, frozenset({"image", "video", "audio"}), frozenset({"video"}), max_duration_s=10),
    "speech": Capability(1, frozenset({"text", "video"}), frozenset({"audio"})),
    "text": Capability(1, frozenset(), frozenset({"text"})),
}


@settings(max_examples=100, deadline=None)
@given(plan=planned)
def test_the_result_is_a_closed_acyclic_graph_of_possible_steps(plan: list[PlannedStep]) -> None:
    checked = check(plan, CAPABILITIES)
    ids = [step.id for step in checked.steps]
    assert len(set(ids)) == len(ids)
    for step in checked.steps:
        assert set(step.depends_on) <= set(ids) - {step.id}
        assert step.agent_type in CAPABILITIES
    TopologicalSorter({step.id: step.depends_on for step in checked.steps}).prepare()


@settings(max_examples=100, deadline=None)
@given(plan=planned)
def test_a_repaired_plan_needs_no_second_repair(plan: list[PlannedStep]) -> None:
    once = check(plan, CAPABILITIES)
    assert check(once.steps, CAPABILITIES) == type(once)(once.steps, ())
