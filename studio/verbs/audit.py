"""`audit`: what an auditor asks: checkpoints, and the keys that signed them."""

from __future__ import annotations

import typer

app = typer.Typer(help="Proof of the books: checkpoints and the keys that signed them.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Proof of the books: checkpoints and the keys that signed them."""
