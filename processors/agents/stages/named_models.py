"""Models that the person's own words name, those they want and those they do not, and the steps that get them. Pure.

A planner is told to pass such a name on. Where it did not, and the words leave no doubt, the steps of that kind have it
all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from processors.agents.catalog import Catalog
from processors.agents.fitting.kinds import agent_type
from processors.agents.fitting.model_names import families, full_names, key, meant, provider_of
from processors.agents.plan import PlannedStep
from processors.agents.stages.denials import DENIES, FILLERS, USES, Sides, sides
from processors.agents.words.clauses import vocabulary

_VERSION_POINT = re.compile(r"\b([^\W\d]\w{0,40})\.(?=\d)")
"""`FLUX.1`, `gen4.5`: no end of a sentence."""
_WORDS_MAX: Final = 6
"""Of a model's name."""
NAMES_MAX: Final = 64
"""Of one conversation, that are looked up."""
_BY: Final = USES | vocabulary("by via through from only von per mittels nur")
_ARTICLES: Final = vocabulary("the only just your our always der die das den dem")
_BOUNDS: Final = vocabulary(
    "to for on in at as if with by please here now again instead this that so when only und zu fur von im bitte nur"
)
"""What ends the name behind a verb of using."""
_MODELS: Final = vocabulary("model models modell modelle modellen")


@dataclass(frozen=True, slots=True)
class NamedModels:
    """By ids of the catalog."""

    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By how it was called."""
    refused: frozenset[str] = frozenset()

    def for_kind(self, kind: str, catalog: Catalog) -> str | None:
        """The name that steps of this kind shall have; None where none or several are wanted."""
        of_kind = {model.id for model in catalog.of_type(kind)}
        meant_here = {name: ids & of_kind for name, ids in self.wanted.items() if ids & of_kind}
        fewest = min(meant_here.items(), key=lambda one: len(one[1]), default=None)
        if fewest is None or not all(fewest[1] <= ids for ids in meant_here.values()):
            return None
        return fewest[0]


def named_models(said: str, catalog: Catalog) -> NamedModels:
    """What is said last counts."""
    index = _Index.of(catalog)
    wanted: dict[str, frozenset[str]] = {}
    refused = frozenset[str]()
    for clause in sides(_VERSION_POINT.sub(r"\1", said)):
        for name, ids in index.wanted(clause):
            wanted[name], refused = ids, refused - ids
        for ids in index.refused(clause):
            refused |= ids
            wanted = {name: left for name, old in wanted.items() if (left := old - ids)}
    return NamedModels(wanted, refused)


def with_models(
    steps: Iterable[PlannedStep],
    named: NamedModels,
    catalog: Catalog,
    answered: Iterable[PlannedStep],
    may: Callable[[PlannedStep], bool],
) -> tuple[PlannedStep, ...]:
    """Steps that `may` have another model have the one that is wanted for their kind; unless the planner's answer has
    a wanted one at any step of that kind: then it knows better which."""
    listed = tuple(steps)
    if not named.wanted:
        return listed
    names = {kind: named.for_kind(kind, catalog) for kind in {agent_type(step.agent_type) or "" for step in listed}}
    all_wanted = frozenset[str]().union(*named.wanted.values())

    def has_wanted(step: PlannedStep) -> bool:
        found = meant(step.model, catalog.models.values()) if step.model else None
        return found is not None and not all_wanted.isdisjoint(found.unsaid)

    names |= {agent_type(step.agent_type) or "": None for step in answered if has_wanted(step)}
    return tuple(
        replace(step, model=name, unchanged=False)
        if (name := names[agent_type(step.agent_type) or ""]) is not None and may(step) and not has_wanted(step)
        else step
        for step in listed
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """The catalog's models by what they are called."""

    catalog: Catalog
    full: Mapping[str, frozenset[str]]
    family: Mapping[str, frozenset[str]]
    provider: Mapping[str, frozenset[str]]
    looked_up: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog) -> _Index:
        full, family, provider = (defaultdict[str, set[str]](set) for _ in range(3))
        for model in catalog.models.values():
            provider[provider_of(model)].add(model.id)
            for name in full_names(model):
                full[name].add(model.id)
            for name in families(model):
                family[name].add(model.id)
        frozen = ({name: frozenset(ids) for name, ids in one.items()} for one in (full, family, provider))
        return cls(catalog, *frozen)

    def wanted(self, clause: Sides) -> Iterator[tuple[str, frozenset[str]]]:
        """Names in full, and what a verb of using has as its object: `kling`, `the local models`."""
        words = clause.wanted
        yield from self._full(words)
        for at, word in enumerate(words):
            if word in _BY and (name := _object(words[at + 1 :])):
                yield from self._called(" ".join(name))

    def refused(self, clause: Sides) -> Iterator[frozenset[str]]:
        """The same, and what else is denied where it is nothing but a name."""
        words = clause.denied
        yield from (ids for _, ids in self._full(words))
        yield from (
            ids for one, word in pairwise(words) if word in _MODELS and (ids := self.provider.get(one)) is not None
        )
        if name := _object(words, DENIES | USES | FILLERS):
            yield from (ids for _, ids in self._called(" ".join(name)))

    def _called(self, name: str) -> Iterator[tuple[str, frozenset[str]]]:
        words = name.split()
        if not any(word in self.family for word in words) and not (words[-1] in _MODELS and words[0] in self.provider):
            return
        if name not in self.looked_up and len(self.looked_up) < NAMES_MAX:
            found = meant(name, self.catalog.models.values())
            self.looked_up[name] = frozenset(found.unsaid) if found is not None and found.sure else frozenset()
        if ids := self.looked_up.get(name):
            yield name, ids

    def _full(self, words: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """The longest name that begins at a word, and on behind it."""
        at = 0
        while at < len(words):
            sizes = range(min(_WORDS_MAX, len(words) - at), 0, -1)
            runs = (words[at : at + size] for size in sizes)
            run = next((run for run in runs if key(" ".join(run)) in self.full), ())
            if run:
                yield " ".join(run), self.full[key(" ".join(run))]
            at += len(run) or 1


def _object(words: Sequence[str], before: frozenset[str] = _ARTICLES) -> Sequence[str]:
    """Behind what stands before a name, up to what ends it; empty where that is longer than a name."""
    start = next((at for at, word in enumerate(words) if word not in before), len(words))
    end = next((at for at in range(start, len(words)) if words[at] in _BOUNDS), len(words))
    return words[start:end] if end - start <= _WORDS_MAX else ()
