"""The words that the offline planner knows: nouns of media, verbs, numbers."""

from __future__ import annotations

import re
from functools import partial
from typing import Final, Literal

Kind = Literal["image", "video", "audio", "speech", "music", "3d", "lipsync", "text", "utility"]


def list_of(words: str) -> list[str]:
    return words.split()


def some_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOUNS: Final[dict[Kind, str]] = {
    "image": """image picture photo photograph pic drawing painting illustration sketch portrait poster logo icon
        artwork wallpaper banner thumbnail cover headshot render rendering shot still graphic sticker meme
        infographic postcard invitation brochure
        card flyer leaflet mockup snapshot selfie watercolor watercolour cartoon comic conceptart collage mural emblem
        badge pattern texture backdrop diagram albumcover bookcover visual storyboard doodle caricature label
        turnaround keyframe moodboard mascot packshot""",
    "video": """video clip movie film animation footage trailer teaser reel gif timelapse commercial advert ad
        advertisement musicvideo explainer vlog cinemagraph slideshow short promo sequence visualizer visualiser""",
    "speech": """voiceover narration speech voice reading audiobook podcast monologue commentary audioguide voicemail
        spokenword recording announcement vocals""",
    "music": """music song soundtrack track melody tune jingle beat score anthem lullaby symphony instrumental
        bgm ballad remix theme composition waltz riff chorus hymn""",
    "audio": "sfx sound audio ambience soundscape foley noise atmosphere ringtone",
    "3d": "model3d mesh glb gltf",
    "lipsync": "lipsync talkinghead",
    "text": """haiku poem slogan script story tagline caption description blogpost article essay lyrics headline text
        copy tweet post letter email summary recipe joke limerick sonnet paragraph outline bio pressrelease quote
        dialogue screenplay motto verse fable hashtags manifesto synopsis biography review translation words""",
    "utility": "subtitles subtitle captions watermark",
}  # fmt: skip
NOUNS: Final[dict[str, Kind]] = {word: kind for kind, words in _NOUNS.items() for word in words.split()}

ATTACHED: Final = frozenset({"voiceover", "narration", "commentary", "soundtrack", "bgm"})
"""Nouns that mean a part of the film that was just spoken of."""
BESIDES: Final = frozenset({"thumbnail", "cover", "poster", "caption", "description", "still", "title"})
"""Nouns that mean something made from what was just spoken of."""

_VERBS: Final[dict[str, str]] = {
    "make": """generate create make produce render design build give show get prepare craft deliver want need provide
        develop imagine put_out come_up_with do""",
    "image": "draw paint illustrate sketch photograph picture visualize visualise depict doodle",
    "text": "write draft pen describe summarize summarise translate tell caption author",
    "music": "compose score",
    "video": "animate film shoot vivify",
    "speech": "narrate read speak recite say voice announce dub pronounce vocalize vocalise",
    "3d": "sculpt model",
    "lipsync": "lipsync",
    "turn": "turn convert transform morph adapt translate_into",
    "add": "add put include overlay layer attach lay place set append",
    "join": "merge combine join stitch concatenate concat mix mux assemble splice glue unite compile",
    "edit": """upscale enlarge enhance sharpen restore colorize colourise colourize retouch restyle recolor recolour
        edit improve crop resize trim cut shorten remove replace change swap rotate blur brighten darken stylize stylise
        refine extend remaster""",
    "extract": "extract grab capture",
    "record": "record",
    "use": "use take using",
}  # fmt: skip
VERBS: Final[dict[str, str]] = {word: act for act, words in _VERBS.items() for word in words.split()}

