"""What is done to files that are there: which operation words name, whether a step's or a model's own. Pure.

A tool of the catalog does one thing; its id, its title and its tags say which. A step is only given to a tool that does
what the step's words name first. Words that name nothing in particular (`combine them`, `the final film`) ask for files
to be put together.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from processors.agents.folding import folded

TOGETHER: Final = "together"
"""Several files become one, in whatever way those files can."""

_CALLED: Final = {
    "merge": r"(?:re)?merg\w*|mux\w*|dubb?(?:ed|ing)?|sound ?track\w*|verton\w*|unterleg\w*|fusionn\w*",
    "concat": r"join\w*|concat\w*|stitch\w*|append\w*|splic\w*|after (?:the other|another|each other)|in a row|"
    r"back to back|string\w* together|aneinander\w*|hintereinander|bout a bout|enchain\w*",
    "thumbnail": r"thumb(?:s|nail\w*)?|vorschaubild\w*|poster ?(?:frame|image)|"
    r"(?:preview|cover) (?:image|picture|frame)|"
    r"still (?:image|frame|picture)s?|stills?|snapshots?|screen ?(?:shot|grab)s?|standbild\w*|miniature?|vignette|"
    r"(?:first|last|middle|single|key|one|a) ?frame|frame (?:at|from|of|out)|"
    r"(?:extract|grab|captur|tak|sav|pull|export)\w* (?:\w+ ){0,3}(?:frame|still|poster|picture|image)",
    "upscale": r"up-?(?:scal|siz|res)\w*|enlarg\w*|super[ -]?resolution|hochskalier\w*|vergross\w*|agrandi\w*|"
    r"(?:higher|more|increase\w*|double|raise\w*) (?:the )?resolution|twice (?:the|its) size|ampliar",
    "resize": r"re-?(?:siz|scal)\w*|redimension\w*",
    "shrink": r"shrink\w*|down-?(?:scal|siz|sampl)\w*|reduce\w* (?:the )?(?:size|resolution)|verkleiner\w*",
    "cutout": r"cut-?outs?|cut(?:s|ting)? (?:\w+ ){0,3}out|freistell\w*|freigestellt\w*|transparent background|matting|"
    r"(?:remov|eras|delet|strip|drop)\w* (?:of )?(?:\w+ ){0,2}background|background (?:remov|eras)\w*|"
    r"without (?:the |its |a )?background|hintergrund (?:entfern\w*|weg)|detour\w*",
    "subtitle": r"sub-?titl\w*|caption\w*|untertitel\w*|sous-titr\w*|subtitul\w*|sottotitol\w*|legendar",
    "watermark": r"water-?mark\w*|wasserzeichen\w*|filigran\w*|marca de agua|text overlay|title card|"
    r"lower thirds?|end ?card|"
    r"(?:add|put|place|overlay|stamp|show|burn|brand)\w* (?:\w+ ){0,3}(?:logos?|text|titles?|credits)",
    "reverse": r"revers(?:e|es|ed|ing)|backwards?|ruckwarts|rewind\w*|a l'envers|al reves",
    "slideshow": r"slide-? ?shows?|diashow\w*|diaporama",
    "archive": r"zip|zipped|archiv\w*|tarball|pack(?:s|ed|ing)? (?:\w+ ){0,3}(?:in|into|as|up)|(?:ein|ver)pack\w*",
    "trim": r"trim\w*|shorten\w*|cut(?:ting)? (?:it |the \w+ )?(?:to|down|off|after|at|from|between|short)|"
    r"kurz(?:en|t)|zuschneiden|raccourci\w*|split\w*|(?:keep|only) (?:the )?(?:first|last)",
    "crop": r"crop\w*|reframe\w*|letter-?box\w*|beschneid\w*|recadr\w*",
    "turn": r"rotat(?:e|es|ed|ing)|flip(?:s|ped|ping)?|(?:90|180|270) degrees|upside down|dreh(?:e|en|t)|pivoter",
    "speed": r"(?:speed|slow)\w* (?:\w+ ){0,3}(?:up|down)|(?:speed|slow)(?:ed)? (?:up|down)|in slow[ -]motion|zeitlupe|"
    r"time-?lapse|zeitraffer|(?:double|half|twice) (?:the )?speed|frame ?rate|fps|interpolat\w*|ralentir|accelerer",
    "loop": r"loop(?:s|ed|ing)?|boomerang|repeat(?:s|ed|ing)?",
    "fade": r"(?:cross-?)?fad(?:e|es|ed|ing)(?: in| out)?|transitions?|uberblend\w*|fondu",
    "convert": r"convert\w*|conversion|transcod\w*|re-?encod\w*|konvertier\w*|umwandel\w*|gifs?|pdfs?|"
    r"(?:as|to|into|in) (?:an? )?(?:mov|webm|avi|mkv|wav|ogg|flac|aac|png|webp|tiff?|svg|obj|stl|usdz|docx?)",
    "compress": r"compress\w*|smaller file|file size|komprimier\w*",
    "collage": r"collages?|(?:in|into|as) an? (?:\w+ )?(?:grid|mosaic)|contact sheet|side by side|"
    r"split-? ?screen|nebeneinander",
    "overlay": r"picture[ -]in[ -]picture|bild im bild|green ?screen|chroma ?key|composit(?:e|es|ed|ing)",
    "steady": r"stabili[sz]\w*|de-?shak\w*",
    "clean": r"de-?(?:nois|flicker|blur)\w*|noise (?:reduc|remov)\w*|restor(?:e|es|ed|ing|ation)|"
    r"entrausch\w*|remaster\w*",
    "colour": r"colou?r(?:i[sz]\w*|[ -]?(?:grad|correct)\w*)|gr[ae]y-?scale|black[ -]and[ -]white|sepia|desaturat\w*|"
    r"(?:brighten|darken)\w*|schwarz[- ]?weiss",
    "blur": r"blur\w*|pixelat\w*|anonymi[sz]\w*|sharpen\w*|verpixel\w*|weichzeichn\w*",
    "silence": r"mut(?:e|es|ed|ing)|(?:remov|strip|delet|drop)\w* (?:\w+ ){0,2}(?:audio|sound|voice|music)|"
    r"without (?:the |any )?(?:audio|sound)|karaoke|stems",
    "extract": r"extract\w*|extrahier\w*|extrai\w*|(?:rip|separat|isolat)\w* (?:\w+ ){0,2}(?:audio|sound|voice|music)",
    "loudness": r"normali[sz]\w*|loudness|equali[sz]\w*|louder|quieter|mastering",
    "mix": r"mix(?:es|ed|ing|down)?|misch\w*|abmisch\w*|melang\w*|mezcl\w*",
    "transcribe": r"transcri\w*|transkri\w*|speech to text|ocr|translat\w*|ubersetz\w*",
}  # fmt: skip
"""Operation → how it is called, in folded words. Most have no tool here; that they are known keeps one that does
something else from taking their place."""
_ALSO: Final = {
    "mix": frozenset({"merge"}),
    "merge": frozenset({"mix", "concat"}),
    "concat": frozenset({"merge"}),
    "shrink": frozenset({"thumbnail"}),
}
"""What else is called so: films are merged, too, and a sound is joined to a film; the files that are there tell."""
_TOGETHER: Final = (
    r"combin\w*|compos(?:e|es|ing|ed)|assembl\w*|add(?:s|ed|ing)?|put(?:s|ting)?|lay(?:s|ing)?|attach\w*|unit(?:e|es|ed|ing)|"
    r"plac(?:e|es|ing)|under(?:lay\w*|neath)?|beneath|together|overlay\w*|edit(?:s|ed|ing)?|final\w*|finish\w*|complet\w*|"
    r"whole|sync\w*|with|replac(?:e|es|ing) (?:the )?(?:sound|audio)|kombinier\w*|zusammen\w*|verbind\w*|fertig\w*|"
    r"gesamt\w*|unter|mit|leg(?:e|en|t)|ajout\w*|avec|reuni\w*|anad\w*|junta\w*|con|unir|uni(?:sci|re)|aggiung\w*|"
    r"voeg\w*|samenvoeg\w*|met|polacz\w*|birlestir\w*|adicion\w*|com"
)
_OPERATION: Final = {name: re.compile(rf"(?<!\w)(?:{called})(?!\w)") for name, called in _CALLED.items()}
_PUTS_TOGETHER: Final = re.compile(rf"(?<!\w)(?:{_TOGETHER})(?!\w)")
_LATIN: Final = re.compile(r"[a-z]")
_BETWEEN: Final = re.compile(r"[_/.\-]+")
_CHARS_MAX: Final = 1000
"""Of words in which an operation is looked for."""


def named_in(text: str) -> tuple[str, ...]:
    """The operations that are named, in the order of the words; the longest of those that begin at the same place."""
    told = _plain(text)
    spaced = _BETWEEN.sub(" ", told)
    found: dict[str, tuple[int, int]] = {}
    for name, pattern in _OPERATION.items():
        for words in (told, spaced):
            if (match := pattern.search(words)) is not None:
                place = (match.start(), match.start() - match.end())
                found[name] = min(place, found.get(name, place))
    return tuple(sorted(found, key=found.__getitem__))


def asked_for(operation: str, title: str, description: str) -> str | None:
    """What a step's words name first: its own word for the operation, else its title, else its description. `TOGETHER`
    where they name nothing in particular, or are of a script that is not read here; None where they say nothing."""
    for words in (operation, title, description):
        if named := named_in(words):
            return named[0]
    told = _plain(f"{operation} {title} {description}")
    unread = any(map(str.isalpha, told)) and not _LATIN.search(told)
    return TOGETHER if unread or _PUTS_TOGETHER.search(told) else None


def done_by(operation: str, does: Collection[str]) -> bool:
    """Whether what is called so is among what tools do."""
    named = named_in(operation)
    return bool(same(named[0] if named else operation) & frozenset(does))


def same(operation: str) -> frozenset[str]:
    """The operation, and what else is called so."""
    return frozenset({operation}) | _ALSO.get(operation, frozenset())


def _plain(text: str) -> str:
    return folded(text[:_CHARS_MAX])
