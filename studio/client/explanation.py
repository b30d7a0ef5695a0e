"""How a line of the books came about, as a tree on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape
from rich.tree import Tree

from studio.client.screen import credit

WORDS: Final = {
    "message": "somebody said",
    "agent_call": "an agent worked it out",
    "plan": "plan",
    "approval": "approved",
    "step": "step",
    "job": "job",
    "attempt": "attempt",
    "provider_job": "at the provider",
    "file": "file",
    "webhook": "your webhook",
    "entry": "in the books",
}
OUTERMOST: Final = frozenset({"message", "agent_call", "plan", "approval", "step"})
"""What stands by itself; the rest stands below its step."""


def explained(found: Mapping[str, Any]) -> Tree:
    """The entry, the way to it, what it cost line by line, and the other lines of the same job."""
    entry = found["entry"]
    tree = Tree(f"[bold]{entry['kind']}[/] {escape(entry['entry_id'])}  [dim]entry {entry['seq']}, {entry['at']}[/]")
    for posting in entry["postings"]:
        tree.add(f"{escape(posting['account'])} [bold]{signed(posting['amount'])}[/]")
    _way(tree.add("[bold]how it came about[/]"), found["chain"], entry["entry_id"])
    if "job" in found:
        _money(tree.add(f"[bold]the job[/] {escape(found['job']['job_id'])}, {found['job']['status']}"), found["job"])
    others = [one for one in found["siblings"] if one["entry_id"] != entry["entry_id"]]
    if others:
        branch = tree.add("[bold]other lines of the same job[/]")
        for one in others:
            branch.add(f"{one['kind']} {escape(one['entry_id'])}  [dim]entry {one['seq']}, {one['at']}[/]")
    return tree


def _way(root: Tree, chain: Sequence[Mapping[str, Any]], entry_id: str) -> None:
    step = root
    for stop in chain:
        words = f"[dim]{WORDS.get(stop['kind'], stop['kind'])}:[/] {escape(stop['title'])}"
        where = f"[dim]{escape(stop['id'])}, {stop['at']}, by {escape(stop['actor'])}[/]"
        node = (root if stop["kind"] in OUTERMOST else step).add(
            f"[bold]{words}[/]  {where}" if stop["id"] == entry_id else f"{words}  {where}"
        )
        if stop["kind"] == "step":
            step = node


def _money(branch: Tree, job: Mapping[str, Any]) -> None:
    for title, lines in (("estimate", job.get("price", ())), ("bill", job.get("bill", ()))):
        for line in lines:
            at = f"{line['quantity']} {line['unit']} at {credit(line['unit_amount'])}"
            branch.add(f"{title}: {at} = {credit(line['amount'])}")
    for name in ("reserved", "captured", "uncollected", "refunded"):
        if name in job:
            branch.add(f"{name} {credit(job[name])}")


def signed(amount: int) -> str:
    return f"+{credit(amount)}" if amount > 0 else credit(amount)
