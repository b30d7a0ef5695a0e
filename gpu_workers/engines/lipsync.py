"""`local/lipsync`: a drawn presenter whose mouth follows a text's phonemes, or the sound of a recording.

There is no model here that could move the lips of a photograph. A portrait that is given is therefore shown, unchanged,
in a frame beside the drawn presenter: nobody is led to believe that the person in it has spoken.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skia
from PIL import Image

from gpu_workers.drawing import face
from gpu_workers.drawing.brush import INK, WHITE, flat, rgb, rounded
from gpu_workers.engines import fields
from gpu_workers.engines.base import Cancelled, EngineSpec, InputRefused, OutputFile, Progress, stop_if
from gpu_workers.engines.motion import LINEAR, covered, opened
from gpu_workers.media import espeak
from gpu_workers.media.film import FPS, FilmWriter, image_of, surface_on
from gpu_workers.media.sound import RATE, Samples, read_audio
from gpu_workers.media.visemes import Mouths, from_phonemes, from_sound
from gpu_workers.media.voice_over import warmed

NAME = "local-cpu/lipsync"
MAX_SECONDS = 60
TAIL_S = 0.35
ROOM = (-80, -86, 80, 142)  # the person's room in drawing units
CLOTHES = (rgb("#27436f"), rgb("#7a2f43"), rgb("#2f5d50"), rgb("#4b3f72"), rgb("#8a5a2b"))
WALLS = (rgb("#8fa6c4"), rgb("#c4a48f"), rgb("#93b5a4"), rgb("#b2a0c4"))


@dataclass(frozen=True)
class Spoken:
    """What is heard, and the mouth that goes with it."""

    samples: Samples
    mouths: Mouths

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


def spoken_of(inputs: dict[str, Any]) -> Spoken:
    if inputs.get("audio"):
        samples = read_audio(Path(inputs["audio"]))
        spoken = Spoken(samples, from_sound(samples))
    elif inputs.get("text"):
        speech = espeak.speak(
            inputs["text"], voice=inputs.get("voice", "female"), language=inputs.get("language", "en-us"),
            speed=inputs.get("speed", 1.0),
        )  # fmt: skip
        spoken = Spoken(warmed(speech), from_phonemes(speech.phonemes, speech.seconds))
    else:
        raise InputRefused("there is neither a recording nor a text to speak")
    if spoken.seconds > MAX_SECONDS:
        raise InputRefused(f"the speech is longer than {MAX_SECONDS} s")
    return spoken


class Liveliness:
    """What a face does besides speaking: it blinks, nods with the voice, looks about a little."""

    def __init__(self, spoken: Spoken, rng: random.Random) -> None:
        self._mouths = spoken.mouths
        self._blinks = [rng.uniform(1.0, 2.2)]
        while self._blinks[-1] < spoken.seconds + 5:
            self._blinks.append(self._blinks[-1] + rng.uniform(1.8, 4.2))
        self._phase = rng.uniform(0, math.tau)

    def pose(self, seconds: float) -> face.Pose:
        nearest = min(abs(seconds - blink) for blink in self._blinks)
        mouth = self._mouths.at(seconds)
        sway = math.sin(seconds * 0.9 + self._phase)
        return face.Pose(
            mouth=mouth, blink=max(0.0, 1 - nearest / 0.09), brow=0.35 * mouth.opened + 0.2 * max(sway, 0),
            tilt=2.2 * math.sin(seconds * 0.7 + self._phase), nod=1.1 * math.sin(seconds * 2.1) + 1.3 * mouth.opened,
            gaze=0.6 * math.sin(seconds * 0.43 + self._phase),
        )  # fmt: skip


def studio_for(size: tuple[int, int], rng: random.Random, portrait: Image.Image | None) -> skia.Image:
    """The wall, drawn once, with the framed portrait where there is one."""
    width, height = size
    pixels = np.zeros((height, width, 4), np.uint8)
    with surface_on(pixels) as canvas:
        face.stage(canvas, width, height, rng.choice(WALLS))
        if portrait is not None:
            side = round(min(width * 0.30, height * 0.42))
            x, y, rim = round(width * 0.64), round(height * 0.16), side * 0.035
            canvas.drawPath(
                rounded(x - rim, y, x + side + rim, y + side + rim * 3, rim), flat(INK, 0.35, blur=side * 0.04)
            )
            canvas.drawPath(rounded(x - rim, y - rim, x + side + rim, y + side + rim, rim), flat(WHITE))
            canvas.drawImage(covered(portrait, side, side), x, y)
    return image_of(pixels)


def painter(
    size: tuple[int, int], spoken: Spoken, portrait: Image.Image | None, seed: int
) -> Callable[[skia.Canvas, float], None]:
    rng = random.Random(f"{seed}/presenter")
    who = face.person(rng, rng.choice(CLOTHES))
    wall, life = studio_for(size, rng, portrait), Liveliness(spoken, rng)
    width, height = size
    scale = min(width, height) / 196
    centre = width * (0.36 if portrait is not None else 0.5)
    body = plate(lambda canvas: face.body(canvas, who), scale)
    head = plate(lambda canvas: face.still_head(canvas, who), scale)

    def paint(canvas: skia.Canvas, seconds: float) -> None:
        pose = life.pose(seconds)
        canvas.drawImage(wall, 0, 0)
        canvas.save()
        canvas.translate(centre, height - 101 * scale)
        canvas.scale(scale, scale)
        put(canvas, body, scale)
        face.turn_head(canvas, pose)
        put(canvas, head, scale)
        face.features(canvas, who, pose)
        canvas.restore()
        canvas.restore()

    return paint


def plate(draw: Callable[[skia.Canvas], None], scale: float) -> skia.Image:
    """What stays the same in every frame, drawn once."""
    left, top, right, bottom = ROOM
    pixels = np.zeros((math.ceil((bottom - top) * scale), math.ceil((right - left) * scale), 4), np.uint8)
    with surface_on(pixels) as canvas:
        canvas.scale(scale, scale)
        canvas.translate(-left, -top)
        draw(canvas)
    return image_of(pixels)


def put(canvas: skia.Canvas, image: skia.Image, scale: float) -> None:
    canvas.save()
    canvas.translate(ROOM[0], ROOM[1])
    canvas.scale(1 / scale, 1 / scale)
    canvas.drawImage(image, 0, 0, LINEAR)
    canvas.restore()


class Lipsync:
    """Speech or text to a talking presenter."""

    spec = EngineSpec(
        model="local/lipsync",
        name=NAME,
        input_schema={
            **fields.schema(
                [],
                audio=fields.media("audio", "A recording of speech."),
                text=fields.described(fields.TEXT, "What is said, where there is no recording."),
                image=fields.media("image", "A portrait, shown framed beside the drawn presenter; not animated."),
                voice=fields.VOICE, language=fields.LANGUAGE, speed=fields.SPEED,
                width=fields.WIDTH, height=fields.HEIGHT, aspect=fields.ASPECT, seed=fields.SEED,
            ),
            "anyOf": [{"required": ["audio"]}, {"required": ["text"]}],
        },
        media_out=("video",),
        max_runtime_s=300,
    )  # fmt: skip

    def load(self) -> None:
        """Nothing to bring in: each text is spoken by a process of its own."""

    def run(
        self, inputs: dict[str, Any], *, progress: Progress, cancelled: Cancelled, workdir: Path, seed: int
    ) -> list[OutputFile]:
        progress(0.02, "listening")
        spoken = spoken_of(inputs)
        portrait = opened(Path(inputs["image"])) if inputs.get("image") else None
        size = fields.size_of(inputs)
        paint = painter(size, spoken, portrait, seed)
        count = math.ceil((spoken.seconds + TAIL_S) * FPS)
        pixels = np.zeros((size[1], size[0], 4), np.uint8)
        surface, path = surface_on(pixels), workdir / "lipsync.mp4"
        with FilmWriter(path, *size, NAME, sound=True) as writer:
            for index in range(count):
                stop_if(cancelled)
                with surface as canvas:
                    paint(canvas, index / FPS)
                writer.frame(pixels)
                if index % 8 == 0:
                    progress(0.05 + 0.92 * index / count, "")
            writer.finish(spoken.samples)
        progress(1.0, "filmed")
        return [OutputFile(path, "video/mp4", *size, count / FPS)]
