"""Small real files of every kind that the platform reads."""

from __future__ import annotations

import io
import struct
import wave

import av
import numpy as np
from PIL import Image


def picture(kind: str = "PNG", width: int = 32, height: int = 18) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 80, 40)).save(out, kind)
    return out.getvalue()


def sound(seconds: float = 0.5, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate) * 2))
    return out.getvalue()


def video(kind: str = "mp4", codec: str = "libx264", seconds: float = 1.0, size: tuple[int, int] = (64, 36)) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=8)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for shade in range(int(seconds * 8)):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), shade * 8, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def glb() -> bytes:
    scene = b'{"asset":{"version":"2.0"}} '
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(scene), len(scene), b"JSON") + scene
