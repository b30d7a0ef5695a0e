"""A clause that brings several things together: a face and a voice, clips and sounds, pictures in one."""

from __future__ import annotations

from adapters.llm.offline import words
from adapters.llm.offline.draft import Source
from adapters.llm.offline.making import Making, some
from adapters.llm.offline.narration import spoken
from adapters.llm.offline.reading import Phrase


class Joining(Making):
    """One clause on its way into the draft."""

    def _lipsync(self) -> None:
        """A face that says something: the face and the voice are made where they are not there."""
        clause = self.clause
        product = next((p for p in clause.phrases if p.kind == "lipsync"), None)
        face = next((p for p in clause.phrases if p.kind == "image"), None)
        who = words.talker(clause, product, face)
        sources = self._sources("lipsync", product)
        if self.lost:
            return
        about = who or next((s.subject for s in sources if s.subject), "") or self._latest_subject() or self.setting
        faces = [s for s in sources if s.medium in ("image", "video")]
        faces = faces or [s for s in self.draft.of_kind("image") if not who or who in s.subject or s.upload]
        faces = faces if self._targets() else [s for s in faces if not s.upload]
        voices = [s for s in sources if s.medium == "audio"]
        if not voices and not clause.quotes:
            voices = [s for s in self.draft.made if s.kind == "speech" and s.medium == "audio"][-1:]
        if not faces:
            new = next((p for p in clause.phrases if p.kind == "image" and not p.pointing), None)
            faces = (
                self._make("image", new, [])
                if new
                else some(self._make_plain("image", None, f"portrait of {about or 'a presenter'}"))
            )
        if not voices:
            text = (
                clause.quotes[0]
                if clause.quotes
                else words.said(clause) or spoken(about or "a presenter", clause.duration_s)
            )
            texts = self._texts(product) if not clause.quotes else []
            values = {} if texts else {"text": text}
            voices = some(
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
        self.done = some(made)

    def _as_clips(self, sources: list[Source]) -> list[Source]:
        """Each picture as a short clip: what joins films takes no pictures."""
        clips, self.done = [], list(self.done)
        for source in sources:
            made = source
            if source.medium == "image" and self.draft.facts.can("video") and self._usable(source, "video"):
                text = f"Clip of {words.called(source)}" + (f": {source.subject}" if source.subject else "")
                values = {"prompt": text}
                made = self.draft.add("video", "Clip", text, [source], source.subject, "clip", values) or source
            clips.append(made)
        return clips

    def _into_one_picture(self, phrase: Phrase, sources: list[Source]) -> None:
        """Where a model that draws takes pictures; no tool here puts them on one."""
        if all(self._usable(one, "image") for one in sources):
            self._make("image", phrase, sources)
        else:
            self.draft.unable.append("several pictures")

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
        into = next((p for p in clause.phrases if p.before in ("into", "as", "to") and p.kind == "image"), None)
        if into is not None and len(sources) > 1 and all(one.medium == "image" for one in sources):
            self._into_one_picture(into, sources)
        elif len(sources) > 1:
            sources = self._as_clips(sources)
            same = len({source.medium for source in sources}) == 1
            self._utility("concat" if same else "merge", sources)
        else:
            self.draft.absent.append("clips")
