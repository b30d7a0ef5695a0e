"""Foreign errors in our words: what counts is whether the request may have arrived."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.http import refusal, retry_after, stated_wait, translated
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContractDrift,
    InputRefused,
    NotSent,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("full"), NotSent),
        (httpx.UnsupportedProtocol("ftp"), NotSent),
        (httpx.InvalidURL("bad"), NotSent),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("cut"), OutcomeUnknown),
        (httpx.WriteError("cut"), OutcomeUnknown),
        (httpx.RemoteProtocolError("cut"), OutcomeUnknown),
        (httpx.DecodingError("gzip"), OutcomeUnknown),
        (httpx.TooManyRedirects("round"), OutcomeUnknown),
    ],
)
def test_an_error_tells_whether_anything_was_sent(error: Exception, expected: type[ProviderError]) -> None:
    with pytest.raises(expected) as caught, translated("the provider"):
        raise error
    assert type(caught.value) is expected
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("status", "creating", "expected"),
    [
        (400, False, InputRefused),
        (401, False, AccessRefused),
        (402, True, BillingRefused),
        (403, False, AccessRefused),
        (404, False, NotThere),
        (408, True, ProviderDown),
        (409, False, ProviderDown),
        (422, True, InputRefused),
        (429, True, RateLimited),
        (500, True, ProviderDown),
        (502, False, ProviderDown),
        (502, True, OutcomeUnknown),
        (503, True, ProviderDown),
        (504, True, OutcomeUnknown),
        (599, False, ProviderDown),
        (418, False, ContractDrift),
        (302, False, ContractDrift),
        (699, False, ContractDrift),
    ],
)
def test_a_status_is_a_class_of_error(status: int, creating: bool, expected: type[ProviderError]) -> None:
    assert type(refusal(status, "no", creating=creating)) is expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("5", 5.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("999999", 3600.0),
        ("nan", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        ("1e999", 3600.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600.0),
    ],
)
def test_a_wait_is_a_number_or_a_date_and_bounded(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=0.0) == seconds


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just(10**400), st.just([1])))
def test_whatever_is_stated_as_a_wait_is_one_within_an_hour_or_none(stated: object) -> None:
    wait = stated_wait(stated)
    assert wait is None or 0 <= wait <= 3600


@given(st.text())
def test_whatever_the_header_says_nothing_breaks(value: str) -> None:
    wait = retry_after({"retry-after": value})
    assert wait is None or 0 <= wait <= 3600


def test_the_words_of_a_provider_are_kept_short() -> None:
    assert len(refusal(500, "x" * 10_000).detail) <= 500
