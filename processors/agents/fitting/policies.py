"""What a plan may cost: the cheapest that does it, a balanced price, or the best there is; as the person says it. Pure.

Only what is said of the making counts: no quotation, nothing that is to be spoken or shown, no `film about a man on a
budget`, and nothing that is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from processors.agents.folding import folded
from processors.agents.words.clauses import own_words, unquoted

Policy = Literal["cheapest", "balanced", "best"]

_MADE: Final = (
    r"(?:clips?|videos?|films?|images?|pictures?|photos?|versions?|drafts?|models?|options?|ones?|ways?|songs?|music|"
    r"voiceovers?|animations?|results?|renders?|tiers?|modelle?n?|variante)"
)
_MODELS: Final = (
    r"(?:(?:video|image|picture|photo|text|speech|voice|music|sound|audio|3d)\s+)?(?:models?|modelle?n?|option|tier)"
)
_CLAUSE: Final = r"(?<![^.,;:!?\n])[ \t]*(?:(?:and|but|please|then|so|now)[ \t]+)*"
"""From the beginning of one."""
_OVER: Final = r"(?=\s*(?:\Z|[.,;:!?\n]))"
_TAKES: Final = (
    r"(?:use|using|with|take|taking|pick|choose|want|by|from|only|nimm|mit)\s+(?:the\s+|your\s+|only\s+|die\s+|das\s+)*"
)
_ENDS: Final = (
    r"(?=\s*(?:\Z|[.,;:!?\n()])|\s+(?:please|possible|available|you|that|first|for|and|but|only|now|bitte|any|again)\b)"
)
_THERE: Final = r"(?:\s+(?:there (?:is|are)|you have|that there (?:is|are)))?"
_SOON: Final = r"(?:quick|fast|simple|rough|easy) ?"
_CHEAPEST: Final = (
    rf"{_CLAUSE}{_SOON}(?:and |& )?cheap(?:,? (?:please|bitte))?{_OVER}|"
    rf"{_SOON}(?:and |& )cheap{_ENDS}|cheap(?: and| &) {_SOON}{_ENDS}|"
    rf"\ban?\s+(?:{_SOON})?(?:and |& )?(?:cheap(?:er)?|inexpensive)\s+{_MADE}"
    rf"(?=\s+(?:of|about|for|from|with|that|please)\b|{_OVER})|"
    rf"{_CLAUSE}(?:cheap|low[- ]cost) (?:is|would be) (?:fine|ok|okay|enough|good enough){_OVER}|"
    rf"{_CLAUSE}(?:low[- ]cost|inexpensive(?:ly)?|economical(?:ly)?|nothing (?:expensive|fancy))(?:,? please)?{_OVER}|"
    rf"(?:budget|economy)\s+(?:version|option|tier|model)|(?:do not|don't) (?:want to )?spend (?:too )?(?:much|a lot)|"
    rf"cheapest\s+(?:possible\s+)?{_MADE}{_THERE}|cheapest{_ENDS}|as cheap(?:ly)? as(?: possible|\s+(?:it|you|we)\b)|"
    rf"cheaply{_ENDS}|(?:keep|make|do) it (?:as |a bit |much )?(?:cheap(?:er)?|low[- ]cost){_ENDS}|"
    rf"{_TAKES}cheap(?:er)?\s+{_MADE}|{_TAKES}(?:an?\s+|eine?n?\s+|some\s+)?(?:cheap(?:er)?|low[- ]cost)\s+{_MODELS}\b|"
    rf"{_CLAUSE}(?:a bit |something |much )?cheaper{_OVER}|{_CLAUSE}cheap(?:er)?,? (?:please|bitte){_OVER}|"
    rf"{_CLAUSE}(?:that's |that is |this is |it's |it is )?too (?:expensive|costly){_OVER}|"
    rf"low[- ]cost\s+{_MADE}|(?<![^.,;:!?\n])[ \t]*(?:we are |i am |i'm |we're )?on an? (?:\w+ )?budget{_ENDS}|"
    rf"save credits{_ENDS}|{_CLAUSE}(?:to )?save money{_ENDS}|(?:cost|spend)\w* as little as possible|"
    rf"{_CLAUSE}low budget{_OVER}|keep the (?:costs?|price) (?:low|down){_ENDS}|"
    r"(?:so|moglichst) (?:gunstig|billig)\w*(?: wie moglich)?|"
    rf"(?:am )?gunstigste\w*(?:{_ENDS}|\s+{_MADE})|le moins cher|lo mas barato"
)
_BEST: Final = (
    r"(?:best|highest|top|premium|finest|maximum)(?: possible)?[- ](?:quality|resolution)"
    rf"(?:{_ENDS}|(?=\s+(?:(?:(?:in|of) (?:the|all|this|these|both) )?{_MADE}|is)\b))|"
    rf"{_TAKES}(?:best|top|premium|finest)\s+{_MODELS}{_THERE}{_ENDS}|"
    rf"{_CLAUSE}(?:the )?(?:best|top|premium|finest)\s+{_MODELS},? (?:please|bitte){_OVER}|"
    rf"{_CLAUSE}(?:(?:i|we) (?:want|need|'d like|would like) |i'd like |go (?:for )?|make it |use |the )?"
    rf"premium(?: (?:version|option|tier|one))?(?:,? please)?{_OVER}|"
    rf"as good as (?:possible|it gets|you can){_ENDS}|the best you can(?: do)?{_ENDS}|"
    r"best possible (?:result|outcome)s?|spare no expense|no expense spared|"
    r"(?:price|cost|money) (?:is no object|does(?: not|n't) matter)|(?:whatever|no matter what) it costs|"
    r"(?:beste[rn]?|hochste[rn]?) qualitat|meilleure qualite|(?:mejor|maxima) calidad"
)
_SAID = re.compile(rf"(?<!\w)(?:(?P<cheapest>{_CHEAPEST})|(?P<best>{_BEST}))")
_MADE_AT_END = re.compile(rf"{_MADE}$")
WISHES_MAX: Final = 20
"""That are taken out of one text."""
_NEAR: Final = 40
_BREAK = re.compile(
    r"[.;!?\n](?:\s|\Z)|,\s|"
    r"\s(?:and|but|then|und)\s(?=(?:please |also )?(?:use|make|do|take|keep|pick|choose|nimm|mach)\b)"
)
_FOR_WHAT = re.compile(r"(?<!\w)(?:for|fur|bei|mit)\s[^.,;!?\n]{1,80},\s\Z")
_QUOTATION = re.compile(r"\"[^\"]*\"|(?<!\w)'[^'\n]{2,}'(?!\w)")
_LEADS_UP = re.compile(r"(?:[\s,;]*\b(?:in|with|at|of|the|a|and|but|use|using|take))*[\s,;]*\Z")
_PLEASE = re.compile(r"^(?:,?\s+(?:please|bitte))+")
_FIRST = re.compile(r"^[\s,:;.!]*(?:(?:for|to|and)\s+)?")
_DENIED_BEFORE = re.compile(
    r"\b(?:not|don't|dont|doesn't|isn't|never|no|without|nicht|keine?n?|rather than|instead of|avoid)\b"
    r"[^.,;:!?\n]{0,30}\Z"
)
_DENIED_AFTER = re.compile(r"\s*(?:is|are|does|ist)?\s*(?:not|n't|isn't|doesn't|aren't|unnecessary|nicht|no longer)\b")
_SHOWN_BEFORE = re.compile(
    r"\b(?:says?|saying|reads?|reading|titled|called|named|about|words|slogan)\b[^.,;:!?\n]{0,30}\Z"
)


def policy_of(request: str, earlier: Iterable[str] = ()) -> Policy:
    """Of all, what is said last counts, and stays until something else is said; the price is balanced where nothing is.

    `earlier` is what the person said before of the same plan, the oldest first.
    """
    said: Policy = "balanced"
    for words in map(unquoted, (*earlier, request)):
        for match in _said_in(words):
            told: Policy = "cheapest" if match["cheapest"] else "best"
            if not _is_denied(words, match):
                said = told
            elif said == told:
                said = "balanced"
    return said


def price_clauses(request: str) -> tuple[str, ...]:
    """The parts of it that say, or deny, what things may cost; folded, without what is quoted."""
    words = unquoted(request)
    found: dict[tuple[int, int], str] = {}
    for match in islice(_said_in(words), WISHES_MAX):
        begin = max((end.end() for end in _BREAK.finditer(words, 0, match.start())), default=0)
        for_what = _FOR_WHAT.search(words, max(0, begin - 2 * _NEAR), begin)
        begin = for_what.start() if for_what is not None else begin
        after = _BREAK.search(words, match.end())
        end = after.start() if after is not None else len(words)
        found[begin, end] = words[begin:end]
    return tuple(found.values())


def without_price(request: str) -> str:
    """What is left of it for those who draw and write: that a picture shall be cheap is not to be seen on it."""
    words = folded(request)
    if len(words) != len(request):
        return request
    own = own_words(request)
    end = len(own) if own == words else len(own) - len(' ""')
    words = _QUOTATION.sub(lambda match: "\0" * len(match[0]), words[:end])
    for match in reversed(list(islice(_said_in(words), WISHES_MAX))):
        if _is_denied(words, match):
            continue
        made = _MADE_AT_END.search(match[0]) if match[0].startswith(("a ", "an ")) else None
        kept = f"a {match[0][made.start() :]}" if made is not None else ""
        leads = _LEADS_UP.search(words, max(0, match.start() - _NEAR), match.start())
        begin = leads.start() if leads is not None and not kept else match.start()
        request = f"{request[:begin]}{kept}{_PLEASE.sub('', request[match.end() :])}"
    return _FIRST.sub("", " ".join(request.split())).strip(" ,:;")


def _said_in(words: str) -> Iterator[re.Match[str]]:
    for match in _SAID.finditer(words):
        if _SHOWN_BEFORE.search(words, max(0, match.start() - 60), match.start()) is None:
            yield match


def _is_denied(words: str, match: re.Match[str]) -> bool:
    before = _DENIED_BEFORE.search(words, max(0, match.start() - 60), match.start())
    return before is not None or _DENIED_AFTER.match(words, match.end()) is not None
