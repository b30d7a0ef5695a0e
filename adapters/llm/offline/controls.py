"""Wishes that no edit fulfils: run it, stop, try again, I don't like it. What the page has for them is named."""

from __future__ import annotations

import re
from typing import Final

from adapters.llm.offline.undoing import HOW

_THING: Final = (
    r"(?:it|this|that|them|these|everything|all|all of (?:it|them)|the (?:whole )?(?:plan|run|job|thing|steps?|results?"
    r"|pictures?|images?|videos?|clips?|films?|songs?|music|voice|voiceover|audio|sound|text|poem|story|3d model|file"
    r"|files|last (?:one|step)))"
)
_PLAN: Final = r"(?:it|this|that|them|everything|all|all of it|the (?:whole )?(?:plan|run|job|thing|generation))"
_VERY: Final = (
    r"(?:(?:so|too|very|really|just|totally|all|quite|pretty|rather|kind of|a bit|actually|simply|still)\s+)*"
)
_BAD: Final = (
    r"(?:ugly|wrong|bad|terrible|awful|horrible|hideous|meh|rubbish|garbage|crap|trash|weird|strange|off|lame|poor"
    r"|disappointing|no good|not like (?:that|this)|not (?:good|great|nice|right|ok|okay|it|there yet|quite right"
    r"|what (?:i|we) .{2,40}))"
)
_OPENING = re.compile(
    r"^(?:(?:please|ok|okay|yes|yeah|yep|sure|great|good|fine|perfect|nice|cool|hmm?|uh|oh|well|no|nope|nah|sorry|wait"
    r"|just|now|then|so|but|and|actually|alright|looks (?:good|great|fine)|can you|could you|would you|will you"
    r"|let's|lets|let us|i want to|i want you to|i'd like to|i would like to)\b[\s,.!;:-]*)+",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"(?<![\s,.!?])[\s,.!?]*(?:(?<=[\s,])(?:please|now|then|thanks|thank you|right away|bitte)[\s,.!?]*)*$",
    re.IGNORECASE,
)
_NO = re.compile(r"^(?:no|nope|nah)(?:[\s,]+(?:no|nope|thanks|thank you|please))*[\s.!]*$", re.IGNORECASE)
_YES = re.compile(r"^(?:yes|yep|yeah|sure|approved|confirmed|y)(?:[\s,]+please)?[\s.!]*$", re.IGNORECASE)
_MODELS: Final = r"(?:ai\s+)?(?:models?|engines?|providers?|generators?)"


def _one_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE)


