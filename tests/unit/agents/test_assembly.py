"""The offline planner's plans over the platform's own catalog: which models, from what, at what price."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import plan
from events.catalog.current import CurrentModel
from processors.agents.answers.parser import IncrementalParser, parse_plan
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import Fitted, feasible, fit
from processors.agents.plan import PlannedStep
from processors.agents.words.references import KnownUpload
from tests.catalog import shipped

MAIN = "generate a product image, animate it into a 5-second video, and add a voiceover"
PHOTO = KnownUpload("image_1", "image", "upl_1", "ast_1")


@pytest.fixture(scope="module")
def own() -> Catalog:
    specs = [entry.spec for entry in shipped("fleet", "llm")]
    return Catalog.of(CurrentModel(model=spec, version=1) for spec in specs)


EXAMPLE = re.compile(r"media: \[([^\]]+)\],\s*sentence:\s*\"([^\"]+)\"")
EXAMPLES = EXAMPLE.findall((Path(__file__).parents[3] / "gateway/ui/src/panels/welcome.tsx").read_text())


def test_the_page_offers_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("media", "sentence"), EXAMPLES)
def test_an_example_of_the_page_gives_what_its_icons_show(own: Catalog, media: str, sentence: str) -> None:
    made = assembled(sentence, own)
    assert set(re.findall(r"\w+", media)) <= {one.step.agent_type for one in made}
    assert [one.flags for one in made] == [()] * len(made)


@pytest.mark.parametrize("request_", ["Remove the background from image_1", "sharpen this picture"])
def test_what_no_model_of_the_catalog_can_do_to_a_file_is_said_and_not_paid_for(own: Catalog, request_: str) -> None:
    facts = Facts.of(
        {kind: can.as_json() for kind, can in own.capabilities.items()}, [{"label": "image_1", "medium": "image"}]
    )
    answer = plan(request_, facts)
    assert answer.steps == ()
    assert answer.reason == "No model here can do that to image_1, so nothing was planned for it."


def assembled(request: str, catalog: Catalog, *uploads: KnownUpload) -> list[Fitted]:
    facts = Facts.of(
        {kind: can.as_json() for kind, can in catalog.capabilities.items()},
        [{"label": upload.label, "medium": upload.medium} for upload in uploads],
    )
    text = json.dumps({"title": "x", "steps": plan(request, facts).steps})
    assert tuple(IncrementalParser().feed(text)) == parse_plan(text).steps
    checked = feasible(parse_plan(text).steps, catalog, uploads)
    assert checked.issues == ()
    return fit(checked.steps, catalog, uploads, lambda label: f"stp_X.1.{label}")


def test_the_main_sentence_is_picture_motion_voiceover(own: Catalog) -> None:
    picture, motion, voiceover = assembled(MAIN, own)
    assert [one.model for one in (picture, motion, voiceover)] == ["local/picture", "local/motion", "local/voiceover"]
    assert motion.step.depends_on == ("s1",)
    assert motion.input["duration_s"] == 5
    assert voiceover.step.depends_on == ("s2",)
    assert set(voiceover.input) == {"text"}
    assert [one.estimate for one in (picture, motion, voiceover)] == [500, 1000, 500]


@pytest.mark.parametrize(
    ("request_", "models"),
    [
        ("write a haiku about rain, read it aloud, and make a picture for it",
         ["text/writer", "local/voice", "local/picture"]),
        ("a 10 second video of the sea", ["local/text-to-video"]),
        ("Draw a red fox, then turn it into a short clip", ["local/picture", "local/motion"]),
        ("write a script about bees and narrate it", ["text/script", "local/voice"]),
    ],
)  # fmt: skip
def test_each_step_gets_the_model_that_fits(own: Catalog, request_: str, models: list[str]) -> None:
    assert [one.model for one in assembled(request_, own)] == models


def test_a_voice_speaks_the_text_of_the_step_before(own: Catalog) -> None:
    _, voice, picture = assembled("write a haiku about rain, read it aloud, and make a picture for it", own)
    assert voice.input["text"] == "step:stp_X.1.s1"
    assert "rain" in picture.input["prompt"]


def test_an_upload_is_animated(own: Catalog) -> None:
    (film,) = assembled("animate image_1 for 4 seconds", own, PHOTO)
    assert (film.model, film.input["image"], film.input["duration_s"]) == ("local/motion", "upload:image_1", 4)


def test_what_cannot_be_wired_is_said_before_it_runs(own: Catalog) -> None:
    lost = PlannedStep("s1", "Join", "Join the films", "utility", model="local/concat")
    [one] = fit([lost], own, (), lambda label: f"stp_X.1.{label}")
    assert any(flag.startswith("s1:unwirable:videos: needs video") for flag in one.flags)


@pytest.mark.parametrize(
    "request_", [MAIN, "a 10-second video of the sea with a soundtrack", "write a script about bees and narrate it"]
)
def test_a_plan_that_can_run_has_no_such_flag(own: Catalog, request_: str) -> None:
    assert [flag for one in assembled(request_, own) for flag in one.flags if ":unwirable:" in flag] == []
