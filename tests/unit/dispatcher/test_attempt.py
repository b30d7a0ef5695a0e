"""An attempt at a provider that answers badly: another attempt of the job must never run beside it."""

from __future__ import annotations

import asyncio

import pytest

from processors.dispatcher import creation, stopping
from processors.dispatcher import word as words
from processors.dispatcher.creation import AttemptOver
from processors.dispatcher.errors import (
    CannotStop,
    ContentRefused,
    ContractDrift,
    NotSent,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    WorkerGone,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Handle,
    NeverArrived,
    Reconciled,
    Unknowable,
)
from tests.given import JOB
from tests.unit.dispatcher.moody import DONE, Moody, Stopping, attempt_at


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "SUBMIT_WAIT_S", 0.001)
    monkeypatch.setattr(creation, "LOOK_FIRST_S", 0.001)
    monkeypatch.setattr(stopping, "STOP_WAIT_S", 0.001)


async def test_after_an_unanswered_sending_the_refusal_of_its_repeat_is_no_end() -> None:
    provider = Moody(
        OutcomeUnknown("?"), RateLimited("busy"), ProviderDown("down"), Handle("x"), takes_our_name=False, watched=DONE
    )
    assert await attempt_at(provider).run() == DONE


async def test_a_repeat_waits_as_long_as_it_is_asked_to() -> None:
    busy = RateLimited("busy", retry_after_s=0.05)
    provider = Moody(OutcomeUnknown("?"), busy, Handle("x"), takes_our_name=False, watched=DONE)
    began = asyncio.get_running_loop().time()
    assert await attempt_at(provider).run() == DONE
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_what_another_process_may_have_sent_is_asked_after_too() -> None:
    provider = Moody(RateLimited("busy"), Handle("x"), takes_our_name=False, watched=DONE)
    assert await attempt_at(provider, begun_before=True).run() == DONE


async def test_the_refusal_of_a_first_sending_is_its_end() -> None:
    provider = Moody(RateLimited("busy"), takes_our_name=False, watched=DONE)
    with pytest.raises(RateLimited):
        await attempt_at(provider).run()


async def test_what_stays_unanswered_is_given_up_once_its_longest_run_is_over() -> None:
    provider = Moody(OutcomeUnknown("?"), takes_our_name=False, watched=DONE)
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider, max_runtime_s=0).run()


async def test_what_goes_by_our_name_is_stopped_before_another_attempt_may_be() -> None:
    provider = Moody(RateLimited("busy"), takes_our_name=True, watched=DONE)
    with pytest.raises(RateLimited):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle(f"{JOB}.1")]


@pytest.mark.parametrize("repeated", [WorkerGone("gone"), ContentRefused("not this")])
async def test_what_an_unanswered_sending_may_have_begun_is_stopped_when_its_repeat_is_refused(
    repeated: ProviderError,
) -> None:
    provider = Moody(OutcomeUnknown("?"), repeated, takes_our_name=True, watched=DONE)
    with pytest.raises(type(repeated)):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle(f"{JOB}.1")]


async def test_what_is_lost_sight_of_is_stopped_before_another_attempt_may_be() -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OutcomeUnknown("?"))
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle("x")]


def lost(*looks: Reconciled | ProviderError, watched: Ended = DONE) -> Moody:
    """A provider that can be asked about a create whose answer was lost."""
    return Moody(OutcomeUnknown("?"), takes_our_name=False, watched=watched, create_is_idempotent=False, looks=looks)


@pytest.mark.parametrize("no_answer", [ProviderDown("5000"), RateLimited("busy"), NotSent("?"), ContractDrift("html")])
async def test_a_look_up_that_fails_says_nothing_of_the_attempt(no_answer: ProviderError) -> None:
    provider = lost(no_answer, no_answer, Handle("x"))
    assert await attempt_at(provider).run() == DONE
    assert (provider.sent, provider.looked) == (1, 3)


async def test_one_look_that_finds_nothing_is_not_enough() -> None:
    provider = lost(NeverArrived(), NeverArrived(), Handle("x"))
    assert await attempt_at(provider).run() == DONE


async def test_after_several_looks_it_has_never_arrived_and_holds_no_slot() -> None:
    attempt = attempt_at(lost(*[NeverArrived()] * creation.LOOKS))
    with pytest.raises(NotSent):
        await attempt.run()
    assert not attempt.unstopped


async def test_who_never_answers_is_asked_until_the_longest_run_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "LOOK_MARGIN_S", 0.1)
    provider = lost(*[ProviderDown("down")] * 5_000)
    with pytest.raises(OutcomeUnknown):
        await attempt_at(provider, max_runtime_s=0).run()
    assert provider.looked > creation.LOOKS


@pytest.mark.parametrize(("begun_before", "trouble"), [(False, "silent"), (True, None)])
async def test_what_another_may_have_sent_says_nothing_of_the_provider(
    begun_before: bool, trouble: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "LOOK_MARGIN_S", 0.01)
    provider = Moody(OutcomeUnknown("?"), takes_our_name=False, watched=DONE, create_is_idempotent=False, tells=False)
    with pytest.raises(OutcomeUnknown) as raised:
        await attempt_at(provider, begun_before=begun_before, max_runtime_s=0).run()
    assert (raised.value.failed.category, raised.value.failed.trouble) == ("unknown", trouble)