_RUN = _one_of(
    rf"(?:run|start|execute|approve|launch|begin|go|go ahead|proceed|continue|carry on|do|confirm|accept|submit"
    rf"|finish|complete|generate|render|create|make)(?:\s+(?:with\s+|on\s+with\s+)?{_PLAN})?"
    r"(?:\s+(?:ahead|for it|happen))?"
)
_NEEDS_OBJECT = re.compile(r"(?:generate|render|create|make)", re.IGNORECASE)
_STOP = _one_of(
    rf"(?:stop|cancel|abort|halt|pause|reject|discard|quit|terminate|kill|scrap|abandon)(?:\s+{_PLAN})?(?:\s+running)?"
)
_AGAIN = _one_of(
    rf"(?:try|do|run|make|generate|create|render|start|draw)(?:\s+{_THING})?\s+(?:again|once more|one more time|over)",
    rf"(?:again|retry|redo|re-?run|repeat|regenerate|re-?roll|remake|recreate|once more|one more time)(?:\s+{_THING})?",
    r"(?:give it\s+)?(?:another|one more) (?:try|go|attempt|shot|round)",
)
_DISLIKED = _one_of(
    rf"(?:i|we)\s+{_VERY}(?:don't|do not|dont|didn't|did not|can't|cannot)\s+{_VERY}(?:like|love|want|stand)\s+"
    rf"(?:{_THING}|any of (?:it|them)|how .{{2,40}})",
    rf"(?:i|we)\s+{_VERY}(?:hate|dislike)\s+{_THING}",
    rf"(?:(?:it|this|that|these|they|{_THING})\s*(?:'s|’s|is|are|was|were|looks?|sounds?|seems?|feels?)\s+)?"
    rf"(?:like\s+)?{_VERY}{_BAD}",
)
_UNDECIDED = _one_of(
    r"(?:i|we)(?:'m|’m| am|'re| are)\s+not\s+(?:so |really |quite )?(?:sure|happy|convinced|satisfied).{0,60}",
    r"(?:i|we)\s+(?:really\s+)?(?:don't|do not|dont)\s+know.{0,40}",
    r"(?:it's |it is )?up to you|you (?:decide|choose|pick)|(?:do |make )?(?:whatever|anything)(?: you (?:like|want))?",
    r"(?:change|improve|fix)\s+(?:it|this|that|everything|all of it)|make (?:it|this|that) (?:different|otherwise)",
)
_FAILED = _one_of(
    rf"{_THING}\s+(?:has\s+|is\s+)?(?:failed|broken|crashed|stuck|not working|corrupt(?:ed)?)",
    rf"(?:{_THING}|nothing)\s+(?:does not|doesn't|did not|didn't)?\s*(?:works?|happens?|loads?|opens?)"
    r"(?:\s+(?:any ?more|at all))?",
    r"(?:something|what) went wrong|error",
)
_MONEY = _one_of(
    r"(?:(?:i want|give me|i'd like|i would like|can i (?:have|get))\s+)?"
    r"(?:my (?:money|credits)|a refund|refund(?: me)?)(?:\s+back)?"
)
_OTHER_MODEL = _one_of(
    r"(?:(?:use|try|take|switch to|change to|pick|choose|with|get|do it with|make it with)\s+)?"
    r"(?:(?:an?|the|some|any)\s+)?"
    rf"(?:different|another|other|better|new|cheaper|faster|stronger|best|next)\s+{_MODELS}(?:\s+(?:for|on)\s+{_THING})?"
    r"(?:\s+instead)?",
    rf"(?:change|switch|swap)\s+(?:the\s+|to\s+)?{_MODELS}(?:\s+(?:for|of)\s+{_THING})?",
)
_BACK = _one_of(
    r"(?:go|switch|change|return|revert|get|come)(?:\s+it)?\s+(?:back\s+)?to\s+(?:the|my|that|how)\s+(?:.{1,60}\s)?"
    r"(?:ones?|versions?|state|was)(?:\s+(?:again|before))?",
    r"(?:i|we)\s+(?:liked|preferred|loved)\s+(?:the\s+|my\s+|it\s+)?.{1,60}",
    r"(?:i|we)\s+(?:like|prefer|love)\s+(?:the\s+)(?:first|old|previous|earlier|last|original|other|\w+)\s+(?:one|version)"
    r"(?:\s+(?:better|more|most|best))?",
    r"(?:the\s+|my\s+|it\s+)?.{1,60}\s+(?:was|were)\s+(?:(?:much|way|far|a lot|actually|so)\s+)*(?:better|nicer|best"
    r"|fine|good|perfect|ok|okay|great)(?:\s+(?:before|then|as it was))?",
)
_FILES = _one_of(
    rf"(?:download|save|export|share|send|e-?mail|publish|print|upload|post)(?:\s+me)?\s+{_THING}(?:\s+(?:to|as|on|in|for"
    r"|with)\s+.{1,60})?",
    rf"(?:show|open|play|view|see|display)(?:\s+me)?(?:\s+{_THING})?",
)
_WAITING: Final = "awaiting_approval"
_RUNS: Final = {
    True: "A message does not run the plan: choose “Approve and run” at it. Nothing is made before you do.",
    False: "The plan stays as it is, and it has run: “Run again” at it makes it once more, and costs again.",
}
_STOPS: Final = {
    True: "Nothing is running. To give this plan up, choose “Reject” at it; nothing is charged.",
    False: "Nothing is running, so there is nothing to stop. The plan stays as it is; what it made is kept.",
}
_REPEATS: Final = {
    True: "This plan has not run yet: choose “Approve and run” at it, or say what should be different.",
    False: "An edit makes nothing again that is to be the same. “Run again” at the plan makes all of it once more, "
    "“Rerun from here” at a step that one and what follows; both cost again.",
}
_UNLIKED: Final = (
    "Say what should be different, for example “make it brighter” or “a dog instead of the cat”. Until then the plan "
    "stays as it is."
)
_OTHERS: Final = {
    True: "Say which model, by its name: “use local/picture for the image”. The names are in the list of models.",
    False: "Choose it at the step, under “With another model”, or say its name: “use local/picture for the image”.",
}
_BACK_PAID: Final = (
    "What a run has cost is in the list of credits. A step that fails costs nothing: that is given back at once."
)
_LOOKS: Final = "Its results are at the steps of the plan: choose one to see it, and “Download” there to have the file."


def control(said: str, status: str) -> str | None:
    """What to say to words that ask for nothing that an edit does; None to all others."""
    waits = status == _WAITING
    said = " ".join(said.split())
    if _NO.match(said.strip()):
        return f"{_UNLIKED} {_STOPS[waits]}" if waits else _UNLIKED
    if _YES.match(said.strip()):
        return _RUNS[waits]
    core = _ENDING.sub("", _OPENING.sub("", said.strip()))
    if _RUN.fullmatch(core) and not _NEEDS_OBJECT.fullmatch(core):
        return _RUNS[waits]
    answers: tuple[tuple[re.Pattern[str], str], ...] = (
        (_STOP, _STOPS[waits]),
        (_AGAIN, _REPEATS[waits]),
        (_OTHER_MODEL, _OTHERS[waits]),
        (_DISLIKED, _UNLIKED),
        (_UNDECIDED, _UNLIKED),
        (_FAILED, _REPEATS[waits]),
        (_MONEY, _BACK_PAID),
        (_BACK, HOW),
        (_FILES, _LOOKS),
    )
    return next((answer for pattern, answer in answers if pattern.fullmatch(core)), None)
