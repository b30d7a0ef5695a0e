"""Cells of a statement that a spreadsheet would run, and the sums of its movements."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from gateway.books.statement import COLUMNS, cell, moved, row_of, rows


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0"],
)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    (row,) = csv.reader(io.StringIO(rows([{"step_title": text}]).decode(), newline=""))
    assert dict(zip(COLUMNS, row, strict=True))["step_title"] == f"'{text}"


@pytest.mark.parametrize("value", [-500, 0, 7, None, "", "a = b", "[erased]", "'quoted'", "“words”"])
def test_what_is_no_formula_stays_as_it_is(value: Any) -> None:
    assert cell(value) == value


def test_quotes_commas_and_lines_stay_in_their_cell() -> None:
    words = 'a "red", mug\nand more'
    (row,) = csv.reader(io.StringIO(rows([{"prompt": words, "seq": -3}]).decode(), newline=""))
    read = dict(zip(COLUMNS, row, strict=True))
    assert (read["prompt"], read["seq"]) == (words, "-3")


def test_a_movement_counts_each_account_once() -> None:
    postings = [("reserved:job_1", -200), ("spent", 150), ("project:prj_1", 50)]
    entry = {
        "kind": "capture",
        "postings": [{"account": account, "amount": amount} for account, amount in postings],
        "balances": {"available": 9, "reserved": 0, "spent": 150, "allocations": {"prj_1": 50, "prj_2": 1}},
        "cause": {"actor": "key_1", "model": "local/picture"},
    }
    assert dict(moved(entry)) == {"available": 0, "allocations": 50, "reserved": -200, "spent": 150, "external": 0}
    row = row_of(entry)
    assert (row["record"], row["model"], row["allocations_after"]) == ("movement", "local/picture", 51)
