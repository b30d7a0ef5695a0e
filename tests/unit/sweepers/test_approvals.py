"""A yes that nobody gives: told once, told again while nothing comes of it, and not told when somebody has answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from commands.ask import Answer
from commands.canvas.commands import ExpireApproval
from commands.canvas.decider import CANVAS
from commands.canvas.streams import ref
from commands.model import Command, CommandEnvelope
from commands.refusals import IllegalState
from events.canvas.current import CurrentApproval
from events.topics import CURRENT_APPROVALS
from processors.sweepers.approvals import PLAN_WAITS, STEP_WAITS, Approvals, Overdue
from tests.given import ORG, PLAN, SESSION, step
from tests.specification import World
from tests.unit.commands.plans import CHAIN, planned
from tests.unit.commands.test_approvals import APPROVE, PAST

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Asked:
    """A decider that refuses, where it shall."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.commands: list[Command] = []
        self.refuses = refuses

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        self.commands.append(command)
        if self.refuses:
            raise IllegalState("answered by now", allowed=[])
        return Answer({}, {})


def waiting(*asked: str) -> CurrentApproval:
    return CurrentApproval(plan_id=PLAN, org_id=ORG, session_id=SESSION, asked=dict.fromkeys(asked, NOON.isoformat()))


def approvals(*asked: str, ask: Asked | None = None) -> Approvals:
    it = Approvals(ask or Asked())
    it.on_current(CURRENT_APPROVALS, PLAN, waiting(*asked), NOON)
    return it


def test_a_plan_waits_a_week_and_a_step_a_day() -> None:
    it = approvals(PLAN, step("s1"))
    assert list(it.tick(NOON + STEP_WAITS)) == []
    [of_step] = it.tick(NOON + STEP_WAITS + timedelta(seconds=1))
    assert of_step == Overdue(PLAN, ORG, SESSION, step("s1"), NOON.isoformat())
    later = {one.step_id for one in it.tick(NOON + PLAN_WAITS + timedelta(seconds=1))}
    assert later == {None, step("s1")}


def test_it_is_told_again_only_after_a_while() -> None:
    it = approvals(step("s1"))
    at = NOON + STEP_WAITS + timedelta(seconds=1)
    assert len(list(it.tick(at))) == 1
    assert list(it.tick(at + timedelta(seconds=15))) == []
    assert len(list(it.tick(at + timedelta(seconds=31)))) == 1


def test_what_was_answered_is_not_told() -> None:
    it = approvals(step("s1"))
    it.on_current(CURRENT_APPROVALS, PLAN, None, NOON)
    assert list(it.tick(NOON + PLAN_WAITS)) == []


async def test_it_asks_for_the_expiry_of_this_very_question_and_takes_no_for_an_answer() -> None:
    ask = Asked(refuses=True)
    await approvals(ask=ask).perform(Overdue(PLAN, ORG, SESSION, None, NOON.isoformat()))
    [command] = ask.commands
    assert command == ExpireApproval(org_id=ORG, session_id=SESSION, plan_id=PLAN, step_id=None, since=NOON.isoformat())


def test_the_log_holds_what_waits_and_a_tombstone_once_it_does_not() -> None:
    world = World(CANVAS)
    for command in planned(CHAIN, "assist"):
        world.handle(command)
    current = CANVAS.summarize(ref(PLAN), world(ref(PLAN)).state)
    assert current is not None
    assert isinstance(current.value, CurrentApproval)
    assert list(current.value.asked) == [PLAN]
    world = World(CANVAS)
    for command in (*PAST, APPROVE):
        world.handle(command)
    current = CANVAS.summarize(ref(PLAN), world(ref(PLAN)).state)
    assert current is not None
    assert current.value is None
