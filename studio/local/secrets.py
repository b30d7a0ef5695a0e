"""Makes the local platform's own secrets once and keeps them where only their owner can read them."""

import base64
import json
import secrets
from pathlib import Path

from studio.local.layout import Layout, write_private
from studio.settings import Settings

BYTES = 32


def with_secrets(settings: Settings, layout: Layout) -> Settings:
    """The settings with every secret that the environment does not name filled in from the file."""
    kept: dict[str, str] = json.loads(layout.secrets.read_text()) if layout.secrets.exists() else {}
    made = {
        "admin_key": kept.get("admin_key") or f"sk_admin_{secrets.token_urlsafe(BYTES)}",
        "server_secret": kept.get("server_secret") or secrets.token_urlsafe(BYTES),
        "master_key": kept.get("master_key") or base64.urlsafe_b64encode(secrets.token_bytes(BYTES)).decode(),
    }
    if made != kept:
        write_private(layout.secrets, json.dumps(made, indent=2))
    if settings.signing_key is None and settings.signing_key_file is None:
        made["signing_key_file"] = str(with_signing_key(layout.signing_key))
    return filled(settings, made)


def with_signing_key(file: Path) -> Path:
    """A file of its own, because it can be replaced while the platform runs; made once."""
    if not file.exists():
        from adapters.signing.keys import KeyFile

        KeyFile(file).make()
    return file


def filled(settings: Settings, values: dict[str, str]) -> Settings:
    """The settings with these values where they name none of their own."""
    blanks = {name: value for name, value in values.items() if getattr(settings, name) is None}
    return Settings.model_validate({**settings.model_dump(), **blanks})
