"""A prompt is read for subject, colours and title; what is not known is not guessed."""

from __future__ import annotations

import pytest

from gpu_workers.drawing.brief import COLOURS, read


@pytest.mark.parametrize(
    ("prompt", "kind", "subject", "title"),
    [
        ("Generate a product image of a red coffee mug", "product", "mug", "Red Coffee Mug"),
        ("navy and gold watch", "product", "watch", "Navy & Gold Watch"),
        ("a coffee cup, studio lighting", "product", "mug", "Coffee Cup"),
        ("luxury perfume bottle", "product", "perfume", "Luxury Perfume Bottle"),
        ("sneakers on a podium", "product", "sneaker", "Sneakers"),
        ("a cat on a chair", "figure", "cat", "Cat"),
        ("rainy city street", "scene", "city", "Rainy City Street"),
        ("sunset", "scene", "sea", "Sunset"),
        ("generate a product image", "product", "perfume", "The Signature Piece"),
        ("quantum entanglement", "abstract", "abstract", "Quantum Entanglement"),
    ],
)
def test_what_is_meant(prompt: str, kind: str, subject: str, title: str) -> None:
    brief = read(prompt, 1)
    assert (brief.kind, brief.subject, brief.title) == (kind, subject, title)


def test_the_first_colour_is_the_main_one() -> None:
    brief = read("a teal bottle with orange label", 1)
    assert (brief.main, brief.accent, brief.named_colours) == (COLOURS["teal"], COLOURS["orange"], 2)


def test_without_a_colour_the_seed_chooses_and_stays_with_it() -> None:
    assert read("a mug", 3).main == read("a mug", 3).main
    assert len({read("a mug", seed).main for seed in range(20)}) > 3


def test_quoted_words_become_the_label() -> None:
    assert read('white t-shirt with the text "HELLO"', 1).label == "HELLO"


def test_chance_for_one_purpose_does_not_move_another() -> None:
    brief = read("a mug", 1)
    assert brief.rng("set").random() == brief.rng("set").random() != brief.rng("leaves").random()
