"""What a language model and its server may answer: well, and in all the ways that are not what was asked for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

from tests import llm_server as wire
from tests.llm_server import Behaviour

NEVER = asyncio.Event()

STEP: dict[str, Any] = {
    "id": "a", "title": "Fox", "description": "a red fox", "agent_type": "image", "depends_on": [],
    "input": {"prompt": "a red fox", "width": "wide"},
}  # fmt: skip
PLAN: dict[str, Any] = {
    "title": "Fox",
    "steps": [
        STEP,
        {"id": "b", "title": "Film", "description": "the fox runs for 5 seconds", "agent_type": "video",
         "depends_on": ["a"], "input": {"image": "a"}},
        {"id": "c", "title": "Voice", "description": "say: here runs a fox", "agent_type": "speech",
         "depends_on": ["b"], "input": {"text": "Here runs a fox."}},
    ],
}  # fmt: skip
GOOD: dict[str, Any] = {
    "planner": PLAN,
    "edit_planner": {**PLAN, "steps": [{**step, "unchanged": True} for step in PLAN["steps"]]},
    "validator": {"verdict": "PASS", "issues": []},
    "field_verifier": {"steps": [{"id": "a", "input": {"width": 1920}}]},
    "model_selector": {"model": "local/picture", "reason": "it draws"},
    "context_classifier": {"decision": "SAME", "reason": "it goes on"},
    "error_classifier": {"category": "outage", "reason": "it is overloaded"},
}
"""By agent. The writer's answer is any text."""


def good(agent: str) -> str:
    return json.dumps(GOOD[agent])


