"""Finding names and texts by a few letters."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import fuzzy


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("cnn", "images/cnn"),
        ("imcnn", "images/cnn"),
        ("ic", "images/cnn"),
        ("mfact", "recommenders/matrix_factorization"),
        ("CNN", "images/cnn"),
        ("images cnn", "images/cnn"),
        ("cnn images", "images/cnn"),
        ("s/c", "images/cnn"),
        ("", "images/cnn"),
    ],
)
def test_letters_in_order_find_a_name(typed: str, name: str) -> None:
    assert fuzzy.search(typed, name) is not None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zzz", "images/cnn"),
        ("nnc", "images/cnn"),
        ("cnn", "recommenders/matrix_factorization"),  # c, n and n are there, but far apart
        ("cnn other", "images/cnn"),
    ],
)
def test_what_is_not_meant_is_not_found(typed: str, name: str) -> None:
    assert fuzzy.search(typed, name) is None


def test_the_nearer_name_ranks_higher() -> None:
    names = ["images/cnn", "images/cnn_large", "text/acnn", "chess/nine_nets", "a/other"]
    texts = {"a/other": ["A network, a cnn at heart"]}
    hits = {name: fuzzy.search("cnn", name, texts.get(name, ())) for name in names}
    scores = [hit.score for name in names if (hit := hits[name])]
    assert len(scores) == len(names)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_the_letters_that_were_found_are_told() -> None:
    hit = fuzzy.search("cnn deep", "images/cnn", ["A title", "not deeper, deep"])
    assert hit is not None
    assert hit.at == ((7, 8, 9), (), (12, 13, 14, 15))


@given(st.text(max_size=6), st.text(max_size=30))
def test_the_places_hold_the_letters_whatever_the_alphabet(typed: str, name: str) -> None:
    hit = fuzzy.search(typed, name)
    if hit is not None:
        found = {fuzzy.folded(name)[at] for at in hit.at[0]}
        assert found == set("".join(fuzzy.folded(typed).split()))


def test_five_hundred_recipes_are_searched_within_a_blink() -> None:
    text = "A network learns to tell pictures apart. " * 40
    names = [f"topic_{number % 20}/some_recipe_of_number_{number}" for number in range(500)]
    began_s = time.process_time()
    for typed in ("rec", "smrcp", "pictures", "nowhere in it", "tp1 number"):
        for name in names:
            fuzzy.search(typed, name, ["A title of it", text])
    assert (time.process_time() - began_s) / 5 < 0.1
