"""What each agent answers when no language model is there: rules where rules can, and otherwise the harmless answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.narration import written
from adapters.llm.offline.planning import plan

Messages = Sequence[Mapping[str, Any]]
NAME: Final = "offline"
_SECTION = re.compile(r"<(capabilities|uploads)>\s*(.*?)\s*</\1>", re.DOTALL)
_REQUEST = re.compile(r"<request>\s*(.*)\s*</request>", re.DOTALL)
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
    text = last_words(messages)
    found = _REQUEST.search(text)
    sections = {name: _json(body) for name, body in _SECTION.findall(text)}
    capabilities, uploads = sections.get("capabilities"), sections.get("uploads")
    facts = Facts.of(
        capabilities if isinstance(capabilities, dict) else {},
        [one for one in uploads if isinstance(one, dict)] if isinstance(uploads, list) else [],
    )
    planned = plan(found[1] if found else text, facts)
    body: dict[str, Any] = {"title": planned.title, "steps": list(planned.steps)}
    if planned.reason:
        body["reason"] = planned.reason
    return Spoken(json.dumps(body, ensure_ascii=False), " ".join(planned.thoughts))


def _write(messages: Messages) -> Spoken:
    return Spoken(written(last_words(messages)))


def _validate(_messages: Messages) -> Spoken:
    return Spoken(json.dumps({"verdict": "PASS", "issues": []}))


def _verify(_messages: Messages) -> Spoken:
    return Spoken(json.dumps({"steps": []}))


def _classify_context(_messages: Messages) -> Spoken:
    return Spoken(json.dumps({"decision": "SAME", "reason": "The offline planner never starts anew by itself."}))


def _classify_error(messages: Messages) -> Spoken:
    text = last_words(messages)
    found = _PROVIDER_WORDS.search(text)
    words = found[1] if found else text
    category = next((name for name, pattern in _CATEGORIES if pattern.search(words)), "unknown")
    reason = "The words say nothing that a rule knows." if category == "unknown" else "By its words."
    return Spoken(json.dumps({"category": category, "reason": reason}))


def _select(messages: Messages) -> Spoken:
    listed = re.search(r'"id"\s*:\s*"([^"]+)"', last_words(messages))
    return Spoken(json.dumps({"model": listed[1] if listed else "", "reason": "the first that was offered"}))


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
    "edit_planner": _plan,
    "validator": _validate,
    "field_verifier": _verify,
    "model_selector": _select,
    "context_classifier": _classify_context,
    "error_classifier": _classify_error,
    "writer": _write,
    "breakdown": _write,
}
