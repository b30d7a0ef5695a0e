"""Tiny real files of every medium, made once per kind and labelled as simulated."""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import av
import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

Kind = Literal["image", "video", "audio", "3d", "text"]
LABEL: Final = "simulated"
SIDE_PX: Final = 96
FRAMES: Final = 12
FRAMES_PER_S: Final = 12
SOUND_RATE: Final = 8000


@dataclass(frozen=True, slots=True)
class Sample:
    body: bytes
    media_type: str
    extension: str


def kind_of_name(name: str) -> Kind | None:
    """What a file of this name holds."""
    kinds: tuple[Kind, ...] = ("image", "video", "audio", "3d", "text")
    return next((kind for kind in kinds if name.endswith(f".{sample(kind).extension}")), None)


@cache
def sample(kind: Kind) -> Sample:
    match kind:
        case "image":
            return Sample(_picture(), "image/png", "png")
        case "video":
            return Sample(_video(), "video/mp4", "mp4")
        case "audio":
            return Sample(_sound(), "audio/wav", "wav")
        case "3d":
            return Sample(_scene(), "model/gltf-binary", "glb")
        case "text":
            return Sample(b"A text from a simulated model.", "text/plain", "txt")


def _frame(step: int) -> Image.Image:
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), (24, 26, 34))
    draw = ImageDraw.Draw(image)
    left = 8 + step * 4
    draw.ellipse((left, 30, left + 30, 60), fill=(240, 140, 60))
    draw.text((8, 78), LABEL, fill=(220, 220, 230))
    return image


def _picture() -> bytes:
    labels = PngImagePlugin.PngInfo()
    labels.add_text("engine", LABEL)
    out = io.BytesIO()
    _frame(0).save(out, "PNG", pnginfo=labels)
    return out.getvalue()


def _video() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", container_options={"movflags": "use_metadata_tags"}) as container:
        container.metadata["engine"] = LABEL
        stream = container.add_stream("libx264", rate=FRAMES_PER_S)
        stream.width, stream.height, stream.pix_fmt = SIDE_PX, SIDE_PX, "yuv420p"
        for step in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(_frame(step)), "rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def _sound() -> bytes:
    moments = np.arange(SOUND_RATE) / SOUND_RATE
    tone = (np.sin(2 * np.pi * 440 * moments) * 8000).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(tone.tobytes())
    return out.getvalue()


def _scene() -> bytes:
    scene = b'{"asset":{"version":"2.0","generator":"simulated"},"scenes":[{}],"scene":0}'
    scene += b" " * (-len(scene) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(scene), len(scene), b"JSON") + scene
