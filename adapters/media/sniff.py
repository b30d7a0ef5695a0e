"""Media type by magic bytes, with what may not be shown inline (SVG, HTML) recognised as such."""

from __future__ import annotations

import re
from typing import Final

from commands.ports import Medium

HEAD_BYTES: Final = 4096
UNKNOWN: Final = "application/octet-stream"

_PREFIXES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"glTF", "model/gltf-binary"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}
_MARKUP = re.compile(
    rb"<\s*(?:[a-z][\w.-]*:)?(svg|!doctype\s+html|html|head|body|script|iframe|title)\b", re.IGNORECASE
)
_BEFORE_MARKUP = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype\s+svg[^>]*>)*", re.IGNORECASE | re.DOTALL)
_MPEG_AUDIO_MASK: Final = 0xE0


def media_type(head: bytes) -> str:
    """Of the first `HEAD_BYTES` of a file."""
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if len(head) > 2 and head[0] == 0xFF and head[1] & _MPEG_AUDIO_MASK == _MPEG_AUDIO_MASK:
        layer = head[1] & 0x06
        return "audio/aac" if layer == 0 else "audio/mpeg"
    return _of_text(head)


def medium(kind: str) -> Medium:
    """The medium of a media type, as the catalog speaks of it."""
    first = kind.partition("/")[0]
    match first:
        case "image" | "video" | "audio" | "text":
            return first
        case "model":
            return "3d"
        case _:
            return "text" if kind == "application/json" else "other"


def _of_text(head: bytes) -> str:
    body = head.removeprefix(b"\xef\xbb\xbf")
    if not _is_text(body):
        return UNKNOWN
    start = _BEFORE_MARKUP.match(body)
    markup = _MARKUP.match(body, start.end() if start else 0)
    if markup is not None:
        return "image/svg+xml" if markup[1].lower() == b"svg" else "text/html"
    if body.lstrip()[:1] in (b"{", b"["):
        return "model/gltf+json" if re.search(rb'"asset"\s*:\s*\{[^}]*"version"', body) else "application/json"
    return "text/plain"


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters; the last character may be cut."""
    if not head:
        return False
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return not any(ord(char) < 32 and char not in "\t\n\r\f\x1b" for char in text)
    return False
