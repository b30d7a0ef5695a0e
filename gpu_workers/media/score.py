"""A prompt becomes a small piece: key, tempo, chords, bass, melody, drums. Pure; the synthesiser plays it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
NAMES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
BEATS = 4


@dataclass(frozen=True)
class Mood:
    """What a mood means in music."""

    words: str
    minor: bool
    tempo: int
    drums: float
    chords: str  # the instrument that carries them
    tune: str
    progressions: tuple[tuple[int, ...], ...]


MOODS = (
    Mood(
        "epic cinematic heroic trailer dramatic battle orchestral",
        True,
        92,
        0.8,
        "pad",
        "lead",
        ((0, 5, 2, 6), (0, 3, 5, 4)),
    ),
    Mood(
        "sad melancholic melancholy dark sombre lonely mysterious tense",
        True,
        70,
        0.0,
        "pad",
        "piano",
        ((0, 5, 3, 4), (0, 6, 5, 4)),
    ),
    Mood(
        "lofi lo-fi chill chilled relaxed study hip-hop jazz jazzy cozy cosy",
        True,
        78,
        0.55,
        "piano",
        "pluck",
        ((0, 3, 6, 2), (1, 4, 0, 5)),
    ),
    Mood(
        "calm ambient peaceful meditation soft dreamy spa sleep gentle",
        False,
        64,
        0.0,
        "pad",
        "bell",
        ((0, 4, 5, 3), (0, 2, 3, 3)),
    ),
    Mood(
        "energetic electronic dance techno house club edm workout driving",
        True,
        124,
        1.0,
        "pad",
        "pluck",
        ((0, 5, 2, 6), (0, 2, 5, 6)),
    ),
    Mood(
        "happy upbeat cheerful fun joyful playful bright summer pop ukulele",
        False,
        116,
        0.8,
        "pluck",
        "bell",
        ((0, 4, 5, 3), (0, 5, 3, 4)),
    ),
    Mood(
        "corporate inspiring uplifting motivational hopeful product technology",
        False,
        104,
        0.6,
        "piano",
        "lead",
        ((0, 4, 5, 3), (3, 0, 4, 5)),
    ),
    Mood("rock punk metal guitar", True, 132, 1.0, "pluck", "lead", ((0, 6, 5, 4), (0, 3, 6, 0))),
)
DEFAULT = MOODS[6]
INSTRUMENTS = {
    "piano": "piano", "keys": "piano", "strings": "pad", "violin": "lead", "flute": "lead", "guitar": "pluck",
    "harp": "pluck", "bell": "bell", "bells": "bell", "marimba": "bell", "synth": "pad",
}  # fmt: skip


@dataclass(frozen=True)
class Tone:
    """One note: when and how long in beats, its pitch as a MIDI number, its instrument, its level."""

    at: float
    beats: float
    pitch: int
    part: str
    level: float


@dataclass(frozen=True)
class Hit:
    """One stroke of a drum."""

    at: float
    drum: str
    level: float


@dataclass(frozen=True)
class Score:
    """A piece that fills its time to the bar."""

    tempo: float
    bars: int
    tones: tuple[Tone, ...]
    hits: tuple[Hit, ...]
    title: str


def compose(prompt: str, seconds: float, seed: int) -> Score:
    rng = random.Random(f"{seed}/score")
    words = set(re.findall(r"[a-z-]+", prompt.lower()))
    mood = max(MOODS, key=lambda one: len(words & set(one.words.split())))
    if not words & set(mood.words.split()):
        mood = DEFAULT
    root, minor = _key(prompt.lower(), mood, rng)
    wanted = _tempo(prompt.lower(), words, mood)
    bars = max(round(seconds * wanted / 60 / BEATS), 1)
    tempo = bars * BEATS * 60 / seconds  # so that the last bar ends with the file
    scale = MINOR if minor else MAJOR
    progression = rng.choice(mood.progressions)
    chords = [progression[bar % len(progression)] for bar in range(bars)]
    if bars > 2:
        chords[-1] = 0
    asked = [INSTRUMENTS[word] for word in sorted(words) if word in INSTRUMENTS]
    carrier, tune = (asked[0] if asked else mood.chords), (asked[-1] if len(asked) > 1 else mood.tune)
    tones = [*_harmony(chords, root, scale, carrier), *_bass(chords, root, scale, mood, rng)]
    if not words & {"ambient", "drone"} or bars > 4:
        tones += _melody(chords, root, scale, tune, rng)
    drummed = 0.0 if words & {"drumless", "solo"} else mood.drums
    title = f"{mood.words.split()[0]}, {'minor' if minor else 'major'}, {tempo:.0f} bpm"
    return Score(tempo, bars, tuple(tones), tuple(_drums(bars, drummed, rng)), title)


def _key(prompt: str, mood: Mood, rng: random.Random) -> tuple[int, bool]:
    found = re.search(r"\b([a-g])(#|♯|b|♭|-sharp|-flat| sharp| flat)? (major|minor)\b", prompt)
    if not found:
        return 48 + rng.choice((0, 2, 4, 5, 7, 9)), mood.minor
    shift = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(
        found[2] or "", 1 if "sharp" in (found[2] or "") else -1 if found[2] else 0
    )
    return 48 + NAMES[found[1]] + shift, found[3] == "minor"


def _tempo(prompt: str, words: set[str], mood: Mood) -> float:
    found = re.search(r"\b(\d{2,3}) ?bpm\b", prompt)
    if found:
        return min(max(float(found[1]), 40.0), 200.0)
    return mood.tempo * (1.18 if "fast" in words else 0.84 if "slow" in words else 1.0)


def _pitch(root: int, scale: tuple[int, ...], degree: int) -> int:
    return root + scale[degree % 7] + 12 * (degree // 7)


def _harmony(chords: list[int], root: int, scale: tuple[int, ...], part: str) -> list[Tone]:
    """Triads kept close to each other, so that voices move by steps."""
    tones = []
    broken = part in ("pluck", "bell")
    for bar, degree in enumerate(chords):
        pitches = sorted((_pitch(root, scale, degree + step) - root) % 12 + root + 12 for step in (0, 2, 4))
        if broken:
            order = (0, 1, 2, 1, 0, 1, 2, 1)
            tones += [Tone(bar * BEATS + i * 0.5, 0.9, pitches[at], part, 0.30) for i, at in enumerate(order)]
        elif part == "piano":
            for beat, level in ((0.0, 0.30), (1.5, 0.22), (2.5, 0.24)):
                tones += [
                    Tone(bar * BEATS + beat + i * 0.02, 1.2, pitch, part, level) for i, pitch in enumerate(pitches)
                ]
        else:
            tones += [Tone(bar * BEATS, BEATS, pitch, part, 0.26) for pitch in pitches]
    return tones


def _bass(chords: list[int], root: int, scale: tuple[int, ...], mood: Mood, rng: random.Random) -> list[Tone]:
    pattern = (
        ((0, 4.0),)
        if not mood.drums
        else rng.choice((((0, 1.5), (1.5, 0.5), (2, 1.5), (3.5, 0.5)), ((0, 1), (1, 1), (2, 1), (3, 1))))
    )
    return [
        Tone(bar * BEATS + at, beats * 0.92, _pitch(root, scale, degree) - 12, "bass", 0.42)
        for bar, degree in enumerate(chords)
        for at, beats in pattern
    ]


def _melody(chords: list[int], root: int, scale: tuple[int, ...], part: str, rng: random.Random) -> list[Tone]:
    """A motif of two bars that comes back, moved to the chord that is under it."""
    rhythm = rng.choice(((0, 1, 1.5, 2, 3), (0, 0.5, 1.5, 2.5, 3), (0, 1.5, 2, 2.5), (0.5, 1, 2, 3, 3.5)))
    shapes = [[rng.choice((-1, 0, 1, 2)) for _ in rhythm] for _ in range(2)]
    tones, last = [], 7
    for bar, degree in enumerate(chords):
        if bar == len(chords) - 1 and len(chords) > 2:
            tones.append(Tone(bar * BEATS, BEATS, _pitch(root + 12, scale, 7), part, 0.34))
            break
        for index, (at, step) in enumerate(zip(rhythm, shapes[bar % 2], strict=True)):
            ends = rhythm[index + 1] if index + 1 < len(rhythm) else BEATS
            near = [degree + tone + octave for octave in (0, 7) for tone in (0, 2, 4)]
            last = min(near, key=lambda one: abs(one - last)) if at == int(at) else last + step
            last = min(max(last, 3), 13)
            tones.append(
                Tone(bar * BEATS + at, (ends - at) * 0.9, _pitch(root + 12, scale, last), part, rng.uniform(0.28, 0.36))
            )
    return tones


def _drums(bars: int, strength: float, rng: random.Random) -> list[Hit]:
    if not strength:
        return []
    four = strength >= 1.0
    hits = []
    for bar in range(bars):
        at = bar * BEATS
        kicks = (0, 1, 2, 3) if four else (0, 1.75, 2.5) if bar % 2 else (0, 2.5)
        hits += [Hit(at + beat, "kick", 0.85 * strength) for beat in kicks]
        hits += [Hit(at + beat, "snare", 0.42 * strength) for beat in (1, 3)]
        hits += [
            Hit(at + i * 0.5, "hat", strength * (0.30 if i % 2 else 0.18) * rng.uniform(0.8, 1.1)) for i in range(8)
        ]
        if bar % 4 == 3 and bar != bars - 1:
            hits += [Hit(at + 3 + i * 0.25, "snare", 0.22 * strength) for i in range(1, 4)]
    return hits
