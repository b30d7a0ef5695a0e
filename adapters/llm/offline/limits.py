"""What the stand-in cannot do, said before it plans: other languages, files that are not there, reading, cloning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from adapters.llm.offline.controls import control
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.lexicon import some_of

_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]{0,2000}[\"”“»]")
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH: Final = some_of("the a an of and with for to in on at it is this that my from by into make")
_FOREIGN: Final = some_of("""
    der die das den dem ein eine einen einem einer und mit von für im auf ist nicht bitte mach mache erstelle
    schreibe zeichne male bild ich le les un une des du et avec pour dans est sur fais crée écris dessine moi el los las
    una y con para por del haz crea escribe dibuja imagen di che della il gli e uma os com faz crie desenhe de la het
    een van en maak teken voor met""")
"""Words that bear no meaning of their own, and the verbs that requests begin with."""
_LATIN_MAX: Final = 0x24F
_LANGUAGE: Final = (
    "The planner that answers here is a stand-in that reads English only. Say it in English, or have a language model "
    "plan: set STUDIO_LLM_BASE_URL, STUDIO_LLM_API_KEY and STUDIO_LLM_PRIMARY_MODEL, and start the platform again."
)
_LABEL = re.compile(r"\b(?:made_)?(?:image|video|audio|3d|text|other)_\d{1,4}\b", re.IGNORECASE)
_ID = re.compile(r"\b(?:ast|upl)_\w{1,64}")
_ATTACHED = re.compile(
    r"\bsee (?:the )?attach(?:ed|ments?)\b|\b(?:the|this|these|my) (?:attached|enclosed|uploaded)\b"
    r"(?! (?:garage|house|room|deck|porch|balcony|carport))|\b(?:i|i've|i have) (?:just )?(?:attached|uploaded)\b"
    r"|\b(?:the|my|this) (?:attachments?|uploads?)\b|\(attached\)|\bas attached\b",
    re.IGNORECASE,
)
_SEE_ATTACHED = re.compile(
    r" ?[(\[]? ?(?:please )?(?:see (?:the )?attach(?:ed|ments?)(?: \w+)?|as attached) ?[)\]]?| ?\(attached\)",
    re.IGNORECASE,
)
HOW_TO_ATTACH: Final = "To attach one, drop it on the message or use the button beside it, then say it again."
_FILE: Final = (
    r"(?:pdfs?|files?|documents?|docs?|docx|pages?|web ?sites?|web ?pages?|links?|urls?|papers?|reports?|spreadsheets?"
    r"|excel|csv|presentations?|slides?|meetings?|calls?|e-?mails?|attachments?|uploads?|contracts?|books?)"
)
_MEDIUM: Final = (
    r"(?:images?|pictures?|photos?|screenshots?|drawings?|videos?|clips?|films?|audio|recordings?|sounds?|songs?)"
)
_POINTS: Final = r"(?:this|that|the|my|these|our|an? attached)"
_READS: Final = (
    r"(?:describe|summari[sz]e|transcribe|analy[sz]e|explain|caption|classify|translate|proofread|review|ocr|read"
    r"|extract (?:the |all )?(?:text|words) (?:from|of)|(?:tell me |say )?what(?:'s| is) (?:in|on)"
    r"|(?:write|make|give me) (?:a |the )?(?:summary|description|transcript|transcription|translation|caption)"
    r" (?:of|for))"
)
_OF_A_FILE = re.compile(
    rf"^(?:please |can you |could you )*{_READS}\s+{_POINTS}\s+(?:\w+\s+){{0,2}}?{_FILE}\b", re.IGNORECASE
)
_OF_A_MEDIUM = re.compile(
    rf"^(?:please |can you |could you )*{_READS}\s+(?:{_POINTS}\s+(?:\w+\s+){{0,2}}?{_MEDIUM}\b|"
    r"(?:image|video|audio|other)_\d+\b)|^(?:please |can you )*(?:transcribe|ocr)\b",
    re.IGNORECASE,
)
READS_NOTHING: Final = (
    "Nothing here reads what is in a file: no picture is described, no recording transcribed, no document summarised. "
    "Say in words what it holds, and what shall be made of it."
)
_OWN_VOICE = re.compile(
    r"\bclon(?:e|es|ing)\b.{0,30}\bvoice\b|\b(?:in|with|using|use) my (?:own )?voice\b|\bvoice clon(?:e|ing)\b"
    r"|\bsounds? (?:just |exactly )?like me\b",
    re.IGNORECASE,
)
_HANDS_OUT = re.compile(
    r"^(?:please |and |then )*(?:download|save|export|share|send|e-?mail|publish|print|upload|post)\s+(?:me\s+)?"
    r"(?:it|this|that|them|the (?:file|files|results?))\b",
    re.IGNORECASE,
)
_ONLY_CLONING = re.compile(
    r"^(?:please |can you |could you |i want to )*(?:voice )?clon\w+(?:\s+\w+){0,3}[\s.!?]*$", re.IGNORECASE
)
_NO_CLONING: Final = "No model here speaks in a person's own voice"


WRITES_ENGLISH: Final = "It is to be in {}, but the stand-in writes English only: a language model is needed for that."


def refusal(request: str, facts: Facts, made: Iterable[object] = ()) -> str:
    """Why nothing is planned for these words; empty where nothing stands against it. `made` is what a plan makes."""
    return (
        _other_language(request)
        or file_that_is_missing(request, facts)
        or reads_a_file(request, made)
        or (
            f"{_NO_CLONING}: a voice is not cloned." if _clones(request, facts) and _ONLY_CLONING.match(request) else ""
        )
    )


def remark(request: str, facts: Facts) -> str:
    """What is done otherwise than it was said."""
    return f"{_NO_CLONING}, so one of its own speaks." if _clones(request, facts) else ""


def without_remarks_on_files(request: str) -> str:
    """`(see attached)` says nothing of what is to be made."""
    return _SEE_ATTACHED.sub("", request)


def file_that_is_missing(request: str, facts: Facts) -> str:
    """Says that a file is not there, and how it gets there; empty where all are."""
    known = {label.lower() for label, _ in facts.uploads}
    said = _QUOTED.sub(" ", request)
    label = next((match[0] for match in _LABEL.finditer(said) if match[0].lower() not in known), None)
    if label is not None:
        return f"There is no {label} in this session. {HOW_TO_ATTACH}"
    if (named := _ID.search(said)) is not None:
        return f"I cannot tell which file {named[0]} is: say its label, such as image_1. {HOW_TO_ATTACH}"
    if _ATTACHED.search(said) and not any(not name.startswith("made_") for name in known):
        return f"Nothing is attached to this session. {HOW_TO_ATTACH}"
    return ""


def files_wish(said: str) -> str | None:
    """What to say to `save it as png`, `email it to me`."""
    return control(said, "") if _HANDS_OUT.match(said) else None


def nothing_there(word: str) -> str:
    """Said of a word that could mean something, where nothing is."""
    return (
        f"I cannot tell what “{word}” is: nothing is made here yet, and no file attached. Say what to make. "
        f"{HOW_TO_ATTACH}"
    )


def reads_a_file(request: str, made: Iterable[object] = ()) -> str:
    """Says that nothing does it; what a plan makes itself is known without looking."""
    if _OF_A_FILE.match(request.strip()) or (_OF_A_MEDIUM.match(request.strip()) and not list(made)):
        return READS_NOTHING
    return ""


def _clones(request: str, facts: Facts) -> bool:
    return _OWN_VOICE.search(_QUOTED.sub(" ", request)) is not None and "audio" not in facts.takes.get("speech", ())


def _other_language(request: str) -> str:
    words = [word.lower() for word in _WORD.findall(_QUOTED.sub(" ", request))]
    foreign = {word for word in words if word in _FOREIGN}
    other_script = sum(any(ord(letter) > _LATIN_MAX for letter in word) for word in words)
    is_foreign = len(foreign) > 1 and len(foreign) > len(_ENGLISH.intersection(words))
    return _LANGUAGE if is_foreign or (other_script and other_script * 2 >= len(words)) else ""
