"""Reads a request: clauses, and in each what shall be made, out of what, how long, how large, how often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.llm.offline.counting import GROUPS, Count, count_of, is_measure, quantity
from adapters.llm.offline.lexicon import (
    DETERMINERS,
    LANGUAGES,
    LEADS,
    NOT_HEADS,
    POINTING,
    PRONOUNS,
    QUALITIES,
    QUESTION,
    REFUSED,
    SHOWN_AS,
    STOPPERS,
    Kind,
    joined_nouns,
    kind_of,
    verb_of,
)
from adapters.llm.offline.wrapping import UPLOAD, without_denials, without_quotes, without_tool
from processors.executor import durations

_QUOTED = re.compile(r"⟦(\d+)⟧")
_TOKEN = re.compile(r"⟦\d+⟧|[^\W_](?:[\w'’&+/-]|(?<=\d)\.(?=\d))*", re.UNICODE)
_BREAK = re.compile(
    r"\s*(?:[.;:!?\n]+(?=\s|$)|,?\s+and\s+then\s+|,?\s+then\s+|,\s*and\s+|,\s*|\s+and\s+|\s+plus\s+|\s+as\s+well\s+as\s+"
    r"|\s+followed\s+by\s+|\s+along\s+with\s+|\s+together\s+with\s+|\s*&\s*|\s+[-–—]\s+)\s*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;:!?\n]")
_SIZE = re.compile(r"\b(\d{2,4})\s*[x×]\s*(\d{2,4})(?:\s*(?:px|pixels))?\b", re.IGNORECASE)
_RATIO = re.compile(r"\b(?:in )?(1:1|16:9|9:16|4:3|3:4|3:2|2:3|4:5|21:9)\b")
_CUT: Final = (
    r"(?:[\s-](?:format|orientation|mode|layout|aspect(?:\s+ratio)?)|(?=\s+(?:video|clip|film|movie|animation|reel|wallpaper"
    r"|banner|poster)s?\b)|(?<=\bin portrait)(?!\s+of\b)|(?<=\bin landscape)(?!\s+of\b))"
)
_LAST: Final = r"(?:\s+please)?[\s.!]*$"
_RATIO_WORDS: Final = (
    (
        re.compile(rf"\b(?:vertical|portrait{_CUT}|tiktok|stories)\b|[,.;]\s*(?:in\s+)?portrait{_LAST}", re.IGNORECASE),
        "9:16",
    ),
    (re.compile(r"\b(?:square)\b", re.IGNORECASE), "1:1"),
    (re.compile(rf"\b(?:widescreen|landscape{_CUT})\b|[,.;]\s*(?:in\s+)?landscape{_LAST}", re.IGNORECASE), "16:9"),
)
_UPLOAD_WORDS = re.compile(r"\b(image|video|audio)[ -]#?(\d{1,3})\b(?!\s*(?:seconds?|s\b|minutes?))", re.IGNORECASE)
_HANDS_OUT = re.compile(
    r"(?:download|save|export|share|send|e-?mail|publish|print|upload|post)\s+(?:me\s+)?(?:it|them)\b", re.IGNORECASE
)
_SHAPE = re.compile(
    r"(?:in\s+)?(?:portrait|landscape|vertical|horizontal|square)(?:[\s-](?:format|mode|orientation|layout))?"
    r"(?:\s+please)?[\s.!]*",
    re.IGNORECASE,
)
"""Behind a comma: how something is cut, and nothing more to be made."""
_LANGUAGE = re.compile(
    rf"\b(?:in|into)\s+({'|'.join(LANGUAGES)})\b(?=\s*(?:$|[,.;!?]|about|of|on|for|with|and))", re.IGNORECASE
)
_TALK = re.compile(r"\b(?:talk|speak|say|sing)s?\b", re.IGNORECASE)
_LEADING_PRONOUN = re.compile(r"\b(?:for|from|with) (?:it|this|that|them)\b", re.IGNORECASE)
_SOUNDS: Final = ("speech", "music", "audio")
_HELD_MAX: Final = 200
"""Characters before a colon that can be the name of a thing."""
_OBJECTS: Final = frozenset({"it", "them"})
"""`email it`: what stands before it is no noun."""
_BORDERS: Final = STOPPERS | DETERMINERS | {"it", "them"}
_AFTER_PRONOUN: Final = frozenset({"aloud", "all", "talk", "speak", "move", "sing", "dance", "together", "say"})
_QUANTITY_WORDS: Final = 4
"""Before `of`, as in `a couple of` and `three different versions of`."""
INDEFINITE: Final = frozenset({"a", "an", "some", "another", "one"})
DURATION_MAX_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a medium within a clause: where it stands, and what stands before it."""

    kind: Kind
    noun: str
    outer: int
    """Where it begins with its preposition and determiner."""
    start: int
    """Where its adjectives begin."""
    end: int
    """The place after its noun."""
    before: str
    """The preposition before it, or nothing."""
    pointing: bool
    count: int = 1
    another: bool = False
    doubtful: int = 0
    """A number before it that was not read as a count, though it could be one."""