NUMBERS: Final = {
    word: n
    for n, word in enumerate(
        list_of("""zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty""")
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "couple": 2, "pair": 2,
     "few": 3, "several": 3, "handful": 4, "trio": 3, "dozen": 12, "both": 2}  # fmt: skip

DETERMINERS: Final = some_of(
    "a an the my our your its their this that these those some another one each every his her any no both all"
)
WORDS: Final = some_of("poem slogan story haiku tagline lyrics script verse motto limerick")
"""Texts that may come with a picture: a card with a poem."""
PRONOUNS: Final = some_of("it this that them these those everything all result results both each her him")
POINTING: Final = some_of("the this that these those its their my our each every both")
"""Before a noun of media these point at something that is there already."""
STOPPERS: Final = some_of("""
    of about showing for from in on at with into to that which who where using featuring based under over behind
    as by saying says titled called named depicting and or then so while when like without around between through
    against out during after before inside across near above below plus is are was has reading playing starring
    including set made looking""")
LEADS: Final = re.compile(
    r"^(?:(?:please|kindly|hey|hi|hello|ok|okay|so|now|also|then|next|first|firstly|second|secondly|third|finally"
    r"|lastly|afterwards?|after that|and|but|or|is it possible to|is there a way to|(?:can|could) i (?:get|have)"
    r"|can you|could you|would you|will you|i want you to|i want to|i want"
    r"|i would like you to|i would like to have|i would like to|i would like|i'd like you to|i'd like to|i'd like"
    r"|i need you to|i need|we need|we want|we'd like|let's|let us|help me to|help me|for me|just|simply|how about"
    r"|what about|there should be|go ahead and|try to|quickly|me|us|from (?:it|this|that|them)"
    r"|with (?:it|this|that|them)"
    r"|for (?:it|this|that|them)|based on (?:it|this|that|them))\b[\s,:]*)+",
    re.IGNORECASE,
)
QUESTION: Final = re.compile(
    r"^(?:what|who|whom|whose|why|when|where|which|how|is|are|am|was|were|do|does|did|has|have|should)\b(?!\s+about\b)",
    re.IGNORECASE,
)
REFUSED: Final = re.compile(
    r"^(?:(?:(?:i|we) (?:really )?)?(?:do not|don't|dont|never|would not|wouldn't)|no|without|not)\b",
    re.IGNORECASE,
)

_COMPOUNDS: Final = (
    (r"voice[\s-]overs?", "voiceover"),
    (r"sound[\s-]effects?|sound[\s-]fx", "sfx"),
    (r"background[\s-](?:music|track|song|score)", "bgm"),
    (r"3[\s-]?-?d[\s-](?:printable[\s-])?(?:models?|objects?|assets?|mesh(?:es)?|sculptures?|figures?|figurines?|shapes?"
     r"|scans?|prints?|file|glb|characters?)", "model3d"),
    (r"(?:glb|gltf)[\s-](?:models?|files?)", "model3d"),
    (r"lip[\s-]?sync(?:h|ed|hed|ing|hing|s)?(?:[\s-](?:video|clip))?", "lipsync"),
    (r"(?:talking|speaking|singing)[\s-](?:head|avatar|portrait|photo|picture|image|face|character)s?"
     r"(?:[\s-](?:video|clip))?", "talkinghead"),
    (r"music[\s-]videos?", "musicvideo"),
    (r"blog[\s-](?:posts?|articles?|entr(?:y|ies))", "blogpost"),
    (r"press[\s-]releases?", "pressrelease"),
    (r"concept[\s-]art", "conceptart"),
    (r"(?:album|record|cd)[\s-](?:cover|art)s?", "albumcover"),
    (r"book[\s-]covers?", "bookcover"),
    (r"time[\s-]?lapses?", "timelapse"),
    (r"slide[\s-]shows?", "slideshow"),
    (r"audio[\s-]guides?", "audioguide"),
    (r"audio[\s-]books?", "audiobook"),
    (r"spoken[\s-]word", "spokenword"),
    (r"(?:out[\s-]loud|aloud)", "aloud"),
    (r"mood[\s-]boards?", "moodboard"),
    (r"(?:ad|web|body|marketing|advertising)[\s-]copy", "copy"),
    (r"(?:all|both|every one) of (?:them|these|those)|them (?:all|both)|(?:the|all) (?:two|three|four|five) of them",
     "them"),
    (r"(?<!this )(?<!the )(?<!my )(?:text[\s-]to[\s-]speech|tts)", "speech"),
    (r"(?<!this )(?<!the )(?<!my )text[\s-]to[\s-](image|picture|video|music|audio|3d model)", r"\1"),
    (r"come up with", "create"),
    (r"bring (it|them|this|that|the \w+|\w+_\d+) to life", r"animate \1"),
    (r"set (it|them|this|that|the \w+) to music", r"compose music for \1"),
)  # fmt: skip
COMPOUNDS: Final = tuple((re.compile(rf"\b(?:{pattern})(?!\w)", re.IGNORECASE), word) for pattern, word in _COMPOUNDS)
_SHOWN_AS: Final = {
    "sfx": "sound effects", "bgm": "background music", "model3d": "3D model", "lipsync": "lip-sync clip",
    "talkinghead": "talking portrait", "musicvideo": "music video", "blogpost": "blog post",
    "conceptart": "concept art",
    "pressrelease": "press release", "albumcover": "album cover", "bookcover": "book cover",
    "audioguide": "audio guide",
    "spokenword": "spoken word", "slideshow": "slide show",
}  # fmt: skip
SHOWN_AS: Final = _SHOWN_AS | {f"{word}s": f"{shown}s" for word, shown in _SHOWN_AS.items() if word != "sfx"}
LANGUAGES: Final = {
    "German": "de", "French": "fr", "Spanish": "es", "Italian": "it", "Portuguese": "pt", "Dutch": "nl", "Polish": "pl",
    "Swedish": "sv", "Turkish": "tr", "Chinese": "zh", "Japanese": "ja", "Russian": "ru", "Arabic": "ar", "Hindi": "hi",
    "Korean": "ko", "Greek": "el", "Danish": "da", "Norwegian": "no", "Finnish": "fi", "Czech": "cs",
}  # fmt: skip
NOT_HEADS: Final = some_of("""
    game games book books album player camera cameras frame frames gallery box store shop studio editor app website
    site room wall booth conference call card-game festival teacher lesson school stand class bubble bubbles""")
"""After a noun of media these make something else of it: a video game is no video."""

QUALITIES: Final = some_of("short visual still comic graphic")
"""Nouns of media only where no other noun follows: a short, but a short welcome."""


def kind_of(word: str) -> Kind | None:
    """The medium that a noun means, in singular or plural."""
    lower = word.lower()
    for form in (lower, lower[:-1] if lower.endswith("s") else lower, lower[:-2] if lower.endswith("es") else lower):
        if form in NOUNS:
            return NOUNS[form]
    if lower.endswith("ies") and lower[:-3] + "y" in NOUNS:
        return NOUNS[lower[:-3] + "y"]
    return None


def is_plural(noun: str) -> bool:
    """It is said of several: `pictures`, `stories`."""
    lower = noun.lower()
    if lower in ("sfx", "subtitles", "captions"):
        return True
    ends = lower.endswith("s") and lower not in NOUNS
    return ends and kind_of(lower) is not None


def joined_nouns(text: str) -> str:
    """`3D models` as one word, in singular or plural as it was."""
    for pattern, word in COMPOUNDS:
        text = pattern.sub(partial(_joined, word), text)
    return text


def _joined(word: str, match: re.Match[str]) -> str:
    many = match[0].lower().endswith("s") and word in NOUNS and word not in ("sfx", "lipsync", "talkinghead", "speech")
    return f"{match.expand(word)}s" if many else match.expand(word)


def verb_of(word: str) -> str | None:
    """What a verb does, in its plain form or as a participle (`animating`)."""
    lower = word.lower()
    if lower in VERBS:
        return VERBS[lower]
    if lower.endswith("ing"):
        return VERBS.get(lower[:-3]) or VERBS.get(lower[:-3] + "e")
    return None
