"""A mark is reached where its bound is, and its baseline with the margin; what is missing never is."""

from __future__ import annotations

import math

import pytest

from workbench import Recipe, at_least, at_most, choice
from workbench.errors import UsageError
from workbench.mark import Mark


@pytest.mark.parametrize(
    ("mark", "enough", "short"),
    [
        (at_least("a", 0.98), 0.98, 0.9799),
        (at_most("a", 0.88), 0.88, 0.8801),
        (at_least("a", baseline="b"), 0.5, 0.4999),
        (at_least("a", baseline="b", margin=0.25), 0.75, 0.7499),
        (at_most("a", baseline="b", margin=0.25), 0.25, 0.2501),
        (at_least("a", 0.9, baseline="b"), 0.9, 0.89),  # the baseline is only shown
        (at_least("a", 0.6, baseline="b", margin=0.25), 0.75, 0.7),  # both have to be reached
        (at_most("a", 0.1, baseline="b", margin=0), 0.1, 0.2),
    ],
)
def test_the_bound_counts_and_the_baseline_where_it_has_to_be_beaten(
    mark: Mark, enough: float, short: float
) -> None:
    assert mark.is_reached(enough, 0.5)
    assert not mark.is_reached(short, 0.5)


def test_what_is_missing_or_no_number_reaches_nothing() -> None:
    against = at_most("a", 0.9, baseline="b", margin=0)
    assert against.is_reached(0.1, 0.5)
    assert not against.is_reached(0.1, None)
    assert not against.is_reached(0.1, math.nan)
    assert not at_least("a", 0.1).is_reached(math.nan)
    assert at_least("a", 0.1, baseline="b").is_reached(0.2, None)


def test_nine_tenths_in_single_precision_are_nine_tenths() -> None:
    assert at_least("a", 0.9).is_reached(0.8999999761581421)
    assert at_most("a", 0.1, baseline="b", margin=0).is_reached(0.10000000149011612, 0.1)
    assert not at_least("a", 0.9).is_reached(0.899998)
    assert not at_most("a", 0).is_reached(1e-12)


def test_a_mark_is_told_in_words() -> None:
    assert at_least("test/accuracy", 0.98).text() == "test/accuracy at least 0.98"
    assert at_most("rmse", 0.88, baseline="biases").text() == "rmse at most 0.88, beside biases"
    assert at_most("rmse", baseline="ridge").text() == "rmse at most ridge"
    beats = at_least("a", 0.5, baseline="b", margin=0.03, values={"model": "lstm"})
    assert beats.text() == "a at least 0.5 and b + 0.03 with model=lstm"


def test_a_mark_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a bound or a baseline"):
        at_least("a")
    with pytest.raises(ValueError, match="a margin of 0 or more is to a baseline"):
        at_least("a", 0.5, margin=0.1)


def test_a_recipe_refuses_what_is_no_mark_and_values_that_it_does_not_take() -> None:
    class Params(Recipe.Params):
        model: str = choice("cnn", "lstm")

    marks = (at_least("a", 1, values={"model": "lstm"}),)
    sound = type("Sound", (Recipe,), {"Params": Params, "marks": marks})
    assert sound.marks == marks
    with pytest.raises(TypeError, match="what at_least and at_most give"):
        type("NoMark", (Recipe,), {"marks": (0.98,)})
    with pytest.raises(UsageError, match=r"lstn.*lstm"):
        wrong = (at_least("a", 1, values={"model": "lstn"}),)
        type("WrongValue", (Recipe,), {"Params": Params, "marks": wrong})