@dataclass(slots=True)
class Clause:
    """One thing that is asked for, as its words say it."""

    tokens: list[str]
    text: str
    verb: str = ""
    act: str = ""
    phrases: list[Phrase] = field(default_factory=list)
    pronouns: list[tuple[int, str]] = field(default_factory=list)
    """(where, the preposition before it)."""
    uploads: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    duration_s: float | None = None
    size: tuple[int, int] | None = None
    ratio: str | None = None
    language: str = ""
    """That a text or a voice is to be in, where that is not English."""


@dataclass(frozen=True, slots=True)
class Reading:
    clauses: tuple[Clause, ...]
    setting: str = ""
    """What was said before the first request: what it is all about."""
    is_question: bool = False
    rest: tuple[str, ...] = ()
    """What was said behind a request and is none by itself."""


def read(request: str) -> Reading:
    text, quotes = without_quotes(" ".join(request.split("\r")).strip())
    text = without_denials(without_tool(text))
    text = _UPLOAD_WORDS.sub(lambda match: f"{match[1].lower()}_{match[2]}", text)
    text = joined_nouns(text)
    opening = LEADS.sub("", text)
    if QUESTION.match(text.strip()) and not _starts_something(opening):
        return Reading((), text, is_question=True)
    setting, clauses, rest = list[str](), list[Clause](), list[str]()
    for part in _parts(text):
        clause = _clause(part, quotes)
        if clause is None:
            if not REFUSED.match(LEADS.sub("", part)):
                (rest if clauses else setting).append(part)
            continue
        if clauses and not clause.act and _is_sound(clause) and _takes_sounds(clauses[-1]):
            clause.act = clause.verb = "add"
        if not clauses and setting and clause.pronouns and (thing := _thing(setting[-1], quotes)) is not None:
            setting.pop()
            clauses.append(thing)
        clauses.append(clause)
    return Reading(tuple(clauses), shown(", ".join(setting), quotes), rest=tuple(shown(one, quotes) for one in rest))


def shown(text: str, quotes: list[str]) -> str:
    """Words as a person wrote them: quotes put back, joined nouns apart."""
    text = _QUOTED.sub(lambda match: f"“{quotes[int(match[1])]}”", text)
    return re.sub(r"\w+", lambda match: SHOWN_AS.get(match[0], match[0]), " ".join(text.split()))


def _parts(text: str) -> Iterator[str]:
    """Splits where a new request begins; what begins none belongs to the one before."""
    held, joint, at = "", "", 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[at:end].strip()
        if piece:
            if held and ":" in joint and (said := _said_of(held, piece)):
                held = said
            elif held and (_starts_something(piece) or (_SENTENCE_END.search(joint) and not _SHAPE.fullmatch(piece))):
                yield held
                held = piece
            else:
                held = f"{held}{joint}{piece}" if held else piece
        if match:
            joint, at = (match[0] if piece or not held else joint), match.end()
    if held:
        yield held


def _said_of(held: str, piece: str) -> str:
    """What stands behind a colon with what it is said of: `speech with X: "hello"`, `an image: a cat`; else nothing."""
    if _QUOTED.fullmatch(piece):
        return f"{held} {piece}"
    tokens = _TOKEN.findall(LEADS.sub("", held)) if len(held) <= _HELD_MAX else []
    phrases = _phrases(tokens, 1 if tokens and verb_of(tokens[0]) and len(tokens) > 1 else 0)
    if _starts_something(piece) or len(phrases) != 1 or phrases[0].end != len(tokens) or phrases[0].before:
        return ""
    return f"{held} {'about' if phrases[0].kind == 'text' else 'of'} {piece}"


