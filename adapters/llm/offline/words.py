"""Titles, descriptions and explanations: the planner's side of the conversation, in the person's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.llm.offline.counting import is_of_a_measure
from adapters.llm.offline.draft import Draft, Source
from adapters.llm.offline.lexicon import DETERMINERS, PRONOUNS, SHOWN_AS, STOPPERS, Kind, is_plural, verb_of
from adapters.llm.offline.reading import Clause, Phrase, Reading

CALLED: Final[Mapping[str, str]] = {
    "image": "picture", "video": "video", "audio": "sound", "speech": "voiceover", "music": "music", "3d": "3D model",
    "lipsync": "lip-sync clip", "text": "text", "utility": "edit",
}  # fmt: skip
_OPERATIONS: Final = {
    "merge": "Merge",
    "concat": "Join",
    "extract": "Extract",
    "subtitles": "Subtitles",
    "mux": "Merge",
}
_UPLOAD: Final = re.compile(r"(?:made_)?(?:image|video|audio|3d|text|other)_\d+", re.IGNORECASE)
_SPEAKS: Final = re.compile(r"(?:talk|speak|say|sing|tell|that|who)s?$", re.IGNORECASE)
_MANNER: Final = re.compile(
    r"\s+(?:in|with)\s+(?:a|an)\s+(?:\w+\s+){0,3}(?:voice|tone|accent|style)\b.*$", re.IGNORECASE
)
_LEFT_OVER: Final = frozenset({
    "aloud", "something", "short", "each", "uses", "use", "shows", "show", "showing", "combines", "contains",
    "includes", "has", "joins", "mixes",
})  # fmt: skip
"""At the end of what is said of a thing, before what it is made from."""
_VOICE: Final = re.compile(
    r"\b(female|male|deep|warm|bright|man's|woman's)(?: \w+)? (?:voice|voiceover)\b", re.IGNORECASE
)
_VOICE_WORDS: Final = re.compile(r"\b(female|male|deep|warm|bright|man's|woman's|man|woman)(?![\w'])", re.IGNORECASE)
_TITLE_MAX: Final = 60


def subject(clause: Clause, phrase: Phrase | None) -> str:
    """What a thing shall be of or about: the words after its noun, else the adjectives before it."""
    tail = _tail(clause, phrase)
    while tail and tail[0].lower() in STOPPERS:
        tail = tail[1:]
    if tail:
        return _said(tail)
    if phrase is None or phrase.kind in ("speech", "music", "text", "lipsync", "utility"):
        return ""  # adjectives of a picture say what is on it, those of a voice or a song how it sounds
    adjectives = [w for w in clause.tokens[phrase.start : phrase.end - 1] if not _is_other(w) and not _is_style(w)]
    return "" if all(is_of_a_measure(word) for word in adjectives) else _said(adjectives)


def description(
    clause: Clause, phrase: Phrase | None, kind: Kind, sources: Sequence[Source], own: str, about: str, setting: str
) -> str:
    """What the step does, complete in itself: pronouns are replaced by what they mean."""
    setting = f" ({setting})" if setting and setting not in about else ""
    said = _with_names(clause, sources)
    length = f" of {clause.duration_s:g} seconds" if clause.duration_s and kind in ("video", "music", "audio") else ""
    changes = clause.act in ("turn", "edit", "extract")
    if sources and (changes or (clause.verb and phrase is None)):
        return _sentence(f"{said}{_about(about, said)}") + setting
    thing = _noun_phrase(clause, phrase, kind)
    tail = _said(_tail(clause, phrase))
    whole = f"{thing} {tail}".strip() if phrase is not None else f"{thing} {_joining(kind)} {own}" if own else thing
    joint = "for" if kind in ("speech", "music", "audio") else "from"
    made_from = f" {joint} {named(sources)}" if sources else ""
    return _sentence(f"{whole}{length}{made_from}{_about(about, whole)}") + setting


def phrase_title(clause: Clause, phrase: Phrase | None, kind: Kind, own: str = "") -> str:
    """With what it shows or speaks of, where that is said in few words."""
    thing = _noun_phrase(clause, phrase, kind)
    if clause.duration_s and kind in ("video", "music", "audio"):
        thing = f"{clause.duration_s:g}-second {thing}"
    tail = _said(_tail(clause, phrase)) if own and phrase is not None else ""
    tail = f"{_joining(kind)} {own}" if own and phrase is None and kind in ("image", "3d") else tail
    whole = f"{thing} {tail}"
    return _sentence(whole if tail and len(whole) <= _TITLE_MAX else thing)[:_TITLE_MAX]


def plain(kind: Kind, thing: str) -> str:
    return _sentence(thing if kind == "image" else f"{CALLED[kind]} about {thing}")


def plain_title(kind: Kind, thing: str) -> str:
    return _sentence(f"{CALLED[kind]}: {thing}")[:_TITLE_MAX]


def plan_title(request: str, steps: Sequence[Mapping[str, Any]]) -> str:
    line = " ".join(request.split())
    return line[:1].upper() + line[1:] if len(line) <= _TITLE_MAX else " → ".join(str(s["title"]) for s in steps[:4])


def thought(step: Mapping[str, Any]) -> str:
    after = f", from {listed(list(step['depends_on']))}" if step["depends_on"] else ""
    return f"{step['title']}: that is a step for {step['agent_type']}{after}."


def left_out(draft: Draft) -> str:
    """What of a request there is no step for, though there are others; nothing where all of it is in them."""
    said = []
    if draft.missing:
        said.append(f"No model that makes {listed(sorted(set(draft.missing)))} is available, so I left that part out.")
    if draft.unable:
        said.append(f"No model here can do that to {listed(list(dict.fromkeys(draft.unable)))}, so I left it as it is.")
    if draft.absent:
        absent = listed([f"the {one}" for one in dict.fromkeys(draft.absent)])
        said.append(f"I could not find {absent} that you mean, so I left that out: upload it, or say what to make.")
    said += dict.fromkeys(draft.notes)
    return " ".join(said)


def why_nothing(reading: Reading, draft: Draft) -> str:
    if draft.missing:
        return f"No model that makes {listed(sorted(set(draft.missing)))} is available at the moment."
    if draft.unable:
        return f"No model here can do that to {listed(draft.unable)}, so nothing was planned for it."
    if draft.absent:
        return f"I could not find the {draft.absent[0]} that you mean: upload it, or describe what should be made."
    if draft.notes:
        return " ".join(dict.fromkeys(draft.notes))
    if reading.is_question:
        return (
            "That is a question, and I only plan things to make: describe a picture, a video, a voice, music or a text."
        )
    return "There is nothing to make in that yet: describe a picture, a video, a voice, music or a text."


def operation(name: str) -> str:
    return _OPERATIONS.get(name, _sentence(name))


def called(source: Source) -> str:
    """What a source is called in another step's description."""
    if source.upload:
        return source.ref
    noun = SHOWN_AS.get(source.noun, source.noun) or CALLED.get(source.kind, source.kind)
    return f"the {CALLED.get(source.kind, noun) if noun == source.kind else noun}"


