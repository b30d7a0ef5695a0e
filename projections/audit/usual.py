"""A job's reservation and its end, as nearly all entries are: held against their form and entered without being parsed.

A form is a grammar of an entry's very bytes, its members in the order in which the decider writes them. What is of a
form is JSON with these members and no other, each once, in its only canonical spelling: so its RFC 8785 form is the
same text in another order. Whatever is of no form, or breaks a rule, is left alone: the verifier looks at it rule by
rule and says what is wrong. A property test holds both ways to the same books and the same faults.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from projections.audit.books import AVAILABLE, MONEY_MAX, Book, Live
from projections.audit.entries import TYPE_OF_KIND
from projections.audit.envelopes import said
from projections.audit.ever import Ever
from projections.audit.heads import Heads
from projections.audit.pairs import Pairs

if TYPE_CHECKING:
    from events.log.clients import Record

_TEXT: Final = r"[ !#-\[\]-~]+"
"""Printable ASCII but for quotes and backslashes: JSON has no other spelling of it that is canonical."""
_AMOUNT: Final = "[1-9][0-9]{0,14}"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}"
_SOURCE: Final = "(available|project:(?P=project))"
_RESERVED: Final = "reserved:job_(?P=job)"


def _posting(account: str, amount: str) -> str:
    return rf'\{{"account":"{account}","amount":{amount}\}}'


_RESERVES: Final = _posting(_SOURCE, f"-(?P<amount>{_AMOUNT})") + "," + _posting(_RESERVED, "(?P=amount)")
_ENDS: Final = (
    _posting(_RESERVED, f"-({_AMOUNT})")
    + f"(?:,{_posting('spent', f'({_AMOUNT})')}|)"
    + f"(?:,{_posting(_SOURCE, f'({_AMOUNT})')}|)"
)


def _form(kind: str, postings: str) -> re.Pattern[str]:
    """The job's id is matched without its `job_`. A job that costs nothing has no postings.

    `(…|)` is faster than `(…)?`. That both hashes are hexadecimal is seen when they are compared with such.
    """
    return re.compile(
        rf'\{{"org_id":"({_TEXT})","seq":({_AMOUNT}),"entry_id":"ent_(?P<job>{_TEXT})\.{kind}","kind":"{kind}"'
        rf',"job_id":"job_(?P=job)"((?:,"project_id":"(?P<project>{_TEXT})"|)(?:,"reason":"({_TEXT})"|))'
        rf',"at":"(({_DAY})T{_TIME})([0-9]{{3}}\+00:00)","postings":\[({postings}|)\]'
        r',"prev_hash":"(.{64})","hash":"(.{64})"\}'
    )


_FORMS: Final = {
    TYPE_OF_KIND[kind]: (kind, _form(kind, postings).fullmatch)
    for kind, postings in (("reserve", _RESERVES), ("capture", _ENDS), ("release", _ENDS))
}
"""By the type of the record."""
_NO_FORM: Final = "", re.compile("(?!)").fullmatch
_SHA256: Final = sha256()
"""A copy of it is made in half the time of a new one."""


class Usual:
    """Enters what is of a form into the verifier's books, and hands it to whoever compares it with something else."""

    def __init__(self, books: Mapping[str, Book], heads: Heads, pairs: Pairs, ever: Ever) -> None:
        self._books = books
        self._heads = heads
        self._pairs = pairs
        self._ever = ever
        self._day = ""
        """That of the newest entry, which is known to be one."""

    def enter(self, record: Record) -> bool:
        """Whether the record is an entry of a form and breaks no rule. If not, nothing has changed."""
        envelope = said(record)
        if envelope is None:
            return False
        time, owner, command, type_, subject, version = envelope
        kind, form = _FORMS.get(type_, _NO_FORM)
        found = form((record.value or b"").decode(errors="replace"))
        if found is None:
            return False
        org, number, name, more, project, reason, ms, day, rest, postings, *amounts, prev, given = found.groups()
        book, who, at = self._books.get(org), org.encode(), ms + rest
        if not (
            book is not None
            and number == str(seq := book.seq + 1)
            and prev == book.head
            and at >= book.at
            and record.key == owner == subject == who
            and version == number.encode()
            and time == f"{ms}Z".encode()
            and command
            and (day == self._day or self._is_a_day(day))
        ):
            return False
        hashed = _SHA256.copy()
        hashed.update(
            f'{prev}{{"at":"{at}","entry_id":"ent_{name}.{kind}","job_id":"job_{name}","kind":"{kind}","org_id":"{org}"'
            f',"postings":[{postings}],"prev_hash":"{prev}"{more},"seq":{number}}}'.encode()
        )
        if hashed.hexdigest() != given:
            return False
        job = f"job_{name}"
        facts: Hashable
        if kind == "reserve":
            source, amount = amounts
            live, spent = _reserve(book, job, project, source, amount), 0
            moment, facts = "reserve", live and tuple(live)
        else:
            amount, taken, source, back = amounts
            live, spent = _end(book, kind, job, project, amount, taken, source, back)
            moment, facts = "end", ("succeeded", spent, 0) if kind == "capture" else (reason, 0, 0)
        if live is None:
            return False
        book.seq, book.head, book.at = seq, given, at
        if org in self._heads.awaited:
            self._heads.entry(org, seq, given, at)
        self._pairs.half((org, job, moment), "entry", command, facts, seq, record)
        if moment == "end":
            self._ever.ended(org, job, spent, seq, live, record)
        return True

    def _is_a_day(self, day: str) -> bool:
        try:
            date.fromisoformat(day)
        except ValueError:
            return False
        self._day = day
        return True


def _sound(book: Book) -> bool:
    """Whether no account is where it may not be, for which an earlier entry was to blame."""
    return book.available >= 0 <= book.spent and book.external >= -MONEY_MAX


def _reserve(book: Book, job: str, project: str | None, source: str | None, amount: str | None) -> Live | None:
    """What is set aside for the job now; None, and nothing has moved, where it may not be."""
    live = Live(int(amount or 0), source or AVAILABLE, project)
    if job in book.live or not _sound(book):
        return None
    if project is None or live.source == AVAILABLE:
        if live.amount > book.available or (live.amount and project in book.allocations):
            return None
        book.available -= live.amount
    else:
        left = book.allocations.get(project, 0) - live.amount
        if left < 0:
            return None
        book.allocations[project] = left
    book.live[job] = live
    return live


def _end(
    book: Book,
    kind: str,
    job: str,
    project: str | None,
    amount: str | None,
    taken: str | None,
    source: str | None,
    back: str | None,
) -> tuple[Live | None, int]:
    """What was set aside for the job, and what of it is spent now; no more of it stands.

    None, and nothing has moved, where the entry does not fit.
    """
    live, spent, rest = book.live.get(job), int(taken or 0), int(back or 0)
    if live is None or live.project != project or not live.amount == int(amount or 0) == spent + rest:
        return None, 0
    if (rest and source != live.source) or (spent and kind == "release") or not _sound(book):
        return None, 0
    if not rest or project is None or source == AVAILABLE:
        book.available += rest
    else:
        left = book.allocations.get(project, 0) + rest
        if left < 0:
            return None, 0
        book.allocations[project] = left
    book.spent += spent
    del book.live[job]
    return live, spent
