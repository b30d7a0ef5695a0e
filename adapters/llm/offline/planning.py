"""Turns a request into a plan by rules: what each clause makes, from what, and what has to be made first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.llm.offline import limits, words
from adapters.llm.offline.draft import MEDIUM_OF, Draft, Facts, Source
from adapters.llm.offline.joining import Joining
from adapters.llm.offline.lexicon import ATTACHED, BESIDES, WORDS, Kind
from adapters.llm.offline.reading import Clause, Phrase, Reading, read
from adapters.llm.offline.refining import follow, refine

SOUND: Final = frozenset({"speech", "music", "audio"})
TRANSFORMS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("illustrate", "visualize", "visualise"), "image"),
    **dict.fromkeys(("animate", "vivify"), "video"),
    **dict.fromkeys(("narrate", "read", "speak", "recite", "voice", "dub", "pronounce"), "speech"),
}
"""Verbs that make one thing of another: what they name is the source."""
MADE_BY: Final[Mapping[str, Kind]] = {
    "image": "image", "text": "text", "music": "music", "video": "video", "speech": "speech", "3d": "3d",
}  # fmt: skip
"""What a verb makes where no noun says it."""
OF_A_PICTURE: Final[Mapping[str, str]] = {"upscale": "Upscaled picture", "enlarge": "Enlarged picture"}
"""Verbs of what a tool does to a picture where no model that draws can take one, and what comes of it."""
_THING: Final = re.compile(r"(?:an?|two|three|four|five|some)\s+\w{3,}", re.IGNORECASE)
_STATES: Final = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|does|did|do|can|could|will|would|should|told|said|asked|i|me|you|we|us)\b",
    re.IGNORECASE,
)
_PICTURES: Final = frozenset({"pictures", "illustrations", "images", "drawings"})
"""With a text they are what it tells."""
_TALKS: Final = re.compile(r"\b(?:talk|speak|say|sing|tell)s?\b", re.IGNORECASE)
_MOVES: Final = re.compile(r"\b(?:move|dance|come alive|come to life|walk|fly|run)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    title: str
    steps: tuple[dict[str, Any], ...]
    reason: str = ""
    thoughts: tuple[str, ...] = ()
    """What the planner says while it thinks."""
    removed: tuple[str, ...] = ()
    """Ids of the steps that an edit takes out."""
    left_out: str = ""
    """What of the request no step does, and why."""


def plan(request: str, facts: Facts, several: Sequence[str] = ()) -> Answer:
    """The plan of a request; no steps and a reason where nothing in it can be made. `several` are files that `them`
    was found to mean."""
    if why := limits.refusal(request, facts):
        return Answer("", (), why)
    reading = read(limits.without_remarks_on_files(request))
    if not reading.clauses and not reading.is_question and _is_thing(reading.setting):
        reading = read(f"draw {reading.setting}")
    draft = Draft(facts)
    draft.spoken = tuple(one for label in several for one in draft.upload(label))
    extend(reading, draft)
    if remark := limits.remark(request, facts):
        draft.notes.append(remark)
    if not draft.steps:
        return Answer("", (), words.why_nothing(reading, draft), ("There is nothing here that a step could make.",))
    thoughts, left_out = [words.thought(step) for step in draft.steps], words.left_out(draft)
    return Answer(
        words.plan_title(request, draft.steps),
        tuple(draft.steps),
        thoughts=(*thoughts, *([left_out] if left_out else [])),
        left_out=left_out,
    )


def _is_thing(said: str) -> bool:
    """Nothing is said of it but what it is: it is drawn. `A friend told me of you` says something."""
    return _THING.match(said) is not None and _STATES.search(said) is None


def extend(reading: Reading, draft: Draft) -> None:
    """The steps that it asks for, after those that are there."""
    setting = "" if reading.is_question else reading.setting
    for clause in reading.clauses:
        _Clause(draft, clause, setting).plan()
    for rest in reading.rest:
        follow(draft, rest)


def is_addition(clause: Clause) -> bool:
    """Whether it asks for something more, where a plan is there already; else it wants something different."""
    direct = next((phrase for phrase in clause.phrases if not phrase.before), None)
    into = any(phrase.before in ("into", "to") and not phrase.pointing for phrase in clause.phrases)
    text = " ".join(clause.tokens)
    match clause.act:
        case "edit" | "use":
            return clause.verb in OF_A_PICTURE
        case "turn":
            return into
        case "join" | "lipsync" | "extract":
            return True
        case "add":
            return direct is not None
        case "make" if direct is None:
            return _MOVES.search(text) is not None or _TALKS.search(text) is not None
        case "make" | "":
            return direct is not None and not direct.pointing
        case _:
            return True


class _Clause(Joining):
    """Which pattern a clause follows."""

    def plan(self) -> None:
        clause = self.clause
        text = " ".join(clause.tokens)
        if clause.act == "join" and (self._targets() or len(clause.phrases) > 1 or not clause.phrases):
            self._join()
        elif clause.act == "lipsync" or self._is_to_talk(text):
            self._lipsync()
        elif clause.act == "make" and self._targets() and _MOVES.search(text) and not self._product(()):
            self._make("video", None, self._sources("video"))
        elif self._is_measured() and refine(self.draft, clause.text, clause):
            return
        elif clause.act in ("turn", "edit", "extract"):
            self._change()
        elif clause.act == "add" and self._onto():
            self._put()
        elif clause.act == "add":
            self._add()
        else:
            self._create()
        self._besides()
        if self.done:
            self.draft.latest = self.done

    def _is_to_talk(self, text: str) -> bool:
        """`make it say …`, `make the robot talk`; not `make a video that tells …`."""
        talks = _TALKS.search(text)
        made = self._product(("video", "speech", "text", "music", "audio", "3d"))
        return self.clause.act in ("make", "turn") and talks is not None and made is None and not self._is_lettered()

    def _is_lettered(self) -> bool:
        """`an image of a sign that says …`: what it says is written in it."""
        words_before = [word.lower() for word in self.clause.tokens]
        shown = self._product(("image",))
        says = next((n for n, word in enumerate(words_before) if _TALKS.fullmatch(word)), 0)
        return shown is not None and shown.end < says and words_before[says - 1] in ("that", "which")

    def _create(self) -> None:
        act, verb = self.clause.act, self.clause.verb
        if (transformed := TRANSFORMS.get(verb)) is not None:
            self._transform(transformed)
            return
        product = self._product(("image", "video", "speech", "music", "audio", "3d", "lipsync", "text", "utility"))
        if product is None and act == "use":
            product = next((p for p in self.clause.phrases if not p.pointing), None)
        if product is None:
            kind = MADE_BY.get(act)
            if kind is not None:
                self._make(kind, None, self._sources(kind))
            elif self._targets() and act == "make" and len(self.draft.made) == 0:
                self.draft.absent.append("picture")
            elif self._targets() and act == "make":
                refine(self.draft, self.clause.text, self.clause)
            return
        if product.kind == "lipsync":
            self._lipsync()
        elif (product.noun in ATTACHED or product.kind == "utility") and (films := self.draft.film()):
            self._attach(product, self._sources("utility", product) or films)
        elif product.kind == "utility":
            self.draft.absent.append("video")
        elif product.noun == "slideshow" and len(pictures := self._sources("utility", product)) > 1:
            self._utility("concat", self._as_clips(pictures), title="Slide show")
        elif product.kind == "speech" and act == "text":
            self._make("text", product, self._sources("text", product))
        else:
            self._make(product.kind, product, self._sources(product.kind, product))

    def _transform(self, kind: Kind) -> None:
        """Animate or read something: what is named is the source, unless it is the product itself."""
        clause = self.clause
        product = next((p for p in clause.phrases if p.before in ("into", "to", "as") and not p.pointing), None)
        direct = next((p for p in clause.phrases if not p.before and p is not product and not p.pointing), None)
        if product is None and direct is not None and direct.kind == kind:
            product, direct = direct, None
        sources = self._sources(kind, product, direct)
        if not sources and direct is not None and direct.kind != kind:
            sources = self._make(direct.kind, direct, [])
            self.done = []
        manner = kind == "speech" and not sources and direct is None and product is None
        if manner and any(p.kind == "speech" and p.before == "by" for p in clause.phrases) and self._texts(None):
            self._make(kind, None, self._texts(None), subject="")  # `read by a warm voice`
            return
        self._make(
            product.kind if product is not None and product.kind in ("video", "lipsync") else kind, product, sources
        )

    def _change(self) -> None:
        """Turn one thing into another, or make it better."""
        clause = self.clause
        product = next((p for p in clause.phrases if p.before in ("into", "to", "as") and not p.pointing), None)
        direct = next((p for p in clause.phrases if p is not product and not p.before and not p.pointing), None)
        if clause.act == "extract" and direct is not None:
            product, direct = direct, None
        kind: Kind = product.kind if product is not None else "image"
        sources = self._sources(kind, product, direct)
        if not sources and direct is not None:
            sources = self._make(direct.kind, direct, [])
            self.done = []
        if product is None and sources:
            medium = sources[-1].medium
            kind = "image" if medium == "image" else "text" if medium == "text" else "utility"
        if product is None and self._by_tool(sources):
            return
        if not sources and self._targets():
            if product is not None and self.draft.latest and (subject := self._latest_subject()):
                self.lost = False
                self._make(kind, product, [], subject=subject)  # no model here takes it: made anew, from its words
            elif clause.act == "edit" and self.draft.latest and not self.lost:
                self.draft.unable.append(words.called(self.draft.latest[-1]))
            return
        if clause.act == "edit" and product is None and sources and not any(self._usable(one, kind) for one in sources):
            self.draft.unable.append(words.called(sources[-1]))
            return
        if clause.act == "extract" and sources and kind in ("image", "audio") and sources[-1].medium == "video":
            operation = "thumbnail" if kind == "image" else "extract"
            self._utility(operation, sources, medium=MEDIUM_OF[kind], title=words.phrase_title(clause, product, kind))
            return
        if clause.act == "edit" and product is None and not sources:
            sources = self._edited()
            if not sources:
                return
        self._make(kind, product, sources)

    def _is_measured(self) -> bool:
        """`trim it to 2 seconds`: what is only now to be made can be made so."""
        clause = self.clause
        new = [one for one in self.draft.latest if not one.upload and one.ref not in self.draft.taken]
        timed = clause.duration_s is not None and any(one.kind in ("video", "music", "audio") for one in new)
        shaped = bool(clause.size or clause.ratio) and any(one.kind in ("image", "video") for one in new)
        return clause.act == "edit" and bool(clause.pronouns) and not clause.uploads and (timed or shaped)

    def _edited(self) -> list[Source]:
        """What is changed where it is not said: `remove the background`, of the picture there is."""
        there = [one for one in [*self.draft.uploads(), *self.draft.latest] if one.medium == "image"][-1:]
        if not there:
            self.draft.absent.append("picture")
        elif not self._usable(there[0], "image"):
            self.draft.unable.append(words.called(there[0]))
            return []
        return there

    def _by_tool(self, sources: list[Source]) -> bool:
        """`upscale it`, of a picture: a step for a tool, where the models that draw take no picture."""
        verb = self.clause.verb
        if verb not in OF_A_PICTURE or self.lost or any(self._usable(one, "image") for one in sources):
            return False
        meant = sources or self._pronouns("utility") or self.draft.latest
        pictures = [one for one in meant if one.medium == "image" and self._usable(one, "utility")]
        for picture in pictures:
            self._utility("upscale", [picture], medium="image", title=OF_A_PICTURE[verb])
        return bool(pictures)

    def _put(self) -> None:
        """Put one thing under, over or into another."""
        onto = self._onto()
        below = self._resolve(onto, "utility") if onto else []
        product = self._product(("speech", "music", "audio", "image", "utility", "text", "video"))
        if below == [] and isinstance(onto, Phrase) and not onto.pointing:
            subject = words.subject(self.clause, onto)
            below = self._make(onto.kind, onto, [], subject=subject)
            self.done = []
        if product is not None and product is not onto:
            self._attach(product, below)
            return
        tops = self._pronouns("utility", skip=onto) or [s for s in self.draft.loose_ends() if s not in below][-1:]
        tops = [top for top in tops if top not in below] or [s for s in self.draft.latest if s not in below][-1:]
        if tops and below:
            self._utility("merge", [*below, *tops])

    def _add(self) -> None:
        """Add a voice, music, subtitles: to the film there is, if there is one."""
        product = self._product(("speech", "music", "audio", "image", "utility", "text", "video", "3d", "lipsync"))
        if product is None:
            return
        to = self._sources("utility", product)
        film = [] if any(source.medium == "video" for source in to) else self._film_or_upload()
        self._attach(product, [*film, *to])

    def _attach(self, phrase: Phrase, to: list[Source]) -> None:
        films = [source for source in to if source.medium == "video"]
        if phrase.kind == "utility":
            self._utility(phrase.noun, films or to)
        elif phrase.kind == "speech":
            self._make("speech", phrase, [*films[-1:], *self._texts(phrase)])
            self._lay_under(films)
        elif phrase.kind in ("music", "audio"):
            self._make(phrase.kind, phrase, self._texts(phrase))
            self._lay_under(films)
        else:
            sources = self._sources(phrase.kind, phrase)
            self._make(
                phrase.kind, phrase, sources or [source for source in to if self._usable(source, phrase.kind)][-1:]
            )

    def _lay_under(self, films: list[Source]) -> None:
        """Sound that its own step could not put on the film is merged with it."""
        sound = [source for source in self.done if source.medium == "audio"]
        if films and sound and not any(self._is_made_from(source, films[-1]) for source in sound):
            self._utility("merge", [films[-1], *sound])

    def _is_made_from(self, source: Source, film: Source) -> bool:
        step = next(step for step in self.draft.steps if step["id"] == source.ref)
        return film.ref in step["depends_on"] or film.ref in step.get("input", {}).values()

    def _besides(self) -> None:
        """`… with a soundtrack`, `… with a voiceover`: a second thing in the same breath."""
        for phrase in self.clause.phrases:
            fits = phrase.kind in SOUND or phrase.noun in BESIDES | WORDS or phrase.kind == "utility"
            texts = self.draft.of_kind("text") if phrase.noun in _PICTURES and phrase.before == "with" else []
            if texts and self.done:
                made = list(self.done)
                self._make("image", phrase, texts)
                self.done = made
                continue
            if phrase.before in ("with", "including", "featuring") and not phrase.pointing and fits and self.done:
                made = list(self.done)
                same = phrase.kind in SOUND and any(source.kind == phrase.kind for source in made)
                if not same and not any(source.noun == phrase.noun for source in made):
                    self._attach(phrase, made)
                    self.done = [*made, *self.done[len(made) :]] or made
