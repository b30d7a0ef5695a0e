"""What every engine is held to, and how its files are looked into: by content, never by name."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import jsonschema
import numpy as np
import trimesh
from PIL import Image

from gpu_workers.engines.base import Engine, OutputFile
from gpu_workers.media.sound import read_audio

DURATION_SLACK_S = 1 / 24
QUIET = 0.01


@dataclass
class Heard:
    """What an engine says while it runs."""

    shares: list[float] = field(default_factory=list)

    def __call__(self, share: float, note: str) -> None:
        assert isinstance(note, str)
        self.shares.append(share)


def run(engine: Engine, inputs: dict[str, Any], folder: Path, seed: int = 7) -> list[OutputFile]:
    """One run that keeps the rules on input and progress."""
    jsonschema.validate(inputs, engine.spec.input_schema)
    folder.mkdir(parents=True, exist_ok=True)
    heard = Heard()
    outputs = engine.run(inputs, progress=heard, cancelled=lambda: False, workdir=folder, seed=seed)
    assert heard.shares[-1] == 1.0
    assert all(0 <= earlier <= later <= 1 for earlier, later in pairwise(heard.shares))
    assert {output.path.parent for output in outputs} == {folder}
    return outputs


def medium(output: OutputFile) -> str:
    kind = output.media_type.split("/")[0]
    return "3d" if kind == "model" else kind


def check(output: OutputFile, engine: str) -> None:
    """The file is what it is said to be, carries its label, and is not empty of content."""
    {"image": check_image, "video": check_video, "audio": check_audio, "3d": check_model}[medium(output)](
        output, engine
    )


def check_image(output: OutputFile, engine: str) -> None:
    with Image.open(output.path) as picture:
        picture.load()
        assert picture.size == (output.width, output.height)
        assert Image.MIME[picture.format or ""] == output.media_type
        comment = picture.info.get("engine") or picture.info["comment"].decode()
        assert comment.removeprefix("engine=") == engine
        assert np.asarray(picture.convert("L")).std() > 5


def check_video(output: OutputFile, engine: str) -> None:
    with av.open(str(output.path)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (output.width, output.height)
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert container.metadata["comment"] == f"engine={engine}"
        frames = list(container.decode(video))
        assert video.average_rate is not None
        assert abs(len(frames) / float(video.average_rate) - (output.duration_s or 0)) <= DURATION_SLACK_S
        assert frames[0].to_ndarray(format="gray").std() > 5


def check_audio(output: OutputFile, engine: str) -> None:
    assert f"engine={engine}".encode() in output.path.read_bytes()[:200]
    samples = read_audio(output.path)
    assert abs(len(samples) / 44_100 - (output.duration_s or 0)) < 0.001
    assert loudness(output.path) > QUIET
    assert np.abs(samples).max() <= 1


def check_model(output: OutputFile, engine: str) -> None:
    data = output.path.read_bytes()
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    assert isinstance(scene, trimesh.Scene)
    assert len(scene.geometry) > 1
    materials = [mesh.visual.material for mesh in scene.geometry.values()]
    assert all(one.baseColorFactor is not None or one.baseColorTexture is not None for one in materials)
    assert f'"generator":"engine={engine}"'.encode() in data.replace(b" ", b"")


def loudness(path: Path) -> float:
    return float(np.sqrt(np.mean(np.square(read_audio(path)))))


def content(output: OutputFile) -> bytes:
    """What two runs must agree in."""
    return output.path.read_bytes()
