"""What a clause makes and what its words mean: steps with their sources, and what has to be made first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from adapters.llm.offline import counting, limits, words
from adapters.llm.offline.draft import MEDIUM_OF, Draft, Source
from adapters.llm.offline.lexicon import BESIDES, LANGUAGES, Kind, some_of
from adapters.llm.offline.narration import spoken
from adapters.llm.offline.reading import Clause, Phrase

ONTO: Final = some_of("under over onto on to behind in into beneath below above around")
_THIS: Final = some_of("it this that them these those")
_PLURAL: Final = frozenset({"them", "these", "those", "everything", "all", "each", "both", "results"})


class Making:
    """One clause on its way into the draft."""

    def __init__(self, draft: Draft, clause: Clause, setting: str) -> None:
        self.draft, self.clause, self.setting = draft, clause, setting
        self.done: list[Source] = []
        self.lost = False
        """The words point at something that is not there."""

    # what is made

    def _make(
        self, kind: Kind, phrase: Phrase | None, sources: list[Source], *, subject: str | None = None
    ) -> list[Source]:
        clause = self.clause
        own = words.subject(clause, phrase) if subject is None else subject
        if not sources and (self.lost or self._means_nothing(own)):
            return []
        if not sources and not own and self.draft.made and not clause.quotes:
            sources = self._implied(kind, phrase)
        about = own or words.subjects(sources) or self._subjects_of_them() or self._latest_subject() or self.setting
        if phrase is not None and phrase.noun.startswith("thumbnail") and self._shrinks(sources, own):
            return self.done
        sources = [source for source in sources if self._usable(source, kind)]
        sources = [*sources, *self._first_made(kind, phrase, sources, about)]
        count = self._count(phrase)
        made = []
        groups = [[source] for source in sources] if self._each(sources, phrase) else [sources] * count
        for number, group in enumerate(groups, 1):
            of = f" ({number} of {len(groups)})" if len(groups) > 1 else ""
            if len(groups) > 1 and group and not own:
                about = words.subjects(group) or about
            title = words.phrase_title(clause, phrase, kind, own) + of
            text = words.description(clause, phrase, kind, group, own, about, self.setting)
            if kind == "text" and phrase is None and clause.quotes:
                text = clause.text
            if clause.language and kind == "text":
                text = f"{text}, in {clause.language}"
            source = self.draft.add(
                kind,
                title,
                text + of,
                group,
                about,
                words.singular(phrase),
                self._values(kind, group, text, about),
            )
            made.extend([source] if source else [])
        if made and clause.language and not clause.quotes:
            self.draft.notes.append(limits.WRITES_ENGLISH.format(clause.language))
        self.done = [*self.done, *made]
        return made

    def _count(self, phrase: Phrase | None) -> int:
        """How many of them; none, and it is said, where nobody can want so many, or none are wanted."""
        if phrase is None:
            return 1
        if phrase.doubtful:
            self.draft.notes.append(counting.not_counted(phrase.doubtful, words.shown_noun(phrase.noun)))
        if 0 < phrase.count <= counting.COUNT_MAX:
            return phrase.count
        self.draft.notes.append(counting.no_count(phrase.count, words.shown_noun(phrase.noun)))
        return 0

    def _shrinks(self, sources: list[Source], own: str) -> bool:
        """A thumbnail of what is there is a step for a tool, where the models that draw cannot take that."""
        there = sources or ([] if own else [one for one in self.draft.meant("utility") if not one.upload])
        shown = [one for one in there if one.medium in ("image", "video")][-1:]
        if not shown or self._usable(shown[0], "image") or not self._usable(shown[0], "utility"):
            return False
        self._utility("thumbnail", shown, medium="image", title="Thumbnail")
        return True

    def _values(self, kind: Kind, sources: list[Source], text: str, about: str) -> dict[str, Any]:
        clause, values = self.clause, dict[str, Any]()
        if kind == "speech" and not any(source.medium == "text" for source in sources):
            film = next((source for source in sources if source.medium == "video"), None)
            said = words.quoted(clause) if clause.quotes else words.said(clause)
            about = about or next(iter(clause.quotes), "")
            values["text"] = said or spoken(about, clause.duration_s or self._length_of(film))
        elif kind != "speech":
            values["prompt"] = text
        if clause.duration_s is not None and kind in ("video", "music", "audio", "lipsync"):
            values["duration_s"] = int(clause.duration_s) if clause.duration_s.is_integer() else clause.duration_s
        if kind == "speech" and clause.quotes and clause.language in LANGUAGES:
            values["language"] = LANGUAGES[clause.language]
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

    def _utility(self, operation: str, sources: list[Source], *, medium: str = "", title: str = "") -> None:
        if not sources:
            self.draft.absent.append("video")
            return
        if not self.draft.facts.can_do(operation):
            self.draft.unable.append(words.called(sources[-1]))
            return
        name = words.operation(operation)
        films = any(source.medium in ("video", "image") for source in sources)
        text = f"{name}: {words.listed(list(dict.fromkeys(words.called(source) for source in sources)))}"
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
        self.done = [*self.done, *some(made)]

    # what words mean

    def _product(self, kinds: Iterable[str]) -> Phrase | None:
        """What the clause asks to be made: an indefinite noun that is no part of a prepositional phrase."""
        allowed = tuple(kinds) or tuple(MEDIUM_OF)
        fitting = [p for p in self.clause.phrases if p.kind in allowed and (not p.pointing or self._is_new(p))]
        into = next((p for p in fitting if p.before in ("into", "to", "as") and self._targets()), None)
        return into or next((p for p in fitting if not p.before), None)

    def _is_new(self, phrase: Phrase) -> bool:
        """`write the script` where there is none yet."""
        asks = self.clause.act == phrase.kind or self.clause.act in ("make", "record")
        return asks and not phrase.before and not self.draft.of_kind(phrase.kind)

    def _onto(self) -> Phrase | tuple[int, str] | None:
        """Where something is put: `under the video`, `to it`."""
        phrase = next((p for p in self.clause.phrases if p.before in ONTO and p.kind != "utility"), None)
        return phrase or next(((n, before) for n, before in self.clause.pronouns if before in ONTO), None)

    def _targets(self) -> bool:
        """Whether the words point at something that is there, or should be."""
        return bool(self.clause.pronouns or self.clause.uploads or any(p.pointing for p in self.clause.phrases))

    def _sources(self, kind: str, *products: Phrase | None) -> list[Source]:
        """Everything that the words point at, newest meaning last; what is not there is noted."""
        found = [*self._uploads()]
        for phrase in self.clause.phrases:
            if phrase in products or (phrase.kind == "text" and self.clause.quotes):
                continue
            if phrase.pointing:
                there = self._resolve(phrase, kind)
                if not there and self._is_told(phrase):
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

    def _is_told(self, phrase: Phrase) -> bool:
        """`the picture of a dog`, `my product photo` can be made where none is; `my photo`, `this clip` cannot."""
        determiner = self.clause.tokens[phrase.start - 1].lower() if phrase.start else ""
        said_before = determiner in ("my", "our") and phrase.end - phrase.start > 1
        told = said_before or determiner not in ("my", "our", "this", "these", "that", "those")
        return told and bool(words.subject(self.clause, phrase)) and not phrase.before

    def _means_nothing(self, own: str) -> bool:
        """`animate it`, and nothing is there that it could be; it is said."""
        places = [place for place, _ in self.clause.pronouns if self.clause.tokens[place].lower() in _THIS]
        if not places or own or self.setting or self.clause.quotes or self.draft.made or self.draft.facts.uploads:
            return False
        self.draft.notes.append(limits.nothing_there(self.clause.tokens[places[0]].lower()))
        return True

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

    def _each(self, sources: list[Source], phrase: Phrase | None) -> bool:
        """`animate them`: one step for each of several, when all are of one medium."""
        pointing = any(p.pointing and p.noun.endswith("s") for p in self.clause.phrases)
        one = phrase is not None and phrase.count == 1 and not phrase.noun.endswith("s")
        if one and not {"each", "every"} & {token.lower() for token in self.clause.tokens}:
            return False  # `a film of both pictures` is one
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
            return [source for source in self.draft.meant(kind) if not source.upload]
        return []

    def _film_or_upload(self) -> list[Source]:
        return self.draft.film() or [source for source in self.draft.uploads() if source.medium == "video"][-1:]

    def _usable(self, source: Source, kind: str) -> bool:
        return source.gives(self.draft.facts.takes.get(kind, frozenset()))

    def _subjects_of_them(self) -> str:
        """What `both of them` show, where nothing can be made from them themselves."""
        if not self._plural() or not self.draft.made:
            return ""
        newest = self.draft.made[-1].kind
        return words.subjects(self.draft.spoken or [one for one in self.draft.made if one.kind == newest])

    def _latest_subject(self) -> str:
        return next((source.subject for source in reversed(self.draft.made) if source.subject), "")


def some(source: Source | None) -> list[Source]:
    return [source] if source is not None else []
