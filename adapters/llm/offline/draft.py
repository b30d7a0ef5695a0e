"""A plan under construction: its steps, what each gives, and what later words can refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.llm.offline.lexicon import Kind
from processors.agents.operations import done_by

MEDIUM_OF: Final[Mapping[str, str]] = {
    "image": "image", "video": "video", "audio": "audio", "speech": "audio", "music": "audio", "3d": "3d",
    "lipsync": "video", "text": "text", "utility": "video",
}  # fmt: skip
TAKES: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"image", "text"}),
    "video": frozenset({"image", "video", "text"}),
    "audio": frozenset({"text", "video"}),
    "speech": frozenset({"text", "video"}),
    "music": frozenset({"text"}),
    "3d": frozenset({"image", "text"}),
    "lipsync": frozenset({"image", "video", "audio"}),
    "text": frozenset({"text"}),
    "utility": frozenset({"image", "video", "audio", "3d"}),
}
"""What each kind can use, where nobody says what its models take."""
STEPS_MAX: Final = 200


def _medium_of(label: str) -> str:
    """`image` of `made_image_1`."""
    return label.rpartition("_")[0].removeprefix("made_")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the request's context says: kinds that have a model, what they take and cannot do without, and uploads."""

    takes: Mapping[str, frozenset[str]] = field(default_factory=lambda: dict(TAKES))
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uploads: tuple[tuple[str, str], ...] = ()
    """(label, medium), oldest first."""
    does: frozenset[str] | None = None
    """The operations that there are tools for; None where nobody says."""

    @classmethod
    def of(cls, capabilities: Mapping[str, Any], uploads: Iterable[Mapping[str, Any]]) -> Facts:
        labels = tuple((label := str(u.get("label", "")), str(u.get("medium") or _medium_of(label))) for u in uploads)
        if not capabilities:
            return cls(uploads=labels)
        takes = {kind: frozenset(can.get("takes", ())) | {"text"} for kind, can in capabilities.items()}
        needs = {kind: frozenset(can.get("needs", ())) - {"text"} for kind, can in capabilities.items()}
        does = capabilities.get("utility", {}).get("does")
        return cls(takes, needs, labels, None if does is None else frozenset(does))

    def can(self, kind: str) -> bool:
        return kind in self.takes

    def can_do(self, operation: str) -> bool:
        return self.does is None or done_by(operation, self.does)


@dataclass(frozen=True, slots=True)
class Source:
    """Something that a step can be made from: an earlier step, or an upload."""

    ref: str
    """Step id or upload label."""
    kind: str
    medium: str
    subject: str = ""
    noun: str = ""
    upload: bool = False
    also: str = ""
    """A second medium that it carries: a film with a voice has sound."""

    def gives(self, media: frozenset[str]) -> bool:
        return self.medium in media or self.also in media


@dataclass(slots=True)
class Draft:
    facts: Facts
    steps: list[dict[str, Any]] = field(default_factory=list)
    made: list[Source] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Kinds that were asked for and that nobody can make."""
    unable: list[str] = field(default_factory=list)
    """Things that something was to be done to that no model here does."""
    absent: list[str] = field(default_factory=list)
    """Media that the words point at and that are not there."""
    spoken: tuple[Source, ...] = ()
    """What the words were found to mean: `them`, and `the pictures`, are these."""
    notes: list[str] = field(default_factory=list)
    """What else the person is to know of how the words were read, whole sentences."""
    taken: frozenset[str] = frozenset()
    """Ids of steps that were there before."""
    latest: list[Source] = field(default_factory=list)
    """What the last request made: several where it asked for several."""

    def add(
        self, kind: Kind, title: str, description: str, sources: Iterable[Source], subject: str, noun: str = "",
        values: Mapping[str, Any] | None = None, medium: str = "",
    ) -> Source | None:  # fmt: skip
        """One more step; None, and noted, where no model of its kind is there."""
        if not self.facts.can(kind) or len(self.steps) >= STEPS_MAX:
            self.missing.append(kind)
            return None
        used = list({source.ref: source for source in sources}.values())
        step_id = self._free_id()
        given = dict(values or {})
        for source in used:
            if source.upload:
                given.setdefault(source.medium, source.ref)
        step: dict[str, Any] = {
            "id": step_id,
            "title": title[:80],
            "description": description,
            "agent_type": kind,
            "depends_on": [source.ref for source in used if not source.upload],
        }
        if given:
            step["input"] = given
        self.steps.append(step)
        gives = medium or MEDIUM_OF[kind]
        carried = next((source for source in used if kind == "speech" and source.medium == "video"), None)
        source = Source(
            step_id, kind, "video" if carried else gives, subject, noun or kind, also="audio" if carried else ""
        )
        self.made.append(source)
        return source

    def _free_id(self) -> str:
        taken, number = {*self.taken, *(step["id"] for step in self.steps)}, len(self.steps) + 1
        while f"s{number}" in taken:
            number += 1
        return f"s{number}"

    def of_kind(self, kind: Kind, *, plural: bool = False) -> list[Source]:
        """What `the picture` means: the newest of that kind, then of that medium, then an upload."""
        if spoken := [source for source in self.spoken if source.medium == MEDIUM_OF[kind]]:
            return spoken if plural else spoken[-1:]
        same = [source for source in self.made if source.kind == kind]
        medium = [source for source in self.made if source.medium == MEDIUM_OF[kind]]
        uploads = [source for source in self.uploads() if source.medium == MEDIUM_OF[kind]]
        found = same if kind in ("speech", "music") and same else medium or same or uploads
        return found if plural else found[-1:]

    def meant(self, kind: str, *, plural: bool = False) -> list[Source]:
        """What `it` means to a step of this kind: the newest thing that it can be made from."""
        accepted = self.facts.takes.get(kind, frozenset({"text"}))
        if spoken := [source for source in self.spoken if source.gives(accepted)]:
            return spoken if plural or len(spoken) > 1 else spoken[-1:]
        usable = [source for source in self.made if source.gives(accepted)]
        if not usable:
            return [source for source in self.uploads() if source.medium in accepted][-1:]
        newest = usable[-1]
        return [source for source in usable if source.kind == newest.kind] if plural else [newest]

    def film(self) -> list[Source]:
        """The newest moving picture."""
        return [source for source in self.made if source.medium == "video"][-1:]

    def uploads(self) -> list[Source]:
        return [Source(label, medium, medium, "", label, upload=True) for label, medium in self.facts.uploads]

    def upload(self, label: str) -> list[Source]:
        return [source for source in self.uploads() if source.ref == label]

    def loose_ends(self) -> list[Source]:
        """Steps that nothing is made from yet."""
        used = {ref for step in self.steps for ref in step["depends_on"]}
        return [source for source in self.made if source.ref not in used]
