"""`audit`: proof of the books: checkpoints, and the keys that signed them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from studio.client.access import Key, NoPlatform, Url
from studio.client.api import OutOfTime, Refused
from studio.client.checkpoints import signed_now
from studio.local import addresses as addressbook
from studio.settings import Settings
from studio.verbs.jobs import answered
from studio.verbs.lazily import LazyGroup
from studio.verbs.output import Json, Row, failing_on, print_json, show_json, show_table

VERBS = {
    "verify": "studio.verbs.audit_verify:verify",
    "export": "studio.verbs.audit_export:export",
    "replay": "studio.verbs.audit_replay:replay",
}


class Audit(LazyGroup):
    """With verbs that take long to be imported."""

    places = VERBS


app = typer.Typer(
    cls=Audit, help="Proof of the books: checkpoints and the keys that signed them.", no_args_is_help=True
)


@app.command()
def checkpoint(
    org: Annotated[str | None, typer.Option(help="Another organisation than the key's; needs the platform's.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Asks for a checkpoint of the books as they are now, and waits until it is signed.

    Everything up to the newest checkpoint that you hold is proven. Keep what this prints where the platform's
    operators cannot reach it.

    Example:  studio audit checkpoint --json > checkpoint.json
    """
    with failing_on(NoPlatform, Refused, OutOfTime):
        signed = asyncio.run(signed_now(url, key, org))
    show_json(signed, as_json)


@app.command()
def keys(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """The public keys of all checkpoints, and from when until when each has signed.

    The first one is vouched for by nobody: compare its id with the one that you noted when your audit began. Another
    one that nobody vouches for was put there by hand: ask the operators why.

    Example:  studio audit keys
    """
    found = answered(url, key, "GET", "/v1/audit/keys")
    if as_json:
        print_json(found)
        return
    rows = (
        (
            one["key_id"],
            one["since"],
            one.get("retired_at", ""),
            one["replaces"] if "endorsement" in one else "nobody",
            one["public_key"],
        )
        for one in found["items"]
    )
    show_table("key", "since", "retired", "vouched for by", "public key", rows=map(Row, rows))


@app.command("rotate-key")
def rotate_key(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Replaces the key that signs checkpoints; run it where the signer's key file lies.

    The old key vouches for the new one, and its public half stays on the log: checkpoints that it signed are valid
    for ever. Its PRIVATE half is overwritten in the key file and needed by nobody again: destroy every copy and backup
    of it, for whoever holds one could sign a forged past. Keep a copy of the new file as you keep the master key: a
    signer that starts with a fresh key signs on, but nobody vouches for it, and every auditor will ask.

    With STUDIO_SIGNING_KEY in the environment nothing is written: the line to put there is printed.

    Example:  studio audit rotate-key
    """
    from adapters.signing.keys import BadSigningKey
    from studio.verbs.rotation import NoRotation, rotated

    with failing_on(NoPlatform, Refused, OutOfTime, BadSigningKey, NoRotation, OSError):
        result = asyncio.run(rotated(url, key, addressbook.connected(Settings())))
    show_json(result, as_json)
