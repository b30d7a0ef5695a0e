"""What follows from how an attempt ended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.jobs.events import Category, JobDispatched
from processors.dispatcher.decisions import (
    BACKOFF_LONGEST_S,
    STATED_WAIT_MAX_S,
    as_failure,
    backoff_s,
    record_failed,
    retry_in_s,
)
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContractDrift,
    InputRefused,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    SlotsTaken,
)
from processors.dispatcher.ports import Failed, InlineFile, Stopped, Succeeded
from tests.given import sealed

OUTAGE = Failed("outage", "down", "no", retryable=True)


@pytest.mark.parametrize(
    ("lease", "category", "longest"), [(1, "outage", 1), (2, "outage", 2), (4, "outage", 8), (1, "rate_limit", 4)]
)
def test_the_wait_doubles_and_is_anywhere_between_nothing_and_all_of_it(
    lease: int, category: Category, longest: float
) -> None:
    assert [backoff_s(lease, category, jitter) for jitter in (0.0, 0.5, 1.0)] == [0.0, longest / 2, longest]


def test_the_wait_is_bounded() -> None:
    assert backoff_s(50, "outage", 1.0) == BACKOFF_LONGEST_S


@given(
    st.integers(1, 10**9),
    st.one_of(st.none(), st.floats()),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
    st.booleans(),
)
def test_whatever_is_stated_and_however_often_it_was_tried_there_is_a_wait(
    attempt: int, stated: float | None, counts: bool, jitter: float, worker_gone: bool
) -> None:
    failed = Failed("rate_limit", "busy", "no", retryable=True, retry_after_s=stated, counts=counts)
    wait = retry_in_s(failed, attempt, jitter, worker_gone=worker_gone)
    assert wait is not None
    assert 0 <= wait <= STATED_WAIT_MAX_S + BACKOFF_LONGEST_S


def dispatched() -> JobDispatched:
    return JobDispatched(
        job_id="job_1", org_id="org_A", lease=2, provider="p", model="m", input=sealed(), max_runtime_s=9
    )


def test_the_wait_grows_with_attempts_and_not_with_waits_for_a_slot() -> None:
    event = dispatched().model_copy(update={"lease": 1500, "uncounted": 1499})
    assert record_failed(event, OUTAGE, sealed(), jitter=0.5).retry_in_s == 0.5


def test_what_is_not_worth_another_attempt_gets_none() -> None:
    assert retry_in_s(Failed("input_validation", "bad", "no"), 1, 0.5) is None


def test_a_providers_word_is_the_least_wait() -> None:
    throttled = Failed("rate_limit", "slow down", "no", retryable=True, retry_after_s=30)
    assert retry_in_s(throttled, 1, 0.5) == 32


def test_a_dead_worker_is_no_reason_to_wait_but_a_second_one_is() -> None:
    assert retry_in_s(OUTAGE, 1, 0.5, worker_gone=True) == 0
    assert retry_in_s(OUTAGE, 2, 0.5, worker_gone=True) == 6.5


def test_who_waits_for_a_slot_uses_up_no_attempt_and_asks_again_soon() -> None:
    no_slot = SlotsTaken("too many at once").failed
    assert retry_in_s(no_slot, 500, 1.0) == 32
    event = JobDispatched(
        job_id="job_1", org_id="org_A", lease=2, provider="p", model="m", input=sealed(), max_runtime_s=9
    )
    assert not record_failed(event, no_slot, sealed(), jitter=0.5).counts
    assert record_failed(event, OUTAGE, sealed(), jitter=0.5).counts


def test_who_is_too_fast_uses_up_no_attempt_and_says_how_long_the_provider_is_busy() -> None:
    command = record_failed(dispatched(), RateLimited("busy", retry_after_s=60).failed, sealed(), jitter=0.5)
    assert (command.counts, command.busy_s) == (False, 60)
    assert (record_failed(dispatched(), OUTAGE, sealed(), jitter=0.5).busy_s) is None


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (BillingRefused("empty"), "account"), (AccessRefused("key"), "account"), (OutcomeUnknown("?"), "silent"),
        (InputRefused("bad"), None), (ContractDrift("?"), None), (NotSent("?"), None),
    ],
)  # fmt: skip
def test_the_command_says_whose_trouble_it_was(error: ProviderError, trouble: str | None) -> None:
    assert record_failed(dispatched(), error.failed, sealed(), jitter=0.5).trouble == trouble


def test_a_stop_that_nobody_asked_for_is_the_providers_deadline() -> None:
    assert as_failure(Stopped("yes")) == Failed("timeout", "the provider stopped the attempt", "yes", retryable=True)
    assert as_failure(OUTAGE) is OUTAGE
    assert as_failure(Succeeded((InlineFile(b"x"),))) is None


def test_the_command_carries_category_charge_words_and_wait() -> None:
    event = JobDispatched(
        job_id="job_1", org_id="org_A", lease=2, provider="p", model="m", input=sealed(), max_runtime_s=9
    )
    command = record_failed(event, OUTAGE, sealed("down"), jitter=0.5)
    assert (command.org_id, command.job_id, command.lease) == ("org_A", "job_1", 2)
    assert (command.category, command.provider_charged, command.retry_in_s) == ("outage", "no", 1.0)
    assert command.error == sealed("down")
