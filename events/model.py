"""The base of all event data: frozen, strict, closed models that know their context, name and version."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

MONEY_MAX = 2**53 - 1
"""Largest amount in millicredits: the largest integer that every JSON reader keeps exactly."""

Money = Annotated[int, Field(strict=True, ge=0, le=MONEY_MAX)]
"""Millicredits, 0 or more; booleans and floats are refused."""

SignedMoney = Annotated[int, Field(strict=True, ge=-MONEY_MAX, le=MONEY_MAX)]


class Frozen(BaseModel):
    """A value: immutable; a field that it does not know is kept out loudly."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Frozen):
    """Data of one event. A subclass sets `context`, `name` and, when its shape changes, `v`.

    Events on the log may carry fields of a newer writer: unknown fields are ignored when read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    context: ClassVar[str]
    name: ClassVar[str]
    v: ClassVar[int] = 1

    @classmethod
    def ce_type(cls) -> str:
        return f"com.aistudio.{cls.context}.{cls.name}.v{cls.v}"
