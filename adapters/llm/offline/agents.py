"""What each agent answers when no language model is there: rules where rules can, and otherwise the harmless answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.llm.offline.adding import spoken_of
from adapters.llm.offline.classifying import goes_on
from adapters.llm.offline.draft import Facts
from adapters.llm.offline.editing import edit, is_chat
from adapters.llm.offline.narration import written
from adapters.llm.offline.planning import Answer, plan
from processors.agents.fitting.policies import without_price

Messages = Sequence[Mapping[str, Any]]
NAME: Final = "offline"
_SECTION = re.compile(r"<(capabilities|uploads|outputs|plan|references|history|models)>\n(.*?)\n</\1>", re.DOTALL)
_ISSUES = re.compile(r"^<issues>$", re.MULTILINE)
_LABEL = re.compile(r"(?:made_)?(?:image|video|audio|3d|text|other)_\d+")
_GIVES_WAY = re.compile(
    r"\b(?:instead of|in place of|rather than|replace|swap|exchange|remove|delete|drop)\s+$", re.IGNORECASE
)
"""What follows is a part of the plan, not the file that is to take its place."""
_REQUEST = re.compile(r"<request>\s*(.*)\s*</request>", re.DOTALL)
_OURS: Final = str.maketrans("⟦⟧", "[]")
"""What marks quotations while they are read."""
_AGAIN_AND_AGAIN = re.compile(r"([.;:!?])\1{3,}")
_EMPTY_LINES = re.compile(r"\n{3,}")
_PROVIDER_WORDS = re.compile(r"<provider_words>\s*(.*?)\s*</provider_words>", re.DOTALL)
_CATEGORIES: Final = (
    ("billing", re.compile(r"\bcredits?\b|billing|\bquota|payment|top up|\b402\b", re.IGNORECASE)),
    ("rate_limit", re.compile(r"rate.?limit|too many (?:calls|requests|jobs)|\b429\b|throttl", re.IGNORECASE)),
    ("content_policy", re.compile(r"polic(?:y|ies)|safety|moderat|nsfw|flagged|prohibited", re.IGNORECASE)),
    ("outage", re.compile(r"unavailable|outage|overload|\b5\d\d\b|timed? ?out|connection", re.IGNORECASE)),
    ("input_validation", re.compile(r"\binvalid|validation|unsupported|must be|\b4(?:00|22)\b", re.IGNORECASE)),
)
"""Few and cautious: what they do not say outright stays unknown."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer: what is thought aloud first, then the content."""

    content: str
    reasoning: str = ""


def answer(agent: str, messages: Messages) -> Spoken:
    """The answer to a call, by the agent that the request's header names; an unknown one writes."""
    return _AGENTS.get(agent, _write)(messages)


def _plan(messages: Messages) -> Spoken:
    request, sections = _told(messages)
    request = without_price(request) or request
    references = {str(one.get("phrase", "")).lower(): _means(one) for one in _listed(sections, "references")}
    said, several = spoken_of(_with_labels(request, sections), references)
    return _planned(plan(said, _facts(sections), several))


def _edit(messages: Messages) -> Spoken:
    request, sections = _told(messages)
    present = sections.get("plan")
    if not isinstance(present, dict):
        return _plan(messages)
    if _ISSUES.search(last_words(messages)):
        return _unchanged(present)
    references, left = _listed(sections, "references"), without_price(request)
    if left != request and is_chat(left):
        return _unchanged(present)  # another price is all that is wanted: that is no matter of the steps
    request = left
    return _planned(edit(_with_labels(request, sections), present, _facts(sections), references))


def _unchanged(present: Mapping[str, Any]) -> Spoken:
    """What is wrong with a plan made by rules, rules do not know better either."""
    steps = [{**step, "unchanged": True} for step in _listed(present, "steps")]
    return Spoken(json.dumps({"title": present.get("title", ""), "steps": steps}, ensure_ascii=False))


