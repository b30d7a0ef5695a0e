"""Reads a prompt: what is to be seen, in which colours, under which title. Pure, and honest about what it knows."""

from __future__ import annotations

import colorsys
import random
import re
from dataclasses import dataclass

from gpu_workers.drawing.brush import GOLD, STEEL, Rgb, rgb

COLOURS: dict[str, Rgb] = {
    "red": rgb("#d22540"),
    "crimson": rgb("#b3122f"),
    "scarlet": rgb("#e0341f"),
    "burgundy": rgb("#6e1630"),
    "maroon": rgb("#6b1a24"),
    "pink": rgb("#ee86a9"),
    "rose": rgb("#e0798f"),
    "magenta": rgb("#c42b8a"),
    "coral": rgb("#f5765c"),
    "peach": rgb("#f8b08a"),
    "orange": rgb("#f07a22"),
    "terracotta": rgb("#c1603f"),
    "amber": rgb("#e99a1c"),
    "yellow": rgb("#f2c230"),
    "mustard": rgb("#d1a02c"),
    "gold": GOLD,
    "golden": GOLD,
    "beige": rgb("#d9c4a3"),
    "cream": rgb("#efe4cb"),
    "ivory": rgb("#f2ecdd"),
    "tan": rgb("#c69c6d"),
    "brown": rgb("#7a4b2c"),
    "chocolate": rgb("#57301c"),
    "bronze": rgb("#a9713c"),
    "copper": rgb("#bc6c41"),
    "wooden": rgb("#a5713f"),
    "green": rgb("#2f9e5b"),
    "emerald": rgb("#0f8f62"),
    "olive": rgb("#77803a"),
    "lime": rgb("#9ccb3b"),
    "mint": rgb("#8ed8b8"),
    "sage": rgb("#9aae8c"),
    "teal": rgb("#158b85"),
    "turquoise": rgb("#2cbfc0"),
    "cyan": rgb("#26b5d9"),
    "blue": rgb("#2a66c8"),
    "navy": rgb("#1f2f63"),
    "azure": rgb("#3d94e6"),
    "cobalt": rgb("#1f49b0"),
    "indigo": rgb("#4a3fae"),
    "purple": rgb("#7540c0"),
    "violet": rgb("#8152d6"),
    "lavender": rgb("#b3a1e6"),
    "lilac": rgb("#c4a6dd"),
    "black": rgb("#26262b"),
    "charcoal": rgb("#3a3d45"),
    "graphite": rgb("#44474f"),
    "grey": rgb("#8d929b"),
    "gray": rgb("#8d929b"),
    "silver": STEEL,
    "white": rgb("#f3f2ef"),
}
METALS = {"gold", "golden", "silver", "copper", "bronze"}

PRODUCTS: dict[str, str] = {
    "mug": "mug cup teacup",
    "phone": "phone smartphone iphone mobile handset",
    "watch": "watch wristwatch smartwatch clock",
    "bottle": "bottle flask thermos wine tumbler drink beverage",
    "perfume": "perfume fragrance cologne parfum serum",
    "box": "box gift package parcel packaging present carton",
    "sneaker": "sneaker shoe trainer boot footwear runner sneakers shoes",
    "chair": "chair armchair stool sofa seat furniture",
    "lamp": "lamp light lantern lightbulb",
    "headphones": "headphones headphone headset earphones earbuds",
    "car": "car automobile vehicle coupe suv roadster",
    "backpack": "backpack bag rucksack handbag satchel",
    "candle": "candle",
    "book": "book novel notebook journal magazine",
    "cake": "cake cupcake dessert pastry food muffin",
    "laptop": "laptop computer notebook-computer macbook tablet",
    "camera": "camera dslr",
    "jar": "jar cosmetic lotion skincare moisturizer moisturiser honey jam",
    "plant": "plant flower succulent houseplant bonsai flowers",
    "burger": "burger hamburger sandwich cheeseburger",
    "sunglasses": "sunglasses glasses eyewear spectacles",
    "speaker": "speaker soundbar loudspeaker",
    "shirt": "shirt t-shirt tshirt tee hoodie sweater",
}
SCENES: dict[str, str] = {
    "mountain": "mountain mountains alps peak peaks hill hills valley landscape",
    "sea": "sea ocean beach wave waves coast shore lake island",
    "forest": "forest wood woods jungle trees tree park meadow field",
    "city": "city skyline street downtown skyscraper skyscrapers town cyberpunk",
    "space": "space galaxy planet planets nebula cosmos universe astronaut rocket spaceship",
    "desert": "desert dunes dune sahara canyon",
}
FIGURES: dict[str, str] = {
    "cat": "cat kitten",
    "dog": "dog puppy",
    "robot": "robot android cyborg droid",
    "portrait": "portrait person woman man girl boy face character human people hero presenter queen king",
    "bird": "bird parrot owl sparrow eagle",
    "fish": "fish goldfish",
    "fox": "fox wolf",
}
WEAK: dict[str, str] = {
    "mug": "coffee tea espresso latte cocoa",
    "bottle": "water juice soda",
    "city": "rain night urban",
    "sea": "sunset sunrise sky horizon",
    "mountain": "snow nature",
    "space": "stars moon",
    "headphones": "music audio",
}
INSTRUCTION_WORDS = """
a an the of for with in on at and or to by from my our your its it is are this that some one please
generate create make render produce draw design show showing animate image picture photo photograph photography
shot product studio high quality resolution professional professionally commercial advertising advertisement hero
realistic photorealistic detailed background backdrop lighting lit style stylish view close closeup up front side
angle clean minimal minimalist white-background 4k 8k hd ultra featuring featured placed sitting standing soft
natural light lights against simple attractive appealing beautiful stunning visual illustration rendering then into
video seamless surface table composition centered centred showcasing scene isolated subtle crisp sharp focus
"""
INSTRUCTIONS = frozenset(INSTRUCTION_WORDS.split())
TAGLINES = {
    "mug": "For slow mornings.",
    "phone": "Everything, at hand.",
    "watch": "Time, well kept.",
    "bottle": "Good to the last drop.",
    "perfume": "Leave a trace.",
    "box": "Something worth opening.",
    "sneaker": "Go a little further.",
    "chair": "Take a seat. Stay.",
    "lamp": "A warmer evening.",
    "headphones": "Hear what matters.",
    "car": "The long way home.",
    "backpack": "Packed for anywhere.",
    "candle": "Quiet, by hand.",
    "book": "One more chapter.",
    "cake": "Made to share.",
    "laptop": "Work lightly.",
    "camera": "See it. Keep it.",
    "jar": "Kind to skin.",
    "plant": "A little green.",
    "burger": "Worth both hands.",
    "sunglasses": "A brighter shade.",
    "speaker": "Fill the room.",
    "shirt": "Easy, every day.",
}
PALETTE = ("teal", "coral", "indigo", "amber", "emerald", "terracotta", "azure", "rose", "violet", "navy")
WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+")
QUOTED = re.compile(r"[\"“”«]([^\"“”«»]{1,40})[\"“”»]")


