"""Claims: an attempt's owner is named once, and is good for one handling, which asks first where it comes late."""

from __future__ import annotations

from processors.dispatcher.claims import CLAIM_S, CLAIMS_MAX, REMEMBERED_MAX, Claims


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def claims(clock: Clock, *, here: bool = True) -> Claims:
    made = Claims(now=clock)
    made.attach(lambda provider, org_id: here and (provider, org_id) == ("asked", "org_A"))
    return made


def offered(made: Claims, job_id: str = "job_1", lease: int = 1) -> str | None:
    return made.offer(job_id, lease, "asked", "org_A")


def test_the_named_owner_may_begin_once() -> None:
    made = claims(Clock())
    owner = offered(made)
    assert owner is not None
    assert made.take("job_1", 1, owner)
    assert not made.take("job_1", 1, owner)


def test_who_dispatches_again_names_the_same_owner() -> None:
    made = claims(Clock())
    assert offered(made) == offered(made) != offered(made, lease=2)


def test_another_owner_on_the_log_has_begun() -> None:
    made = claims(Clock())
    offered(made)
    assert not made.take("job_1", 1, "own_of_another")
    assert not made.take("job_1", 1, None)


def test_a_refused_dispatch_leaves_no_owner() -> None:
    made = claims(Clock())
    owner = offered(made)
    made.withdraw("job_1", 1)
    assert not made.take("job_1", 1, owner)
    assert offered(made) != owner


def test_who_comes_late_asks_as_the_owner_that_nobody_has_been_yet() -> None:
    clock = Clock()
    made = claims(clock)
    owner = offered(made)
    clock.now += CLAIM_S + 0.1
    assert made.take("job_1", 1, owner) == "lapsed"
    assert made.take("job_1", 1, owner) is None


def test_who_dispatches_again_late_names_the_same_owner_and_makes_it_no_younger() -> None:
    clock = Clock()
    made = claims(clock)
    owner = offered(made)
    clock.now += CLAIM_S + 0.1
    assert offered(made) == owner
    assert made.take("job_1", 1, owner) == "lapsed"


def test_one_that_asked_in_vain_has_not_been_used() -> None:
    clock = Clock()
    made = claims(clock)
    owner, used = offered(made), offered(made, "job_2")
    assert owner is not None
    assert made.take("job_1", 1, owner) == "fresh"
    assert made.take("job_2", 1, used) == "fresh"
    made.put_back("job_1", 1, owner)
    assert made.take("job_1", 1, owner) == "lapsed"
    assert made.take("job_2", 1, used) is None


def test_of_those_that_nobody_has_been_the_oldest_are_forgotten() -> None:
    clock = Clock()
    made = claims(clock)
    owners = []
    for number in range(REMEMBERED_MAX + 1):
        owners.append(offered(made, f"job_{number}"))
        clock.now += CLAIM_S + 0.1
    assert made.take("job_0", 1, owners[0]) is None
    assert made.take("job_1", 1, owners[1]) == "lapsed"


def test_what_is_carried_out_elsewhere_has_no_owner_yet() -> None:
    assert offered(claims(Clock(), here=False)) is None
    assert offered(Claims(now=Clock())) is None


def test_so_many_are_claimed_and_no_more_until_they_are_begun_or_too_old() -> None:
    clock = Clock()
    made = claims(clock)
    owners = [offered(made, f"job_{n}") for n in range(CLAIMS_MAX + 1)]
    assert None not in owners[:CLAIMS_MAX]
    assert owners[CLAIMS_MAX] is None
    assert made.take("job_0", 1, owners[0])
    assert offered(made, "job_x") is not None
    clock.now += CLAIM_S + 0.1
    assert offered(made, "job_y") is not None


def test_what_is_withdrawn_had_been_there_unused_if_the_log_names_its_owner() -> None:
    clock = Clock()
    made = claims(clock)
    owner = offered(made)
    made.named("job_1", 1, owner)
    clock.now += CLAIM_S + 0.1
    assert made.withdraw("job_1", 1)
    assert not made.withdraw("job_1", 1)
    assert made.take("job_1", 1, owner) is None


def test_what_was_taken_cannot_be_withdrawn_any_more() -> None:
    made = claims(Clock())
    owner = offered(made)
    made.named("job_1", 1, owner)
    assert made.take("job_1", 1, owner) == "fresh"
    assert not made.withdraw("job_1", 1)


def test_a_claim_that_the_log_has_not_named_says_nothing_of_who_has_called() -> None:
    made = claims(Clock())
    offered(made)
    assert not made.withdraw("job_1", 1)
    offered(made)
    made.named("job_1", 1, "own_of_another")
    assert not made.withdraw("job_1", 1)
    made.named("job_2", 1, None)
    assert not made.withdraw("job_2", 1)


def test_one_that_asked_in_vain_can_be_withdrawn() -> None:
    made = claims(Clock())
    owner = offered(made)
    assert owner is not None
    assert made.take("job_1", 1, owner)
    made.put_back("job_1", 1, owner)
    assert made.withdraw("job_1", 1)