def named(sources: Sequence[Source]) -> str:
    """`the picture and the voice`, `the pictures`."""
    names = [called(source) for source in sources]
    return listed([f"{name}s" if names.count(name) > 1 else name for name in dict.fromkeys(names)])


def subjects(sources: Sequence[Source]) -> str:
    """All that they show or speak of."""
    return listed(list(dict.fromkeys(source.subject for source in sources if source.subject)))


def talker(clause: Clause, product: Phrase | None, face: Phrase | None) -> str:
    """Who shall talk: `the robot` in `make the robot say …`."""
    if product is not None or face is not None:
        return subject(clause, product or face)
    tokens = clause.tokens[1:]
    end = next((n for n, word in enumerate(tokens) if _SPEAKS.match(word) or word.startswith("⟦")), len(tokens))
    who = [word for word in tokens[:end] if word.lower() not in PRONOUNS | {"her", "him"} and "_" not in word]
    return _said(who)


def singular(phrase: Phrase | None) -> str:
    """The noun of one of several."""
    if phrase is None:
        return ""
    if not is_plural(phrase.noun) or phrase.noun == "sfx":
        return phrase.noun
    return f"{phrase.noun[:-3]}y" if phrase.noun.endswith("ies") else phrase.noun[:-1]


def voice(clause: Clause) -> str:
    """The kind of voice that is asked for, in one word."""
    match = _VOICE.search(" ".join(clause.tokens))
    return voice_in(match[0]) if match else ""


