"""Books as the auditor keeps them: accounts, the chain's head, and what each live job has set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from events.credits.chain import GENESIS

AVAILABLE: Final = "available"
CLOSED: Final = "closed"
MONEY_MAX: Final = 2**53 - 1


def to_ms(at: str) -> str:
    """A time of UTC in RFC 3339 as text to the millisecond: such texts sort as their times."""
    return at[:23] if at[19:20] == "." else f"{at[:19]}.000"


class BadEntry(ValueError):
    """An entry that these books cannot hold: its rule, and what is wrong."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


class Live(NamedTuple):
    """What a job has set aside, the account that it came from and goes back to, and the job's project."""

    amount: int
    source: str
    project: str | None


@dataclass(slots=True)
class Book:
    """One organisation's. Grows with its open allocations and its live jobs only."""

    org_id: str
    seq: int = 0
    head: str = GENESIS
    at: str = ""
    available: int = 0
    spent: int = 0
    external: int = 0
    allocations: dict[str, int] = field(default_factory=dict)
    live: dict[str, Live] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        return sum(live.amount for live in self.live.values())

    @property
    def balances(self) -> dict[str, Any]:
        """As the API shows them."""
        return {
            "available": self.available,
            "reserved": self.reserved,
            "spent": self.spent,
            "allocations": dict(self.allocations),
        }


class Moved(NamedTuple):
    """What an entry moves, by kind of account; `source` is its project's account, or `available`."""

    available: int
    project: int
    reserved: int
    spent: int
    external: int
    source: str


def moved(entry: Mapping[str, Any]) -> Moved:
    """Raises BadEntry where an amount is no integer, an account is unknown or of another job, or the sum is not 0."""
    try:
        return _moved(entry)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadEntry("no entry", f"these are no postings: {error!r}") from error


def _moved(entry: Mapping[str, Any]) -> Moved:
    available = project = reserved = spent = external = total = 0
    source, job = "available", entry.get("job_id")
    for posting in entry["postings"]:
        account, amount = _members(posting)
        if type(amount) is not int or not -MONEY_MAX <= amount <= MONEY_MAX:
            raise BadEntry("amount", f"{amount!r} is no amount")
        total += amount
        if account == "available":
            available += amount
        elif account == "spent":
            spent += amount
        elif account == "external":
            external += amount
        elif account.startswith("reserved:"):
            if account[9:] != job:
                raise BadEntry("account", f"{account} is not the entry's own job")
            reserved += amount
        elif account.startswith("project:"):
            if account[8:] != entry.get("project_id"):
                raise BadEntry("account", f"{account} is not the entry's own project")
            project += amount
            source = account
        else:
            raise BadEntry("account", f"{account!r} is no account")
    if total != 0:
        raise BadEntry("sum", f"the postings add up to {total}")
    if not (-MONEY_MAX <= spent <= MONEY_MAX and -MONEY_MAX <= reserved <= MONEY_MAX):
        raise BadEntry("amount", "it moves more than can be kept exactly")
    return Moved(available, project, reserved, spent, external, source)


def _members(posting: Mapping[str, Any]) -> tuple[Any, Any]:
    """Whatever else stood there, nobody could say what it changes. Raises TypeError for it."""
    if len(posting) != 2:
        raise TypeError(f"{posting} is more than an account and an amount")
    return posting["account"], posting["amount"]


def shape_holds(kind: str, m: Moved) -> bool:
    """Whether an entry of this kind may move this; its sum is 0 already."""
    if kind in ("grant", "purchase"):
        return m.available > 0 and m.external == -m.available and m.project == 0
    if kind == "adjust":
        return m.external == -m.available and m.project == m.reserved == m.spent == 0
    if m.external != 0:
        return False
    if kind in ("allocate", "deallocate"):
        return m.project == -m.available and (m.project > 0) == (kind == "allocate") and m.reserved == m.spent == 0
    if m.available and m.project:
        return False
    if kind == "reserve":
        return m.reserved >= 0 and m.spent == 0
    if kind == "capture":
        return m.reserved <= 0 <= m.spent and m.available + m.project >= 0
    if kind == "release":
        return m.reserved <= 0 and m.spent == 0
    return m.reserved == 0 and m.spent <= 0


def post(book: Book, entry: Mapping[str, Any], m: Moved) -> None:
    """Moves the money. Raises BadEntry, having moved it, where an account falls below 0 or a job's rule is broken."""
    book.available += m.available
    book.spent += m.spent
    book.external += m.external
    if m.source != "available":
        project = m.source[8:]
        book.allocations[project] = book.allocations.get(project, 0) + m.project
    kind = entry["kind"]
    if kind == "reserve":
        _reserve(book, entry, m)
    elif kind in ("capture", "release"):
        _end(book, entry, m)
    if book.available < 0 or book.spent < 0:
        raise BadEntry("negative", f"available {book.available}, spent {book.spent}")
    if m.source != "available" and book.allocations[m.source[8:]] < 0:
        raise BadEntry("negative", f"{m.source} {book.allocations[m.source[8:]]}")
    if book.external < -MONEY_MAX:
        raise BadEntry("amount", f"{-book.external} credits in all cannot be kept exactly")
    if kind == "deallocate":
        _deallocate(book, entry, m)


def _deallocate(book: Book, entry: Mapping[str, Any], m: Moved) -> None:
    """One that moves nothing closes an allocation that was spent."""
    closes = entry.get("reason") == CLOSED
    if closes and book.allocations.pop(entry["project_id"], None) != 0:
        raise BadEntry("closing", f"closes the allocation {entry['project_id']}, which is not open or not empty")
    if m.project == 0 and not closes:
        raise BadEntry("closing", "moves nothing and closes nothing")


def _reserve(book: Book, entry: Mapping[str, Any], m: Moved) -> None:
    job = entry["job_id"]
    if job in book.live:
        raise BadEntry("reserved twice", f"{job} has a reservation already")
    project = entry.get("project_id")
    book.live[job] = Live(m.reserved, m.source, project)
    if m.reserved and m.source == AVAILABLE and project in book.allocations:
        raise BadEntry("source", f"{job} is of {project}, whose allocation is open, and something else paid")


def _end(book: Book, entry: Mapping[str, Any], m: Moved) -> None:
    job = entry["job_id"]
    live = book.live.pop(job, None)
    if live is None:
        raise BadEntry("no reservation", f"{job} has none that stands")
    if live.amount != -m.reserved:
        raise BadEntry("reservation", f"{job} has set aside {live.amount}, the entry takes {-m.reserved}")
    if (m.available and live.source != "available") or (m.project and live.source != m.source):
        raise BadEntry("source", f"{job} was paid from {live.source}, the rest went elsewhere")
    if live.project != entry.get("project_id"):
        raise BadEntry("project", f"{job} is of {live.project}, the entry of {entry.get('project_id')}")


def clamp_holds(book: Book, entry: Mapping[str, Any], m: Moved) -> bool:
    """Whether an entry that is posted may leave something uncollected: only where nothing was left to be moved.

    Of a refund that shows only in all that the job ever captured.
    """
    if "uncollected" not in entry:
        return True
    if entry["kind"] == "adjust":
        return m.available <= 0 and book.available == 0
    return entry["kind"] == "refund" or m.spent == -m.reserved