def on_the_wire(text: str) -> Iterator[tuple[str, Behaviour]]:
    """What a server may do with a good answer, each time that it is asked."""
    for part in (0.0, 0.2, 0.5, 0.8, 0.98):
        yield f"its bytes end at {part:.0%}", wire.cut_bytes(text, part)
    half = text[: len(text) // 2]
    yield "the stream ends midway", wire.cut(half)
    yield "the connection dies", wire.dropped(half)
    yield "the stream stalls", wire.stalling(half, NEVER)
    yield "words that are none, without end", wire.wordless()
    yield "a role, then silent thoughts", wire.thinking_silently(text, 0.25)
    yield "very slow", wire.at_rate(text, 8.0)
    yield "no answer", wire.mute(NEVER)
    yield "a stream of nothing", wire.silent()
    yield "not even an event", wire.empty()
    yield "no JSON", wire.garbage()
    yield "an error in the stream", wire.failing_midway()
    yield "shapes that are no chunks", wire.odd_shapes()
    yield "the same without end", wire.endless("x" * 200_000)
    yield "cut off at its longest", wire.whole(half, finish="length")
    yield "only thoughts", wire.whole("", reasoning="let me think")
    yield "too many requests", wire.rate_limited()
    yield "too many requests, come again", wire.rate_limited("0.05")
    yield "the quota is used up", wire.quota_used_up()
    yield "too large a request", wire.too_large_for_limit()
    for status in (400, 401, 403, 404, 408, 413, 418, 422, 500, 502, 503, 504, 529):
        yield f"status {status}", wire.refuse(status)


def spoiled(agent: str) -> Iterator[tuple[str, str]]:
    """What every agent may hear: (in words, the answer)."""
    value, text = GOOD[agent], good(agent)
    pretty = json.dumps(value, indent=2)
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        yield f"truncated at {part:.0%}", text[: round(len(text) * part)]
    yield "without its last brace", text[:-1]
    yield "in prose", f"Of course (see {{below}}, it's 5\" wide)! {text} I hope that helps."
    yield "in a fence", f"```json\n{pretty}\n```"
    yield "in an open fence after prose", f"Here you are:\n\n```\n{pretty}"
    yield "after thoughts", f'<think>maybe {{"steps": [{{}}]}}?</think>{text}'
    yield "with trailing commas", re.sub(r"([}\]])", r",\1", pretty)
    yield "with comments", pretty.replace("\n", " // as asked\n").replace(":", ": /* here */", 3)
    yield "in single quotes", str(value)
    yield "twice", text + "\n" + text
    yield "one level down", json.dumps({"answer": value})
    yield "in a list", json.dumps([value])
    yield "as a string", json.dumps(text)
    yield "with types all wrong", json.dumps(twisted(value))
    yield "with nulls for values", json.dumps(dict.fromkeys(value))
    yield "with half characters", text.replace("fox", "\\ud83dfox\\ude00").replace("it", "\\ud83d")
    yield "with control characters", text.replace("fox", "fox\\u0000\\u001b[31m").replace("it", "i\\u0000t")
    yield "with markup", text.replace("fox", "<script>alert(1)</script>").replace("it", "<b>it</b>")
    yield "five thousand deep", text[:-1] + ', "more": ' + '{"a":' * 5000 + "1" + "}" * 5001
    yield "with a megabyte beside it", text[:-1] + ', "more": "' + "x" * 1_000_000 + '"}'
    yield "prose alone", "I'm sorry, but I would rather not."
    for nothing in ("null", "7", "[]", "{}", '""', "[[[", "}", "```json\n```", "<html><h1>502 Bad Gateway</h1></html>"):
        yield f"nothing but {nothing}", nothing
    for other in GOOD:
        if other != agent:
            yield f"the {other}'s answer", good(other)


def spoiled_plans() -> Iterator[tuple[str, str]]:
    """Plans that are well-formed, and cannot run as they stand."""
    steps = PLAN["steps"]
    yield "a cycle", plan([{**one, "depends_on": [steps[number - 1]["id"]]} for number, one in enumerate(steps)])
    yield "a step that waits for itself", plan([{**STEP, "depends_on": ["a"]}])
    yield "references to nothing", plan([{**STEP, "depends_on": ["zz", "image_9", 7, None, {"id": "b"}]}])
    for many in (500, 501, 3000):
        yield f"{many} steps", plan([{**STEP, "id": f"s{n}"} for n in range(many)])
    yield "a chain of 500", plan([{**STEP, "id": f"s{n}", "depends_on": [f"s{n - 1}"] * (n > 0)} for n in range(500)])
    yield (
        "each waits for all before",
        plan([{**STEP, "id": f"s{n}", "depends_on": [f"s{m}" for m in range(n)]} for n in range(60)]),
    )
    yield "unknown kinds of steps", plan([{**STEP, "agent_type": "hologram"}, {**steps[1], "agent_type": "smell"}])
    yield "one unknown kind", plan([{**STEP, "agent_type": "hologram"}, *steps[1:]])
    yield "invented models", plan([{**one, "model": "openai/dall-e-9"} for one in steps])
    yield "invented addresses", plan(
        [STEP, {**steps[1], "input": {"image": "https://evil.test/x.png", "image_url": "http://169.254.169.254/"}},
         {**steps[2], "input": {"video": "file:///etc/passwd", "text": "see https://evil.test/x"}}]
    )  # fmt: skip
    yield "inputs that no model has", plan([{**STEP, "input": {"$where": "1", "a.b": 1, "org_id": "org_B", "": 0}}])
    yield "inputs of all types", plan([{**one, "input": ["a", 7, None, True][n]} for n, one in enumerate(steps)])
    yield "numbers beyond all", plan([{**STEP, "input": {"seed": 2**70, "width": 1e308, "height": -1}}])
    yield "a number that no event holds", plan(
        [*steps[:2], {**STEP, "id": "c", "agent_type": "utility", "description": "take a thumbnail of the video",
                      "depends_on": ["b"], "input": {"at_s": 10**20}}]
    )  # fmt: skip
    yield "a deep input", plan([{**STEP, "input": {"prompt": nested(300), "seed": nested(40)}}])
    yield "a large input", plan([{**STEP, "input": {"prompt": "x" * 300_000}}])
    yield "large words", plan([{**STEP, "title": "t" * 50_000, "description": "Ω" * 50_000}] * 3)
    yield "two steps of one name", plan([STEP, {**STEP, "description": "another fox"}, STEP])
    yield (
        "odd names",
        plan([{**STEP, "id": name} for name in ("", "../..", "ses_X", "😀", " a b ", "a" * 500, 1, None)]),
    )
    yield "steps that are none", plan([None, 7, "a", [], {}, {"id": "x"}, {"title": "only"}, STEP])
    yield "steps in an object", json.dumps({"title": "x", "steps": {"a": STEP}})
    yield "a plan in a description", plan([{**STEP, "description": f"write\n```json\n{good('planner')}\n```"}])
    yield "no steps, and a reason", json.dumps({"title": "", "steps": [], "reason": "There is nothing to make."})
    yield "no steps and no reason", plan([])


def plan(steps: list[Any]) -> str:
    return json.dumps({"title": "Fox", "steps": steps})


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def twisted(value: Any) -> Any:
    """Each value as another type."""
    match value:
        case bool():
            return "yes"
        case str():
            return [value]
        case dict():
            return {
                key: twisted(inner) if key != "steps" else [twisted(one) for one in inner]
                for key, inner in value.items()
            }
        case list():
            return ", ".join(map(str, value))
    return str(value)