def _starts_something(piece: str) -> bool:
    if _SHAPE.fullmatch(piece):
        return False
    body = LEADS.sub("", piece.strip())
    if REFUSED.match(body) or _HANDS_OUT.match(body):
        return True
    tokens = _TOKEN.findall(_measures_out(body))
    if not tokens:
        return False
    act, after = verb_of(tokens[0]), tokens[1].lower() if len(tokens) > 1 else ""
    if act and (after or act in ("video", "speech", "lipsync")):
        return kind_of(tokens[0]) is None or after not in STOPPERS
    phrases = _phrases(tokens, 0)
    return bool(phrases) and phrases[0].outer == 0 and not phrases[0].before


def _clause(part: str, quotes: list[str]) -> Clause | None:
    body = LEADS.sub("", part.strip())
    if not body or REFUSED.match(body):
        return None
    if (lead := _LEADING_PRONOUN.search(part.strip()[: len(part.strip()) - len(body)])) is not None:
        body = f"{body} {lead[0]}"
    clause = Clause([], "")
    body = _take_measures(clause, body)
    clause.uploads = [f"{kind.lower()}_{int(number)}" for kind, number in UPLOAD.findall(body)]
    clause.quotes = [quotes[int(number)] for number in _QUOTED.findall(body)]
    tokens = _TOKEN.findall(body)
    clause.tokens = tokens
    clause.text = shown(part, quotes)
    if tokens and (act := verb_of(tokens[0])) and (kind_of(tokens[0]) is None or _is_verb_before(tokens[1:2])):
        clause.verb, clause.act = tokens[0].lower(), act
    clause.phrases = _phrases(tokens, 1 if clause.act else 0)
    made = clause.phrases[0].kind if clause.phrases else clause.act
    if made in ("text", "speech") and (language := _LANGUAGE.search(body)) is not None:
        clause.language = language[1].capitalize()
        clause.tokens = tokens = _TOKEN.findall(_LANGUAGE.sub(" ", body))
        clause.phrases = _phrases(tokens, 1 if clause.act else 0)
    clause.pronouns = list(_pronouns(tokens, 1 if clause.act else 0))
    if not clause.act and not clause.phrases:
        return None
    speaks = clause.act == "make" and _TALK.search(body) is not None
    if clause.act in ("make", "add", "use") and not (clause.phrases or clause.pronouns or clause.uploads or speaks):
        return None
    return clause


def _is_verb_before(after: list[str]) -> bool:
    """`picture a fox`, but not `picture of a fox`."""
    return bool(after) and after[0].lower() not in STOPPERS


def _thing(part: str, quotes: list[str]) -> Clause | None:
    """`Design a mug`, before `turn it into …`: no medium is said, and something has to be seen of it first."""
    verb, _, thing = LEADS.sub("", part.strip()).partition(" ")
    if verb_of(verb) != "make" or thing.partition(" ")[0].lower() not in INDEFINITE:
        return None
    return _clause(f"draw {thing}", quotes)


def _takes_sounds(clause: Clause) -> bool:
    """`a film with a voiceover`, `add music`: a sound that follows is added, too."""
    return clause.act == "add" or any(one.before == "with" and one.kind in _SOUNDS for one in clause.phrases)


def _is_sound(clause: Clause) -> bool:
    """`sound effects` in `add music and sound effects`."""
    first = next(iter(clause.phrases), None)
    ends = first is not None and first.end == len(clause.tokens)
    return first is not None and ends and first.kind in _SOUNDS and not first.pointing and not first.before


def _measures_out(text: str) -> str:
    text = re.sub(rf"[,.;]\s*(?:in\s+)?(?:portrait|landscape){_LAST}", "", text, flags=re.IGNORECASE)
    without = _RATIO.sub(" ", _SIZE.sub(" ", durations.without(text))).strip()
    return without.removeprefix("of ")


def _take_measures(clause: Clause, text: str) -> str:
    if length := durations.said_in(text):
        clause.duration_s = min(length, DURATION_MAX_S)
    if (match := _SIZE.search(text)) is not None:
        clause.size = int(match[1]), int(match[2])
    if (match := _RATIO.search(text)) is not None:
        clause.ratio = match[1]
    for pattern, ratio in _RATIO_WORDS:
        if clause.ratio is None and pattern.search(text):
            clause.ratio = ratio
    return _measures_out(text)