def _told(messages: Messages) -> tuple[str, Mapping[str, Any]]:
    """The request, and what the blocks before it hold."""
    text = last_words(messages)
    before, _, _ = text.partition("<request>")
    found = _REQUEST.search(text)
    return tidied(found[1] if found else text), {name: _json(body) for name, body in _SECTION.findall(before)}


def tidied(request: str) -> str:
    """Spaces in a row as one, and empty lines, and marks as three: more say no more, and rules would try each."""
    lines = "\n".join(" ".join(line.split()) for line in request.translate(_OURS).splitlines())
    return _EMPTY_LINES.sub("\n\n", _AGAIN_AND_AGAIN.sub(r"\1\1\1", lines)).strip()


def _listed(sections: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = sections.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _means(reference: Mapping[str, Any]) -> list[str]:
    return [str(ref) for ref in reference.get("means", ())]


def _facts(sections: Mapping[str, Any]) -> Facts:
    capabilities = sections.get("capabilities")
    files = [*_listed(sections, "outputs"), *_listed(sections, "uploads")]
    return Facts.of(capabilities if isinstance(capabilities, dict) else {}, files)


def _with_labels(request: str, sections: Mapping[str, Any]) -> str:
    """Words that were found to mean a file, as its label."""
    for one in _listed(sections, "references"):
        phrase, means = str(one.get("phrase", "")), _means(one)
        if phrase and len(means) == 1 and _LABEL.fullmatch(means[0]):
            at = request.find(phrase)
            if at >= 0 and _GIVES_WAY.search(request, 0, at) is None:
                request = f"{request[:at]}{means[0]}{request[at + len(phrase) :]}"
    return request


def _planned(planned: Answer) -> Spoken:
    body: dict[str, Any] = {"title": planned.title, "steps": list(planned.steps)}
    if planned.reason:
        body["reason"] = planned.reason
    if planned.left_out:
        body["left_out"] = planned.left_out
    if planned.removed:
        body["removed"] = list(planned.removed)
    return Spoken(json.dumps(body, ensure_ascii=False), " ".join(planned.thoughts))


def _write(messages: Messages) -> Spoken:
    return Spoken(written(last_words(messages)))


def _validate(_messages: Messages) -> Spoken:
    return Spoken(json.dumps({"verdict": "PASS", "issues": []}))


def _verify(_messages: Messages) -> Spoken:
    return Spoken(json.dumps({"steps": []}))


def _classify_context(messages: Messages) -> Spoken:
    request, sections = _told(messages)
    present = sections.get("plan")
    history = " ".join(str(one.get("text", "")) for one in _listed(sections, "history"))
    same, why = goes_on(request, present if isinstance(present, dict) else {}, history)
    return Spoken(json.dumps({"decision": "SAME" if same else "NEW", "reason": f"By rules, without a model: {why}."}))


def _classify_error(messages: Messages) -> Spoken:
    text = last_words(messages)
    found = _PROVIDER_WORDS.search(text)
    words = found[1] if found else text
    category = next((name for name, pattern in _CATEGORIES if pattern.search(words)), "unknown")
    reason = "The words say nothing that a rule knows." if category == "unknown" else "By its words."
    return Spoken(json.dumps({"category": category, "reason": reason}))


def _select(messages: Messages) -> Spoken:
    offered = re.search(r"<models>\n(.*?)\n</models>", last_words(messages), re.DOTALL)
    first = next(iter(_listed({"models": _json(offered[1])}, "models")), {}) if offered else {}
    return Spoken(json.dumps({"model": str(first.get("id", "")), "reason": "The first that was offered."}))


def last_words(messages: Messages) -> str:
    """The newest message of the person, as text; parts that are no text are left out."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            parts = content if isinstance(content, list) else []
            return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
    return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


_AGENTS: Final[Mapping[str, Callable[[Messages], Spoken]]] = {
    "planner": _plan,
    "edit_planner": _edit,
    "validator": _validate,
    "field_verifier": _verify,
    "model_selector": _select,
    "context_classifier": _classify_context,
    "error_classifier": _classify_error,
    "writer": _write,
    "breakdown": _write,
}
