"""Times that somebody asks about: with an offset from UTC, and within what a history can reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 1, 1, tzinfo=UTC)


def in_utc(at: datetime) -> datetime:
    """The time in UTC. Raises ValueError before 1970 and after 9998: who reckons with it must not fall off."""
    try:
        time = at.astimezone(UTC)
    except OverflowError:
        time = END
    if at.tzinfo is None or not FIRST <= time < END:
        raise ValueError("is a time from 1970 to 9998, with its offset from UTC")
    return time


QueryTime = Annotated[AwareDatetime, AfterValidator(in_utc)]
