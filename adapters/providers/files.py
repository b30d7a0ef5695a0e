"""Files as providers' bodies carry them: addresses under known names, base64, data URIs, and files for a form."""

from __future__ import annotations

import base64
import binascii
import io
import mimetypes
import wave
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

from processors.dispatcher.errors import BadResult, ContractDrift, InputRefused
from processors.dispatcher.ports import InlineFile, OutputFile, RemoteFile

DEPTH_MAX: Final = 6
SAMPLE_BYTES: Final = 2


def addresses(value: Any, member: str = "url", depth: int = 0) -> Iterator[RemoteFile]:
    """The addresses that stand under `member`, at any depth: text that a person wrote is none, whatever it says."""
    if depth > DEPTH_MAX:
        return
    if isinstance(value, list):
        for item in value:
            yield from addresses(item, member, depth + 1)
    elif isinstance(value, dict):
        if isinstance(found := value.get(member), str) and is_address(found):
            yield RemoteFile(found)
            return
        for item in value.values():
            yield from addresses(item, member, depth + 1)


def files_of(output: Any) -> tuple[OutputFile, ...]:
    """One address, a list of them, an object that holds some, pieces of text, or JSON: models differ.

    So Cog answers, whose containers Replicate and workers run."""
    found = tuple(_files(output, 0))
    if found:
        return found
    if isinstance(output, str):
        return (InlineFile(output.encode()),)
    if isinstance(output, list) and output and all(isinstance(piece, str) for piece in output):
        return (InlineFile("".join(output).encode()),)
    if isinstance(output, dict | list) and output:
        return (InlineFile(orjson.dumps(output)),)
    return ()


def _files(value: Any, depth: int) -> Iterator[OutputFile]:
    if depth > DEPTH_MAX:
        return
    if isinstance(value, str):
        if is_address(value):
            yield RemoteFile(value)
        elif value.startswith("data:"):
            yield InlineFile(data_of(value))
    elif isinstance(value, list):
        for item in value:
            yield from _files(item, depth + 1)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _files(item, depth + 1)


def is_address(text: str) -> bool:
    return text.startswith(("https://", "http://")) and not any(char.isspace() for char in text)


def unpacked(text: str, who: str) -> InlineFile:
    """A file in base64. Raises BadResult: it was made, and cannot be read."""
    try:
        return InlineFile(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadResult(f"{who} answered a file that is no base64") from error


def data_of(uri: str) -> bytes:
    """The bytes of a data URI. Raises ContractDrift."""
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ContractDrift("a data URI that cannot be read") from error


def form_file(value: Any, pointer: str) -> tuple[str, bytes, str]:
    """A file of the input for a form: name, bytes, media type. Raises InputRefused for an address.

    The files of an organisation come as data URIs. An address would have to be fetched from within our own network,
    by a text that anybody may have written.
    """
    if not isinstance(value, str) or not value.startswith("data:"):
        raise InputRefused(f"{pointer}: this provider takes files only: upload it first")
    media_type = value[5:].partition(",")[0].partition(";")[0] or "application/octet-stream"
    extension = mimetypes.guess_extension(media_type) or ".bin"
    return f"file{extension}", data_of(value), media_type


def bare_base64(value: str) -> str:
    """A data URI as the base64 alone; an address stays one."""
    return value.partition(",")[2] if value.startswith("data:") else value


def as_wav(pcm: bytes, rate: int) -> bytes:
    """Bare 16-bit mono samples as a file that says what it is."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def first_text(body: Mapping[str, Any], *members: str) -> str | None:
    """The first of the members that holds a text."""
    return next((found for name in members if isinstance(found := body.get(name), str) and found), None)
