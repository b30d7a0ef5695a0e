"""Words for where a language model would write them: plain, usable, and nothing that is not known."""

from __future__ import annotations

import re
from typing import Final

WORDS_A_SECOND: Final = 2.2
_FORMS: Final = (
    ("haiku", re.compile(r"\bhaikus?\b", re.IGNORECASE)),
    ("poem", re.compile(r"\b(?:poem|verse|sonnet|limerick|rhyme|ballad)s?\b", re.IGNORECASE)),
    ("lyrics", re.compile(r"\b(?:lyrics|song|chorus)\b", re.IGNORECASE)),
    ("slogan", re.compile(r"\b(?:slogan|tagline|motto|headline|title|name)s?\b", re.IGNORECASE)),
    ("caption", re.compile(r"\b(?:caption|tweet|alt text|hashtags?)s?\b", re.IGNORECASE)),
    ("story", re.compile(r"\b(?:story|tale|fable|joke|anecdote)\b|\bstories\b", re.IGNORECASE)),
    ("email", re.compile(r"\b(?:e-?mail|letter|press ?release|announcement|invitation)s?\b", re.IGNORECASE)),
    ("script", re.compile(r"\b(?:script|voice-?over|narration|monologue|dialogue|podcast)s?\b", re.IGNORECASE)),
)  # fmt: skip
_ABOUT = re.compile(
    r"\b(?:about|on the subject of|of|for|describing|praising|celebrating|on)\s+(.{2,160}?)"
    r"(?=$|[.;:!?\n]|,? (?:and|in the style|with \d|in \d|read|to be)\b)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:please |now )?(?:write|draft|compose|create|make|generate|give me|tell)\s+(?:me\s+)?", re.IGNORECASE
)
_LONGER = re.compile(r"\blonger\b", re.IGNORECASE)
_SHORTER = re.compile(r"\bshorter\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:a|an|the|some|our|my|your|this|that)\s+", re.IGNORECASE)


def spoken(subject: str, seconds: float | None) -> str:
    """A voiceover of about this length, on a subject of which nothing but its name is known."""
    thing = _ARTICLE.sub("", subject.strip(" .")) or "moment"
    sentences = (
        f"This is {_with_article(thing)}.",
        "Take a moment and look closely.",
        "Every detail is there for a reason.",
        f"See how {_definite(thing)} moves, and where the light falls.",
        "Made to be seen, and made to be remembered.",
        f"Let {_definite(thing)} speak for itself.",
    )
    budget = max(6, int((seconds or 8.0) * WORDS_A_SECOND))
    said, words = [sentences[0]], len(sentences[0].split())
    for sentence in sentences[1:]:
        words += len(sentence.split())
        if words > budget:
            break
        said.append(sentence)
    return " ".join(said)


def is_made_up(text: str) -> bool:
    """It is what `spoken` said, and no words of a person."""
    return text.startswith("This is ") and (text.count(". ") == 0 or "Take a moment and look closely." in text)


def written(prompt: str) -> str:
    """What the offline writer answers: a simple text in the form that was asked for."""
    form = next((name for name, pattern in _FORMS if pattern.search(prompt)), "text")
    about = subject_of(prompt)
    text = _TEMPLATES[form].format(s=about, S=_capital(about))
    if _LONGER.search(prompt):
        return f"{text}\n\n{_MORE.format(s=about, S=_capital(about))}"
    return _first_half(text) if _SHORTER.search(prompt) else text


def subject_of(prompt: str) -> str:
    """What a text shall be about, in the prompt's own words."""
    line = next((line for line in prompt.splitlines() if line.strip()), prompt).strip()
    match = _ABOUT.search(line)
    found = match[1] if match else _FILLER.sub("", line)
    return found.strip(" .,\"'“”")[:160] or "today"


def _first_half(text: str) -> str:
    """Of its lines, else of its sentences."""
    parts = text.splitlines() if "\n" in text else re.split(r"(?<=\.) ", text)
    return ("\n" if "\n" in text else " ").join(parts[: max(1, len(parts) // 2)])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _definite(thing: str) -> str:
    return f"the {thing.split(' of ')[0].split(' with ')[0].split(' on ')[0].split(' in ')[0]}"


def _with_article(thing: str) -> str:
    first = thing.split()[0].lower() if thing.split() else ""
    head = _definite(thing).split()[-1].lower()
    if (
        thing[:1].isupper()
        or (head.endswith("s") and not head.endswith("ss"))
        or first in {"rain", "music", "water", "coffee", "snow", "love"}
    ):
        return thing
    return f"{'an' if first[:1] in 'aeiou' else 'a'} {thing}"


_MORE: Final = (
    "And there is more to say of {s}: how it began, whom it belongs to, and what stays when it is over.\n"
    "{S} is still there in the evening, a little changed, and worth another look."
)
_TEMPLATES: Final = {
    "haiku": "Soft words about {s}\nA quiet moment passes\nThe page stays open",
    "poem": "{S}, seen in morning light,\nslow to arrive and gone from sight;\nwe keep the hour, we keep the sound,\n"
    "and leave the rest upon the ground.",
    "lyrics": "Here we go again with {s},\nsing it low and sing it clear;\n{S}, oh, {s},\nstay a little longer here.",
    "slogan": "{S}. Made for the moment.",
    "caption": "{S}, as it is.",
    "story": "Once there was nothing here but {s}. One day somebody stopped, looked twice, and stayed. By evening "
    "others had come to see what was worth the waiting. They found {s}, and a good reason to come back.",
    "email": "Hello,\n\nthis is a short note about {s}. You will find the details below; answer whenever it suits you."
    "\n\nKind regards",
    "script": "Look at {s}. Take your time. There is more here than the first glance shows, and it is worth a second.",
    "text": "{S}: a short text. It says what it is about, stays on the subject, and ends before it grows long.",
}
