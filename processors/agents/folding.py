"""Words as they are compared: small letters without accents, and one kind of quotes. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'"})


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_QUOTES))
    if plain.isascii():
        return plain
    return "".join(one for one in plain if not unicodedata.combining(one)).replace("ß", "ss")