@pytest.mark.parametrize(
    ("cancels", "unstopped"), [(None, False), (CannotStop("it runs on"), True), (ProviderDown("down"), True)]
)
async def test_what_failed_and_is_not_stopped_says_so(cancels: ProviderError | None, unstopped: bool) -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OutcomeUnknown("lost sight of it"), cancels=cancels)
    attempt = attempt_at(provider)
    with pytest.raises(OutcomeUnknown):
        await attempt.run()
    assert attempt.unstopped is unstopped


async def test_a_repeat_that_is_refused_for_good_says_nothing_of_the_sending_before_it() -> None:
    attempt = attempt_at(Moody(OutcomeUnknown("?"), ContentRefused("no"), takes_our_name=False, watched=DONE))
    with pytest.raises(ContentRefused):
        await attempt.run()
    assert attempt.unstopped
    assert not await attempt.stop()


async def test_an_answer_to_a_create_that_breaks_its_adapter_may_have_begun_something() -> None:
    provider = Moody(OverflowError("10 ** 400"), takes_our_name=False, watched=DONE, create_is_idempotent=False)
    attempt = attempt_at(provider)
    with pytest.raises(ContractDrift):
        await attempt.run()
    assert attempt.unstopped
    assert not await attempt.stop()


class AtOnce(Moody):
    """`asked` is set once it is asked what became of a call."""

    def __init__(self) -> None:
        super().__init__(takes_our_name=False, watched=DONE, create_is_idempotent=False)
        self.asked = asyncio.Event()

    def answers_at_once(self, _model: str) -> bool:
        return True

    async def reconcile(self, _call: Call) -> Reconciled:
        self.asked.set()
        return Unknowable()


async def test_a_call_of_another_process_does_not_end_with_this_one() -> None:
    provider = AtOnce()
    attempt = attempt_at(provider, begun_before=True, max_runtime_s=600)
    running = asyncio.create_task(attempt.run())
    await provider.asked.wait()
    running.cancel()
    assert not await attempt.stop()


async def test_leave_that_comes_late_is_asked_for_again_and_nothing_is_sent_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As to a process that was paused, while the log went on."""
    monkeypatch.setattr(words, "FRESH_S", 0.01)
    provider = Moody(Handle("x"), takes_our_name=False, watched=DONE, create_is_idempotent=False)
    with pytest.raises(AttemptOver):
        await attempt_at(provider, late_s=[0.02], over_after=1).run()
    assert provider.sent == 0


async def test_a_repeat_needs_leave_that_is_not_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "FRESH_S", -1.0)
    provider = Moody(OutcomeUnknown("?"), Handle("x"), takes_our_name=False, watched=DONE)
    with pytest.raises(AttemptOver):
        await attempt_at(provider, over_after=2).run()
    assert provider.sent == 1


async def test_who_was_paused_until_another_looked_for_the_attempt_looks_too_and_never_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(creation, "FRESH_S", -1.0)
    provider = Moody(takes_our_name=False, watched=DONE, create_is_idempotent=False, looks=[Handle("x")])
    assert await attempt_at(provider, sought_after=1).run() == DONE
    assert (provider.sent, provider.looked) == (0, 1)


@pytest.mark.parametrize("takes_our_name", [True, False])
async def test_where_a_repeat_does_no_harm_it_is_sent_all_the_same(
    takes_our_name: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "FRESH_S", -1.0)
    provider = Moody(Handle("x"), takes_our_name=takes_our_name, watched=DONE)
    assert await attempt_at(provider, sought_after=1).run() == DONE
    assert (provider.sent, provider.looked) == (1, 0)


class Silent(Moody):
    """It takes a call and says nothing."""

    def __init__(self, *looks: Reconciled) -> None:
        super().__init__(takes_our_name=False, watched=DONE, create_is_idempotent=False, looks=looks)

    async def submit(self, _call: Call) -> Handle | Ended:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_a_create_without_an_answer_is_looked_for_once_its_longest_run_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(creation, "SUBMIT_MARGIN_S", 0.01)
    assert await attempt_at(Silent(Handle("x")), max_runtime_s=0).run() == DONE


async def test_an_answer_that_breaks_its_adapter_fails_the_attempt_and_stops_it() -> None:
    provider = Moody(Handle("x"), takes_our_name=False, watched=OverflowError("10 ** 400"))
    with pytest.raises(ContractDrift):
        await attempt_at(provider).run()
    assert provider.stopped == [Handle("x")]


async def test_a_cancelled_attempt_whose_answer_was_lost_may_run_on_and_keeps_its_slot() -> None:
    provider = Moody(OutcomeUnknown("?"), takes_our_name=False, watched=DONE, create_is_idempotent=False, tells=False)
    attempt = attempt_at(provider, jobs=Stopping())
    with pytest.raises(AttemptOver):
        await attempt.run()
    assert not await attempt.stop()
