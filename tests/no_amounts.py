"""What clients write where an amount of money belongs, and is none; as JSON, or as what they take for it."""

from __future__ import annotations

WRONG = [
    "1.0", "1.5", "-1.5", "0.0", "1e3", "true", "false", "null", '"1"', '"NaN"', '"1e3"', '""', "[]", "[1]",
    "{}", "0", "-0", str(2**53), str(2**53 + 1), str(-(2**53)),
    str(2**63), str(2**64), str(-(2**64)),
]  # fmt: skip
"""Each is refused by the name of its field."""
BELOW_0 = ["-1", str(-(2**53) + 1)]
"""No amount of anything but an adjustment."""
UNREADABLE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1 2",
    "01",
    "0x10",
    "1_000",
    "+1",
    "1e400",
    str(10**400),
]
"""No JSON: the refusal is of the body, and says where it stops making sense."""
