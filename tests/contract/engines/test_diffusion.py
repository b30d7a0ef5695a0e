"""The diffusion engine keeps the contract of all engines, with real torch and diffusers on a tiny random pipeline."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gpu_workers.engine_process import EngineProcess, EngineRun
from gpu_workers.engines.base import EngineCancelled
from gpu_workers.engines.diffusion import INSTALL, MODEL, Diffusion, Options, missing
from tests.contract.engines import tiny_diffusion
from tests.contract.engines.suite import check, content, run
from tests.contract.engines.test_engines import (
    Inputs,
    test_a_cancel_stops_it,
    test_its_files_are_what_they_say,
    test_loaded_once_it_runs_twice_with_the_same_result,
    test_media_that_cannot_be_read_are_the_callers_fault,
)

if absent := missing():
    pytest.skip(f"{', '.join(absent)} not installed: {INSTALL}", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
__all__ = [
    "test_a_cancel_stops_it",
    "test_its_files_are_what_they_say",
    "test_loaded_once_it_runs_twice_with_the_same_result",
    "test_media_that_cannot_be_read_are_the_callers_fault",
]
SMALL = {"prompt": "a fox", "width": 80, "height": 64, "steps": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_diffusion.write(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Diffusion:
    made = Diffusion(Options(str(folder), device="cpu"))
    made.load()
    return made


@pytest.fixture
def picture(engine: Diffusion, tmp_path: Path) -> Path:
    return run(engine, SMALL, tmp_path / "picture", seed=3)[0].path


@pytest.fixture(params=["words", "a picture"])
def inputs(request: pytest.FixtureRequest, picture: Path) -> Inputs:
    """What the suite gives it."""
    more = {"image": str(picture), "strength": 0.5} if request.param == "a picture" else {}
    return lambda model: {**SMALL, **more}


@pytest.fixture
async def process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STUDIO_WORKER_DIFFUSION_MODEL", str(folder))
    monkeypatch.setenv("STUDIO_WORKER_DIFFUSION_DEVICE", "cpu")
    child = EngineProcess()
    await child.start()
    yield child
    await child.close()


def test_it_says_what_it_is(engine: Diffusion, folder: Path) -> None:
    """By the folder's own name: where it lies is nobody's business."""
    assert engine.spec.name == "diffusers/tiny"
    assert engine.spec.tags == ("cpu",)
    assert Diffusion(Options("owner/model")).spec.name == "diffusers/owner/model"


def test_a_seed_another_prompt_and_what_is_not_wanted_each_make_another_picture(
    engine: Diffusion, tmp_path: Path
) -> None:
    asked = [(SMALL, 1), (SMALL, 2), ({**SMALL, "prompt": "a crow"}, 1), ({**SMALL, "negative_prompt": "fog"}, 1),
             ({**SMALL, "guidance": 1.5}, 1), ({**SMALL, "steps": 6}, 1)]  # fmt: skip
    made = [content(run(engine, values, tmp_path / str(n), seed)[0]) for n, (values, seed) in enumerate(asked)]
    assert len(set(made)) == len(made)


def test_each_step_is_told_and_a_cancel_comes_between_two(engine: Diffusion, tmp_path: Path) -> None:
    notes: list[str] = []
    with pytest.raises(EngineCancelled):
        engine.run(
            {**SMALL, "steps": 9}, progress=lambda share, note: notes.append(note),
            cancelled=lambda: any(note.startswith("step 3") for note in notes), workdir=tmp_path, seed=1,
        )  # fmt: skip
    assert [note for note in notes if note.startswith("step")] == ["step 1 of 9", "step 2 of 9", "step 3 of 9"]
    assert not list(tmp_path.iterdir())
    check(run(engine, SMALL, tmp_path)[0], engine.spec.name)


def test_a_size_that_the_model_cannot_make_is_rounded_down(engine: Diffusion, tmp_path: Path) -> None:
    (output,) = run(engine, {**SMALL, "width": 95, "height": 79}, tmp_path)
    assert (output.width, output.height) == (80, 64)


def test_a_picture_keeps_its_shape_and_is_what_the_result_begins_with(
    engine: Diffusion, picture: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (80, 64), "navy").save(plain)
    made = [
        run(engine, {"prompt": "a crow", "image": str(source), "strength": 0.1, "steps": 20}, tmp_path / source.stem)[0]
        for source in (picture, plain)
    ]
    assert [(one.width, one.height) for one in made] == [(80, 64)] * 2
    assert content(made[0]) != content(made[1])


@pytest.mark.parametrize(("steps", "strength", "taken"), [(8, 0.5, 4), (2, 0.1, 1)])
def test_the_less_of_a_picture_is_to_change_the_fewer_steps_are_taken(
    engine: Diffusion, picture: Path, tmp_path: Path, steps: int, strength: float, taken: int
) -> None:
    notes: list[str] = []
    engine.run(
        {"prompt": "a crow", "image": str(picture), "strength": strength, "steps": steps},
        progress=lambda share, note: notes.append(note), cancelled=lambda: False, workdir=tmp_path, seed=1,
    )  # fmt: skip
    assert [note for note in notes if note.startswith("step")][-1] == f"step {taken} of {taken}"


def test_weights_that_are_not_there_are_not_looked_for_elsewhere(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model_index.json").write_text((folder / "model_index.json").read_text())
    with pytest.raises(OSError):
        Diffusion(Options(str(broken))).load()


async def test_a_workers_engine_process_loads_it_first_and_serves_it(process: EngineProcess, tmp_path: Path) -> None:
    assert process.specs[MODEL].name == "diffusers/tiny"
    assert "local/picture" in process.specs
    shares: list[float] = []
    done = await process.run(
        EngineRun(MODEL, SMALL, tmp_path, 1, 60), lambda share, note: shares.append(share), asyncio.Event()
    )
    assert shares == sorted(shares)
    assert len(shares) == 3 + SMALL["steps"]  # type: ignore[operator]
    assert (done.outputs[0]["width"], done.outputs[0]["height"]) == (80, 64)


async def test_a_model_that_cannot_be_loaded_is_not_served_and_all_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_WORKER_DIFFUSION_MODEL", str(tmp_path))
    child = EngineProcess()
    await child.start()
    assert MODEL not in child.specs
    assert "local/picture" in child.specs
    await child.close()
