"""Turns a request into a plan by rules: what each clause makes, from what, and what has to be made first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from adapters.llm.offline import words
from adapters.llm.offline.draft import MEDIUM_OF, Draft, Facts, Source
from adapters.llm.offline.lexicon import BESIDES, Kind
from adapters.llm.offline.narration import spoken
from adapters.llm.offline.reading import Clause, Phrase, read

SOUND: Final = frozenset({"speech", "music", "audio"})
TRANSFORMS: Final = {"video": ("animate", "vivify"), "speech": ("narrate", "read", "speak", "recite", "voice", "dub",
                     "pronounce", "vocalize", "vocalise"), "lipsync": ("lipsync",)}  # fmt: skip
ONTO: Final = frozenset("under over onto on to behind in into beneath with below above around".split())
_PLURAL: Final = frozenset({"them", "these", "those", "everything", "all", "each", "both", "results"})
_TALKS: Final = re.compile(r"\b(?:talk|speak|say|sing|tell)s?\b", re.IGNORECASE)
_MOVES: Final = re.compile(r"\b(?:move|dance|come alive|come to life|walk|fly|run)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    title: str
    steps: tuple[dict[str, Any], ...]
    reason: str = ""
    thoughts: tuple[str, ...] = ()
    """What the planner says while it thinks."""


def plan(request: str, facts: Facts) -> Answer:
    """The plan of a request; no steps and a reason where nothing in it can be made."""
    reading = read(request)
    draft = Draft(facts)
    setting = "" if reading.is_question else reading.setting
    for clause in reading.clauses:
        _Clause(draft, clause, setting).plan()
    if not draft.steps:
        return Answer("", (), words.why_nothing(reading, draft), ("There is nothing here that a step could make.",))
    thoughts = [words.thought(step) for step in draft.steps]
    if draft.missing:
        thoughts.append(f"No model here makes {words.listed(sorted(set(draft.missing)))}; that part is left out.")
    return Answer(words.plan_title(request, draft.steps), tuple(draft.steps), thoughts=tuple(thoughts))


class _Clause:
    """One clause on its way into the draft."""

    def __init__(self, draft: Draft, clause: Clause, setting: str) -> None:
        self.draft, self.clause, self.setting = draft, clause, setting
        self.done: list[Source] = []
        self.lost = False
        """The words point at something that is not there."""

    # which pattern

    def plan(self) -> None:
        clause = self.clause
        text = " ".join(clause.tokens)
        if clause.act == "join" and (self._targets() or len(clause.phrases) > 1 or not clause.phrases):
            self._join()
        elif clause.act == "lipsync" or (clause.act in ("make", "turn") and self._targets() and _TALKS.search(text)):
            self._lipsync()
        elif clause.act == "make" and self._targets() and _MOVES.search(text) and not self._product(()):
            self._make("video", None, self._sources("video"))
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

    def _create(self) -> None:
        act, verb = self.clause.act, self.clause.verb
        kind_of_verb = next((kind for kind, verbs in TRANSFORMS.items() if verb in verbs), None)
        if kind_of_verb in ("video", "speech"):
            self._transform("video" if kind_of_verb == "video" else "speech")
            return
        product = self._product(("image", "video", "speech", "music", "audio", "3d", "lipsync", "text", "utility"))
        if product is None:
            kind: Kind | None = {"image": "image", "text": "text", "music": "music", "video": "video", "speech": "speech",
                                 "3d": "3d"}.get(act)  # type: ignore[assignment]  # fmt: skip
            if kind is not None:
                self._make(kind, None, self._sources(kind))
            elif self._targets() and act == "make" and len(self.draft.made) == 0:
                self.draft.absent.append("picture")
            return
        if product.kind == "lipsync":
            self._lipsync()
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
        if not sources and self._targets():
            return
        if clause.act == "extract" and sources and kind in ("image", "audio") and sources[-1].medium == "video":
            self._utility("extract", sources, medium=MEDIUM_OF[kind], title=words.phrase_title(clause, product, kind))
            return
        self._make(kind, product, sources)

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
        self._attach(product, self._sources("utility", product) or self._film_or_upload())

    # what is made

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
            fits = phrase.kind in SOUND or phrase.noun in BESIDES or phrase.kind == "utility"
            if phrase.before in ("with", "including", "featuring") and not phrase.pointing and fits and self.done:
                made = list(self.done)
                if not any(source.noun == phrase.noun for source in made):
                    self._attach(phrase, made)
                    self.done = [*made, *self.done[len(made) :]] or made

    def _make(
        self, kind: Kind, phrase: Phrase | None, sources: list[Source], *, subject: str | None = None
    ) -> list[Source]:
        clause = self.clause
        own = words.subject(clause, phrase) if subject is None else subject
        if not sources and self.lost:
            return []
        if not sources and not own and self.draft.made and not clause.quotes:
            sources = self._implied(kind, phrase)
        carried = own or next((s.subject for s in sources if s.subject), "") or self._latest_subject()
        about = carried or self.setting
        sources = [source for source in sources if self._usable(source, kind)]
        sources = [*sources, *self._first_made(kind, phrase, sources, about)]
        count = phrase.count if phrase is not None else 1
        made = []
        groups = [[source] for source in sources] if self._each(sources) else [sources] * count
        for number, group in enumerate(groups, 1):
            of = f" ({number} of {len(groups)})" if len(groups) > 1 else ""
            title = words.phrase_title(clause, phrase, kind) + of
            text = words.description(clause, phrase, kind, group, own, about, self.setting)
            source = self.draft.add(
                kind,
                title,
                text + of,
                group,
                about,
                phrase.noun if phrase else "",
                self._values(kind, group, text, about),
            )
            made.extend([source] if source else [])
        self.done = [*self.done, *made]
        return made

    def _values(self, kind: Kind, sources: list[Source], text: str, about: str) -> dict[str, Any]:
        clause, values = self.clause, dict[str, Any]()
        if kind == "speech" and not any(source.medium == "text" for source in sources):
            film = next((source for source in sources if source.medium == "video"), None)
            said = clause.quotes[0] if clause.quotes else words.said(clause)
            values["text"] = said or spoken(about, clause.duration_s or self._length_of(film))
        elif kind != "speech":
            values["prompt"] = text
        if clause.duration_s is not None and kind in ("video", "music", "audio", "lipsync"):
            values["duration_s"] = int(clause.duration_s) if clause.duration_s.is_integer() else clause.duration_s
        if kind == "speech" and (voice := words.voice(clause)):
            values["voice"] = voice
        if clause.size is not None and kind in ("image", "video"):
            values["width"], values["height"] = clause.size
        elif clause.ratio is not None and kind in ("image", "video"):
            values["aspect_ratio"] = clause.ratio
        return values

    def _length_of(self, film: Source | None) -> float | None:
        step = next((step for step in self.draft.steps if film is not None and step["id"] == film.ref), None)
        length = step.get("input", {}).get("duration_s") if step else None
        return float(length) if length is not None else None

    def _first_made(self, kind: Kind, phrase: Phrase | None, sources: list[Source], about: str) -> list[Source]:
        """What a model of this kind cannot do without, and nothing gives yet."""
        made: list[Source] = []
        needed = self.draft.facts.needs.get(kind, frozenset())
        for medium in sorted(needed - {source.medium for source in sources} - {source.also for source in sources}):
            first: Kind = "image" if medium == "image" else "video" if medium == "video" else "speech"
            if medium not in ("image", "video", "audio") or first == kind:
                continue
            before = self._make_plain(first, phrase, about)
            made.extend([before] if before else [])
        return made

    def _make_plain(self, kind: Kind, phrase: Phrase | None, about: str) -> Source | None:
        thing = about or (phrase.noun if phrase else "") or "scene"
        text = words.plain(kind, thing)
        values = {"text": spoken(thing, self.clause.duration_s)} if kind == "speech" else {"prompt": text}
        if kind == "image" and self.clause.ratio:
            values["aspect_ratio"] = self.clause.ratio
        return self.draft.add(kind, words.plain_title(kind, thing), text, [], thing, kind, values)

    def _lipsync(self) -> None:
        """A face that says something: the face and the voice are made where they are not there."""
        clause = self.clause
        product = next((p for p in clause.phrases if p.kind == "lipsync"), None)
        sources = self._sources("lipsync", product)
        about = (
            words.subject(clause, product)
            or next((s.subject for s in sources), "")
            or self._latest_subject()
            or self.setting
        )
        faces = [s for s in sources if s.medium in ("image", "video")] or [
            s for s in [*self.draft.of_kind("image")] if not words.subject(clause, product) or s.upload
        ]
        voices = [s for s in sources if s.medium == "audio"]
        if not voices and not clause.quotes:
            voices = [s for s in self.draft.made if s.kind == "speech" and s.medium == "audio"][-1:]
        if not faces:
            new = next((p for p in clause.phrases if p.kind == "image" and not p.pointing), None)
            faces = (
                self._make("image", new, [])
                if new
                else _some(self._make_plain("image", None, f"portrait of {about or 'a presenter'}"))
            )
        if not voices:
            text = (
                clause.quotes[0]
                if clause.quotes
                else words.said(clause) or spoken(about or "a presenter", clause.duration_s)
            )
            texts = self._texts(product) if not clause.quotes else []
            values = {} if texts else {"text": text}
            voices = _some(
                self.draft.add(
                    "speech",
                    "Voice",
                    f"Speaks: {text}" if not texts else "Speaks the text",
                    texts,
                    about,
                    "voice",
                    values,
                )
            )
        text = f"Lip-sync the face to the voice{f': {about}' if about else ''}"
        made = self.draft.add("lipsync", "Lip-sync", text, [*faces[-1:], *voices[-1:]], about, "lipsync", {})
        self.done = _some(made)

    def _join(self) -> None:
        clause, sources = self.clause, [*self._pronouns("utility"), *self._uploads()]
        for phrase in clause.phrases:
            if phrase.before in ("into", "as") and not phrase.pointing:
                continue
            found = self._resolve(phrase, "utility")
            sources.extend(found or ([] if phrase.pointing else self._make(phrase.kind, phrase, [])))
        if len(sources) < 2:
            ends = [source for source in self.draft.loose_ends() if source.medium in ("video", "audio", "image")]
            sources = list({source.ref: source for source in [*ends, *sources]}.values())
        if not sources:
            sources = self.draft.uploads()
        self.done = []
        if len(sources) > 1:
            same = len({source.medium for source in sources}) == 1
            self._utility("concat" if same else "merge", sources)
        elif not sources:
            self.draft.absent.append("clips")

    def _utility(self, operation: str, sources: list[Source], *, medium: str = "", title: str = "") -> None:
        if not sources:
            self.draft.absent.append("video")
            return
        name = words.operation(operation)
        films = any(source.medium in ("video", "image") for source in sources)
        text = f"{name}: {words.listed([words.called(source) for source in sources])}"
        subject = next((source.subject for source in sources if source.subject), "")
        values = {"operation": operation}
        made = self.draft.add(
            "utility",
            title or name,
            text,
            sources,
            subject,
            operation,
            values,
            medium or ("video" if films else "audio"),
        )
        self.done = [*self.done, *_some(made)]

    # what words mean

    def _product(self, kinds: Iterable[str]) -> Phrase | None:
        """What the clause asks to be made: an indefinite noun that is no part of a prepositional phrase."""
        allowed = tuple(kinds) or tuple(MEDIUM_OF)
        fitting = [p for p in self.clause.phrases if p.kind in allowed and not p.pointing]
        into = next((p for p in fitting if p.before in ("into", "to", "as") and self._targets()), None)
        return into or next((p for p in fitting if not p.before), None)

    def _onto(self) -> Phrase | tuple[int, str] | None:
        """Where something is put: `under the video`, `to it`."""
        phrase = next((p for p in self.clause.phrases if p.before in ONTO - {"with"} and p.kind != "utility"), None)
        return phrase or next(((n, before) for n, before in self.clause.pronouns if before in ONTO), None)

    def _targets(self) -> bool:
        """Whether the words point at something that is there, or should be."""
        return bool(self.clause.pronouns or self.clause.uploads or any(p.pointing for p in self.clause.phrases))

    def _sources(self, kind: str, *products: Phrase | None) -> list[Source]:
        """Everything that the words point at, newest meaning last; what is not there is noted."""
        found = [*self._uploads()]
        for phrase in self.clause.phrases:
            if phrase in products:
                continue
            if phrase.pointing:
                there = self._resolve(phrase, kind)
                if not there and words.subject(self.clause, phrase) and not phrase.before:
                    there = self._make(phrase.kind, phrase, [])
                    self.done = []
                elif not there and phrase.before not in ("in", "about", "for"):
                    self.draft.absent.append(phrase.noun)
                    self.lost = True
                found.extend(there)
            elif phrase.before in ("from", "based", "using") and phrase.kind != kind:
                found.extend(self._make(phrase.kind, phrase, []))
                self.done = []
        if not found or any(before for _, before in self.clause.pronouns):
            found.extend(self._pronouns(kind))
        return list({source.ref: source for source in found}.values())

    def _resolve(self, what: Phrase | tuple[int, str], kind: str) -> list[Source]:
        if isinstance(what, tuple):
            return self.draft.meant(kind, plural=self.clause.tokens[what[0]].lower() in _PLURAL)
        plural = what.noun.endswith("s") and what.kind not in ("audio", "text")
        return self.draft.of_kind(what.kind, plural=plural) if what.pointing else []

    def _pronouns(self, kind: str, skip: object = None) -> list[Source]:
        found: list[Source] = []
        for place, before in self.clause.pronouns:
            if (place, before) == skip or (kind == "text" and before == "about"):
                continue
            found.extend(self.draft.meant(kind, plural=self.clause.tokens[place].lower() in _PLURAL))
        return found

    def _uploads(self) -> list[Source]:
        return [source for label in self.clause.uploads for source in self.draft.upload(label)]

    def _plural(self) -> bool:
        return any(token.lower() in _PLURAL for token in self.clause.tokens)

    def _each(self, sources: list[Source]) -> bool:
        """`animate them`: one step for each of several, when all are of one medium."""
        pointing = any(p.pointing and p.noun.endswith("s") for p in self.clause.phrases)
        return len(sources) > 1 and len({s.medium for s in sources}) == 1 and (self._plural() or pointing)

    def _texts(self, phrase: Phrase | None) -> list[Source]:
        """The text that a voice reads, where one was written before and nothing else is said."""
        if self.clause.quotes or (phrase is not None and words.subject(self.clause, phrase)):
            pointed = [p for p in self.clause.phrases if p.pointing and p.kind == "text"]
            return [source for p in pointed for source in self.draft.of_kind(p.kind)]
        return [source for source in self.draft.loose_ends() if source.medium == "text"][-1:]

    def _implied(self, kind: Kind, phrase: Phrase | None) -> list[Source]:
        """A part of the film just spoken of, a picture of what was just made, a film of the picture before it."""
        noun = phrase.noun if phrase is not None else ""
        if kind == "speech":
            return [*self.draft.film(), *self._texts(phrase)]
        if noun in BESIDES or (kind == "video" and not (phrase and phrase.another)) or kind == "lipsync":
            return self.draft.meant(kind)
        return []

    def _film_or_upload(self) -> list[Source]:
        return self.draft.film() or [source for source in self.draft.uploads() if source.medium == "video"][-1:]

    def _usable(self, source: Source, kind: str) -> bool:
        return source.gives(self.draft.facts.takes.get(kind, frozenset()))

    def _latest_subject(self) -> str:
        return next((source.subject for source in reversed(self.draft.made) if source.subject), "")


def _some(source: Source | None) -> list[Source]:
    return [source] if source is not None else []