def voice_in(text: str) -> str:
    """The same, of words that are about a voice."""
    found = [match.lower() for match in _VOICE_WORDS.findall(text)]
    first = next((one for one in found if one not in ("deep", "warm", "bright")), found[0] if found else "")
    return {"man": "male", "woman": "female"}.get(first.removesuffix("'s"), first)


def quoted(clause: Clause) -> str:
    """Words to be spoken that stand in quotes; a title is none: `an audiobook of “…”`."""
    places = [place for place, token in enumerate(clause.tokens) if token.startswith("⟦")]
    said_words = (
        quote
        for place, quote in zip(places, clause.quotes, strict=False)
        if not place or clause.tokens[place - 1].lower() not in ("of", "about", "called", "titled", "named", "on")
    )
    return next(said_words, "")


def said(clause: Clause) -> str:
    """Words to be spoken that stand without quotes after `say`."""
    if clause.verb not in ("say", "announce", "speak", "pronounce") or not clause.tokens[1:]:
        return ""
    text = _MANNER.sub("", _said(clause.tokens[1:]))
    return "" if text.lower() in PRONOUNS | {"it aloud", "this aloud"} or clause.pronouns else text


def shown_noun(noun: str) -> str:
    """As a person writes it."""
    return SHOWN_AS.get(noun, noun)


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _tail(clause: Clause, phrase: Phrase | None) -> list[str]:
    """From the noun (or the verb) to where something else begins: another role, a pronoun, an upload."""
    tokens = clause.tokens
    start = phrase.end if phrase is not None else (1 if clause.act else 0)
    end = len(tokens)
    for other in clause.phrases:
        own_role = other.pointing or other.before in ("with", "into", "from", "using", "based", "under", "to", "onto")
        is_lettering = other.kind == "text" and "".join(tokens[other.end : other.end + 1]).startswith("⟦")
        if other is not phrase and other.outer >= start and own_role and not is_lettering:
            end = min(end, other.outer)
    for place, before in clause.pronouns:
        if place >= start:
            end = min(end, place - 1 if before else place)
    drawn = phrase is None and clause.act in ("image", "video", "3d")
    spoken = not drawn and (phrase is None or phrase.kind in ("speech", "lipsync"))
    for place in range(start, end):
        if (spoken and tokens[place].startswith("⟦")) or _UPLOAD.fullmatch(tokens[place]):
            end = place
            break
    quotes = iter(clause.quotes)
    tail = [f"“{next(quotes, '')}”" if token.startswith("⟦") else token for token in tokens[start:end]]
    while tail and tail[-1].lower() in STOPPERS | DETERMINERS | _LEFT_OVER:
        tail = tail[:-1]
    return tail


def _noun_phrase(clause: Clause, phrase: Phrase | None, kind: Kind) -> str:
    if phrase is None:
        return CALLED[kind]
    adjectives = [word for word in clause.tokens[phrase.start : phrase.end - 1] if not _is_other(word)]
    noun = singular(phrase) if phrase.count > 1 else phrase.noun
    noun = SHOWN_AS.get(noun, noun)
    return " ".join([*adjectives, noun])


def _with_names(clause: Clause, sources: Sequence[Source]) -> str:
    names = named(sources)
    tokens = [w for w in clause.tokens if not w.startswith("⟦")]
    for place, _ in clause.pronouns[:1]:
        if place < len(tokens) and names:
            tokens = [*tokens[:place], names, *tokens[place + 1 :]]
    if verb_of(tokens[0] if tokens else "") and len(tokens) == 1 and names:
        tokens = [*tokens, names]
    length = f", {clause.duration_s:g} seconds" if clause.duration_s else ""
    return _said(tokens) + length


def _about(about: str, whole: str) -> str:
    return f": {about}" if about and about.lower() not in whole.lower() else ""


def _joining(kind: Kind) -> str:
    return "about" if kind in ("text", "speech") else "of"


def _said(tokens: Sequence[str]) -> str:
    return " ".join(SHOWN_AS.get(token, token) for token in tokens)


def _is_other(word: str) -> bool:
    return word.lower() in ("of", "new", "next", "different", "more")


def _is_style(word: str) -> bool:
    return word.lower() in ("short", "long", "little", "small", "nice", "good", "quick", "final", "matching", "single")


def _sentence(text: str) -> str:
    text = " ".join(text.split()).strip(" ,;:")
    return text[:1].upper() + text[1:]
