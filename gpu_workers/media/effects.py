"""Sounds of things and places, from shaped noise and tones. Each maker fills the whole time that is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gpu_workers.media import synth
from gpu_workers.media.sound import RATE, TAPS, Curve, Samples, convolved, filter_of

Chance = np.random.Generator
Maker = Callable[[float, Chance], Samples]


def noise(seconds: float, rng: Chance, shape: Callable[[Curve], Curve]) -> Samples:
    """Stereo noise whose spectrum follows `shape` (of hertz), at a level of about one third."""
    kernel, count = filter_of(shape), round(seconds * RATE)
    wave = np.empty((count, 2), np.float32)
    for side in range(2):
        white = rng.standard_normal(count + TAPS, np.float32)
        wave[:, side] = convolved(white, kernel)[TAPS:]
    wave *= np.float32(0.3) / (np.std(wave) + np.float32(1e-9))
    return wave


def band(low: float, high: float) -> Callable[[Curve], Curve]:
    return lambda f: np.asarray(1 / (1 + (low / f) ** 4) / (1 + (f / high) ** 4))


def slow(seconds: float, rng: Chance, rate_hz: float, low: float, high: float) -> Samples:
    """A level that wanders between low and high, as stereo gain."""
    count = max(int(seconds * rate_hz) + 3, 4)
    points = rng.uniform(low, high, count)
    at = np.linspace(0, count - 1, round(seconds * RATE))
    smooth = np.interp(at, np.arange(count), np.convolve(points, (0.25, 0.5, 0.25), mode="same"))
    level: Samples = np.asarray(smooth, np.float32)
    return level.reshape(-1, 1)


def scattered(
    seconds: float, rng: Chance, a_second: float, make: Callable[[], Samples], level: tuple[float, float]
) -> Samples:
    """Single sounds at random moments and places."""
    track = synth.Track.of(seconds)
    for at in sorted(rng.uniform(0, seconds, max(round(seconds * a_second), 1))):
        track.lay(make(), float(at), float(rng.uniform(*level)), float(rng.uniform(-0.8, 0.8)))
    return track.samples


def regular(seconds: float, every: float, make: Callable[[int], Samples], level: float = 0.8) -> Samples:
    track = synth.Track.of(seconds)
    for index in range(max(int(np.ceil(seconds / every)), 1)):
        track.lay(make(index), index * every, level)
    return track.samples


def tick(rng: Chance, hertz: float, seconds: float) -> Samples:
    time = synth.clock(seconds)
    return np.asarray(
        (np.sin(2 * np.pi * hertz * time) + 0.4 * rng.standard_normal(len(time))) * np.exp(-time * 6 / seconds),
        np.float32,
    )


def rain(seconds: float, rng: Chance) -> Samples:
    drops = scattered(seconds, rng, 60, lambda: tick(rng, float(rng.uniform(1800, 5200)), 0.012), (0.05, 0.22))
    return noise(seconds, rng, band(500, 9000)) * slow(seconds, rng, 0.5, 0.7, 1.0) * 0.6 + drops


def wind(seconds: float, rng: Chance) -> Samples:
    low, high = noise(seconds, rng, band(80, 420)), noise(seconds, rng, band(500, 1400))
    gusts = slow(seconds, rng, 0.6, 0.15, 1.0)
    return np.asarray(low * (0.35 + gusts) + high * gusts**2 * 0.55, np.float32)


def waves(seconds: float, rng: Chance) -> Samples:
    time = synth.clock(seconds)[: round(seconds * RATE), None]
    swell = (0.5 + 0.5 * np.sin(2 * np.pi * time / 6.2 - 1.2)) ** 2
    return np.asarray(
        noise(seconds, rng, band(90, 900)) * (0.25 + swell) + noise(seconds, rng, band(1500, 7000)) * swell**2 * 0.5,
        np.float32,
    )


def fire(seconds: float, rng: Chance) -> Samples:
    crackle = scattered(
        seconds, rng, 14, lambda: tick(rng, float(rng.uniform(700, 3000)), float(rng.uniform(0.004, 0.02))), (0.1, 0.7)
    )
    return noise(seconds, rng, band(60, 500)) * slow(seconds, rng, 3, 0.5, 1.0) + crackle


def birds(seconds: float, rng: Chance) -> Samples:
    def chirp() -> Samples:
        time = synth.clock(float(rng.uniform(0.07, 0.2)))
        base, sweep = rng.uniform(2200, 4200), rng.uniform(-2500, 2500)
        wave = np.sin(2 * np.pi * (base * time + sweep * time**2) + 1.5 * np.sin(2 * np.pi * 38 * time))
        return np.asarray(wave * np.sin(np.pi * np.linspace(0, 1, len(time))), np.float32)

    return scattered(seconds, rng, 3.2, chirp, (0.1, 0.4)) + noise(seconds, rng, band(200, 2500)) * 0.08


def thunder(seconds: float, rng: Chance) -> Samples:
    time = synth.clock(seconds)[: round(seconds * RATE), None]
    roll = np.exp(-time * 1.1) * slow(seconds, rng, 7, 0.3, 1.0)
    crack = noise(seconds, rng, band(400, 6000)) * np.exp(-time * 9)
    return np.asarray(noise(seconds, rng, band(25, 190)) * roll * 2.2 + crack * 1.2, np.float32)


def whoosh(seconds: float, rng: Chance) -> Samples:
    share = np.linspace(0, 1, round(seconds * RATE), dtype=np.float32)[:, None]
    swell = np.sin(np.pi * share**1.4) ** 3
    pan = np.concatenate([np.cos(share * np.pi / 2), np.sin(share * np.pi / 2)], axis=1)
    rising = noise(seconds, rng, band(250, 1200)) * (1 - share) + noise(seconds, rng, band(900, 6500)) * share
    return np.asarray(rising * swell * pan * 2, np.float32)


def bells(seconds: float, _rng: Chance) -> Samples:
    pitches = (76, 79, 83, 88)
    return regular(seconds, 1.6, lambda index: synth.bell(synth.hertz(pitches[index % 4]), 3.0), 0.5)


def click(seconds: float, rng: Chance) -> Samples:
    return regular(seconds, 0.6, lambda index: tick(rng, 2600 - 500 * (index % 2), 0.03))


def typing(seconds: float, rng: Chance) -> Samples:
    return scattered(seconds, rng, 7.5, lambda: tick(rng, float(rng.uniform(900, 1900)), 0.028), (0.3, 0.8))


def heartbeat(seconds: float, _rng: Chance) -> Samples:
    def beat(_: int) -> Samples:
        track = np.zeros(int(0.7 * RATE), np.float32)
        for at, level in ((0.0, 1.0), (0.24, 0.7)):
            time = synth.clock(0.22)
            track[int(at * RATE) :][: len(time)] += level * np.sin(2 * np.pi * 52 * time) * np.exp(-time * 17)
        return track

    return regular(seconds, 0.92, beat)


def motor(seconds: float, rng: Chance) -> Samples:
    time = synth.clock(seconds)[: round(seconds * RATE)]
    hum = synth.harmonics(54, time, (1.0, 0.8, 0.5, 0.4, 0.3, 0.2, 0.14, 0.1))[:, None]
    return np.asarray(
        hum * 0.35 * slow(seconds, rng, 9, 0.8, 1.0) + noise(seconds, rng, band(90, 900)) * 0.3, np.float32
    )


def applause(seconds: float, rng: Chance) -> Samples:
    clap = scattered(seconds, rng, 110, lambda: tick(rng, float(rng.uniform(900, 1800)), 0.014), (0.05, 0.3))
    return clap + noise(seconds, rng, band(700, 5000)) * slow(seconds, rng, 2, 0.3, 0.5)


def crickets(seconds: float, rng: Chance) -> Samples:
    time = synth.clock(seconds)[: round(seconds * RATE)]
    gate = (np.sin(2 * np.pi * 28 * time) > 0.1) * (np.sin(2 * np.pi * 1.7 * time) > -0.2)
    chirr = np.sin(2 * np.pi * 4300 * time) * gate * 0.22
    return np.asarray(chirr[:, None] + noise(seconds, rng, band(100, 900)) * 0.10, np.float32)


def blast(seconds: float, rng: Chance) -> Samples:
    time = synth.clock(seconds)[: round(seconds * RATE), None]
    body = noise(seconds, rng, band(30, 700)) * np.exp(-time * 2.6) * 3
    return np.asarray(np.tanh(body + noise(seconds, rng, band(500, 8000)) * np.exp(-time * 14) * 2), np.float32)


def laser(seconds: float, _rng: Chance) -> Samples:
    def shot(_: int) -> Samples:
        time = synth.clock(0.35)
        return np.asarray(
            np.sin(2 * np.pi * (300 * time + 380 * (1 - np.exp(-time * 9)))) * np.exp(-time * 8), np.float32
        )

    return regular(seconds, 0.7, shot)


def steps(seconds: float, rng: Chance) -> Samples:
    def step(index: int) -> Samples:
        time = synth.clock(0.16)
        thud = np.sin(2 * np.pi * (85 + 8 * (index % 2)) * time) * np.exp(-time * 30)
        return np.asarray(thud + rng.standard_normal(len(time)) * np.exp(-time * 38) * 0.35, np.float32)

    return regular(seconds, 0.56, step)


def drip(seconds: float, rng: Chance) -> Samples:
    def drop() -> Samples:
        time = synth.clock(0.12)
        base = rng.uniform(700, 1300)
        return np.asarray(np.sin(2 * np.pi * (base * time + base * 3 * time**2)) * np.exp(-time * 32), np.float32)

    return scattered(seconds, rng, 2.4, drop, (0.3, 0.9))


def stream(seconds: float, rng: Chance) -> Samples:
    return noise(seconds, rng, band(350, 4200)) * slow(seconds, rng, 5, 0.6, 1.0) * 0.7 + drip(seconds, rng) * 0.35


def city(seconds: float, rng: Chance) -> Samples:
    traffic, tyres = noise(seconds, rng, band(40, 320)), noise(seconds, rng, band(500, 2200))
    return traffic * slow(seconds, rng, 0.7, 0.5, 1.0) + tyres * np.float32(0.15)


def ambience(seconds: float, rng: Chance) -> Samples:
    """For what has no maker of its own: quiet air."""
    return noise(seconds, rng, band(60, 1100)) * slow(seconds, rng, 0.5, 0.6, 1.0)


MAKERS: tuple[tuple[str, Maker], ...] = (
    ("thunder storm lightning", thunder), ("rain rainy rainfall drizzle shower", rain),
    ("wind windy breeze gust", wind),
    ("wave waves sea ocean beach surf", waves), ("fire fireplace campfire flames crackling", fire),
    ("bird birds birdsong chirping forest", birds), ("whoosh swoosh swish transition swipe", whoosh),
    ("bell bells chime chimes ding notification", bells), ("click clicks button tap tick clock", click),
    ("typing keyboard typewriter", typing), ("heartbeat heart pulse", heartbeat),
    ("engine motor car machine hum truck", motor), ("applause clapping crowd audience cheer", applause),
    ("cricket crickets night insects", crickets), ("explosion explode boom blast bang impact", blast),
    ("laser zap pew scifi sci-fi", laser), ("footsteps steps walking footstep", steps),
    ("drip drop drops dripping", drip), ("stream river brook creek water waterfall", stream),
    ("city traffic street urban", city),
)  # fmt: skip
