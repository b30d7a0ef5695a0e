"""What bytes are and measure."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from adapters.media.probe import BadMedia, probe, probe_now
from adapters.media.sniff import media_type, medium
from commands.ports import Probe
from tests.unit.media import samples


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_picture_has_its_type_and_size(kind: str, expected: str) -> None:
    assert probe_now(samples.picture(kind)) == Probe(expected, "image", 32, 18)


@pytest.mark.parametrize(
    ("container", "codec", "expected"), [("mp4", "libx264", "video/mp4"), ("webm", "libvpx", "video/webm")]
)
def test_a_video_has_its_type_size_and_length(container: str, codec: str, expected: str) -> None:
    assert probe_now(samples.video(container, codec)) == Probe(expected, "video", 64, 36, 1.0)


def test_a_sound_has_its_type_and_length() -> None:
    assert probe_now(samples.sound(0.5)) == Probe("audio/wav", "audio", duration_s=0.5)


def test_a_sound_is_measured_by_what_is_there_and_not_by_what_its_header_says() -> None:
    whole = samples.sound(0.5)
    cut = probe_now(whole[: len(whole) // 2])
    assert cut.duration_s is not None
    assert cut.duration_s < 0.5


def test_a_sound_that_begins_late_is_still_read() -> None:
    """Behind more chunks than anybody writes."""
    whole = samples.sound(0.5)
    late = whole[:36] + (b"junk" + struct.pack("<I", 0)) * 10_000 + whole[36:]
    assert probe_now(late[:4] + struct.pack("<I", len(late) - 8) + late[8:]).duration_s == 0.5


async def test_a_file_is_probed_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "wrong-name.png"
    path.write_bytes(samples.video())
    assert await probe(path) == Probe("video/mp4", "video", 64, 36, 1.0)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (samples.glb(), "model/gltf-binary"),
        (b'{"asset": {"version": "2.0"}}', "model/gltf+json"),
        (b'{"a": 1}', "application/json"),
        ("Ein Gedicht über Käse".encode(), "text/plain"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"<svg xmlns='x'/>", "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- hi -->\n<svg:svg/>", "image/svg+xml"),
        (b"  <!DOCTYPE html><html>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"<3 you", "text/plain"),
    ],
)
def test_the_type_is_that_of_the_content(body: bytes, expected: str) -> None:
    assert media_type(body) == expected
    assert probe_now(body).media_type == expected


def test_text_cut_in_a_character_is_still_text() -> None:
    assert media_type(("ä" * 3000).encode()[:4095]) == "text/plain"


@pytest.mark.parametrize(
    ("kind", "expected"), [("model/gltf-binary", "3d"), ("application/json", "text"), ("application/pdf", "other")]
)
def test_a_media_type_belongs_to_a_medium(kind: str, expected: str) -> None:
    assert medium(kind) == expected


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_picture_that_would_fill_the_memory_is_refused_unread() -> None:
    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")
    with pytest.raises(BadMedia, match="out of bounds"):
        probe_now(b"\x89PNG\r\n\x1a\n" + chunks)


@pytest.mark.parametrize("body", [samples.picture(), samples.video(), samples.sound()])
def test_a_damaged_file_is_refused(body: bytes) -> None:
    with pytest.raises(BadMedia):
        probe_now(body[:20] + b"\xff" * 20)


def test_a_playlist_opens_nothing() -> None:
    assert probe_now(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n").media_type == "text/plain"