def _phrases(tokens: list[str], first: int) -> list[Phrase]:
    found: list[Phrase] = []
    for place in range(first, len(tokens)):
        kind = kind_of(tokens[place])
        after = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
        if place == 0 and after in _OBJECTS:
            continue
        if kind is None or after in NOT_HEADS or (kind_of(after) and after not in STOPPERS):
            continue
        if _names_another(tokens, place):
            continue
        if tokens[place].lower() in QUALITIES and after and after not in _BORDERS | _AFTER_PRONOUN:
            continue
        plain = "" if after in _BORDERS or after.startswith("⟦") else after
        if place > first and is_measure(tokens[place - 1].lower(), tokens[place], plain):
            continue
        found.append(_phrase(tokens, place, kind, max(first, found[-1].end if found else 0)))
    return found


def _names_another(tokens: list[str], place: int) -> bool:
    """`movie` in `a movie night poster`: what is made is what the last noun of them names."""
    if place and UPLOAD.match(tokens[place - 1]):
        return False
    for word in (one.lower() for one in tokens[place + 1 : place + 4]):
        if word in _BORDERS or word in _AFTER_PRONOUN or word.startswith("⟦") or UPLOAD.match(word):
            return False
        if kind_of(word):
            return True
        if verb_of(word):
            return False
    return False


def _phrase(tokens: list[str], place: int, kind: Kind, first: int) -> Phrase:
    """Back from the noun over its adjectives to the determiner, and to the preposition before that."""
    start = place
    while (
        start > first
        and tokens[start - 1].lower() not in STOPPERS | DETERMINERS
        and UPLOAD.match(tokens[start - 1]) is None
    ):
        start -= 1
    adjectives = [word.lower() for word in tokens[start:place]]
    determiner = tokens[start - 1].lower() if start > first and tokens[start - 1].lower() in DETERMINERS else ""
    outer = start - 1 if determiner else start
    if determiner in ("both", "all", "each", "every", "these", "those") or determiner == "":
        outer = outer - 1 if outer > first and tokens[outer - 1].lower() in ("all", "both", "each") else outer
    before = tokens[outer - 1].lower() if outer > first and tokens[outer - 1].lower() in STOPPERS else ""
    after = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    noun = tokens[place].lower()
    count = count_of(adjectives, noun, determiner, "" if after in _BORDERS else after)
    if before == "of" and (many := _so_many_of(tokens, outer - 1, first, noun, count)) is not None:
        count, outer, before = many
    pointing = determiner in POINTING and not any(word in ("new", "next", "following", "second") for word in adjectives)
    outer -= 1 if before else 0
    start += count.taken
    another = determiner == "another"
    return Phrase(kind, noun, outer, start, place + 1, before, pointing, count.number, another, count.doubtful)


def _so_many_of(tokens: list[str], of: int, first: int, noun: str, count: Count) -> tuple[Count, int, str] | None:
    """`a couple of pictures`, `three variations of a logo`: how many, where that begins, and what stands before."""
    start = of
    borders = (STOPPERS | DETERMINERS) - GROUPS
    while start > first and of - start < _QUANTITY_WORDS and tokens[start - 1].lower() not in borders:
        start -= 1
    before_it = [word.lower() for word in tokens[start:of]]
    number = count.number if before_it[-1:] and before_it[-1] in GROUPS else quantity(before_it, noun)
    if number is None:
        return None
    outer = start - 1 if start > first and tokens[start - 1].lower() in INDEFINITE else start
    before = tokens[outer - 1].lower() if outer > first and tokens[outer - 1].lower() in STOPPERS else ""
    return Count(number, count.taken), outer, before


def _pronouns(tokens: list[str], first: int) -> Iterator[tuple[int, str]]:
    """Words that stand for something made before: objects of the verb or of a preposition, not determiners."""
    for place in range(first, len(tokens)):
        word = tokens[place].lower()
        if word not in PRONOUNS:
            continue
        before = tokens[place - 1].lower() if place else ""
        after = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
        ends = not after or after in _BORDERS or after in _AFTER_PRONOUN
        object_ = place == first or before in STOPPERS or before in PRONOUNS or word == "them"
        if object_ and (ends or word in ("it", "them")):
            yield place, before if place > first else ""