@dataclass(frozen=True)
class Brief:
    """All that a drawing needs to know."""

    kind: str  # product, scene, figure or abstract
    subject: str
    title: str
    tagline: str
    main: Rgb
    accent: Rgb
    words: frozenset[str]
    seed: int
    label: str | None = None  # words that the prompt puts in quotation marks
    dark: bool = False
    named_colours: int = 0

    def rng(self, purpose: str) -> random.Random:
        """Chance for one purpose, so that a change in one drawing does not move another."""
        return random.Random(f"{self.seed}/{purpose}")


def _index(*tables: tuple[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {
        word: (kind, subject) for kind, table in tables for subject, words in table.items() for word in words.split()
    }


KNOWN = _index(("product", PRODUCTS), ("scene", SCENES), ("figure", FIGURES))
KIND_OF = {subject: kind for kind, subject in KNOWN.values()}
HINTS = {word: (KIND_OF[subject], subject) for subject, words in WEAK.items() for word in words.split()}
DARK = {"dark", "night", "moody", "luxury", "luxurious", "noir", "midnight", "dramatic", "neon", "black-background"}


def singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def read(prompt: str, seed: int) -> Brief:
    """The brief of a prompt. What it does not know becomes type, not a wrong picture."""
    words = [word.lower() for word in WORD.findall(prompt)]
    kind, subject, at = _subject(words)
    named = [COLOURS[word] for word in words if word in COLOURS]
    rng = random.Random(f"{seed}/colours")
    main = named[0] if named else COLOURS[rng.choice(PALETTE)]
    accent = named[1] if len(named) > 1 else _companion(main)
    quoted = QUOTED.search(prompt)
    return Brief(
        kind=kind,
        subject=subject,
        title=_title(words, at, kind),
        tagline=TAGLINES.get(subject, ""),
        main=main,
        accent=accent,
        words=frozenset(words),
        seed=seed,
        label=quoted.group(1).strip() if quoted else None,
        dark=bool(DARK & set(words)),
        named_colours=len(named),
    )


def _subject(words: list[str]) -> tuple[str, str, int | None]:
    for table in (KNOWN, HINTS):
        for at, word in enumerate(words):
            found = table.get(word) or table.get(singular(word))
            if found:
                # "coffee cup", "gift box": the noun's last word is what is meant; a perfume bottle is a perfume
                following = table.get(words[at + 1]) if at + 1 < len(words) else None
                if found[1] == "perfume" and following:
                    following = found
                return (*(following or found), at + 1 if following else at)
    telling = [word for word in words if word not in INSTRUCTIONS and word not in COLOURS]
    return ("abstract", "abstract", None) if telling else ("product", "perfume", None)


def _title(words: list[str], at: int | None, kind: str) -> str:
    """Up to three telling words that lead to the subject, or the first ones where there is no subject."""
    if at is None:
        telling = [word for word in words if word not in INSTRUCTIONS]
        return " ".join(telling[:4]).title() if telling and kind == "abstract" else "The Signature Piece"
    begin = at
    while begin > 0 and at - begin < 3 and words[begin - 1] not in INSTRUCTIONS:
        begin -= 1
    if begin > 1 and words[begin - 1] == "and" and words[begin] in COLOURS and words[begin - 2] in COLOURS:
        words = [*words[: begin - 1], "&", *words[begin:]]
        begin -= 2
    return " ".join(word[:1].upper() + word[1:] for word in words[begin : at + 1])


def _companion(main: Rgb) -> Rgb:
    """A second colour that goes with the first: a third around the circle, a little calmer."""
    hue, light, saturation = colorsys.rgb_to_hls(*main)
    return colorsys.hls_to_rgb((hue + 0.36) % 1.0, min(max(light, 0.42), 0.62), saturation * 0.75)
