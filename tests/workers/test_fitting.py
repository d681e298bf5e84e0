"""What is said after memory ran out, and what is let go of before."""

from __future__ import annotations

import gc
import resource
import sys
import weakref

import pytest

from workbench import Recipe
from workbench.params import Value
from workbench.workers.fitting import NONE_FOUND, let_go, what_fits

CALL = "workbench resume r-0001"


class Tensor:
    """Stands for what fills the memory."""


class Knowing(Recipe):
    """Says what fits, or fails to."""

    answer: dict[str, Value] | BaseException

    def fitting_parameters(self) -> dict[str, Value]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def asked(answer: dict[str, Value] | BaseException, **given: Value) -> str:
    recipe = Knowing()
    recipe.answer = answer
    return what_fits(recipe, CALL, given)


def test_the_batch_that_fits_is_told_with_its_command() -> None:
    assert asked({"batch_size": 16}) == (
        f"a batch of 16 fits (one step was made with it): {CALL} batch_size=16"
    )


def test_values_that_were_given_stay_and_those_that_changed_win() -> None:
    assert asked({"batch_size": 16, "accumulate": 4}, batch_size=64, note="a b", big=True).endswith(
        f": {CALL} batch_size=16 'note=a b' big=yes accumulate=4"
    )


def test_other_parameters_than_the_batch_are_named() -> None:
    assert asked({"width": 8}) == f"width=8 fits (one step was made with it): {CALL} width=8"


def test_a_recipe_that_cannot_find_out_says_nothing() -> None:
    assert what_fits(Recipe(), CALL) == ""


def test_none_found_is_said() -> None:
    assert asked({}) == NONE_FOUND


@pytest.mark.parametrize("fault", [RuntimeError("no\nmore"), MemoryError(), SystemExit(3)])
def test_a_fault_while_looking_is_told_and_ends_nothing(
    fault: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    said = asked(fault)
    assert said.startswith(f"{NONE_FOUND} (looking for one failed: {type(fault).__name__}: ")
    assert "\n" not in said
    assert "Traceback" in capsys.readouterr().err


def test_what_the_failing_step_held_is_free_and_its_traceback_readable() -> None:
    alive: list[weakref.ref[Tensor]] = []

    def step() -> None:
        activations = Tensor()
        alive.append(weakref.ref(activations))
        raise MemoryError

    def run() -> None:
        try:
            step()
        except MemoryError:
            gradients = Tensor()
            alive.append(weakref.ref(gradients))
            raise RuntimeError("out of memory") from None

    try:
        run()
    except RuntimeError as fault:
        assert all(one() is not None for one in alive)
        gc.disable()
        try:
            let_go(fault)
        finally:
            gc.enable()
        assert [one() for one in alive] == [None, None]
        assert fault.__traceback__ is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other kernels limit no memory")
def test_on_the_cpu_memory_that_is_not_there_is_refused_and_the_limit_taken_back() -> None:
    class Greedy(Recipe):
        def fitting_parameters(self) -> dict[str, Value]:
            self.limit = resource.getrlimit(resource.RLIMIT_AS)[0]
            return {"batch_size": 2}

    before = resource.getrlimit(resource.RLIMIT_AS)
    recipe = Greedy()
    what_fits(recipe, CALL)
    assert 0 < recipe.limit < sys.maxsize
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    recipe.device = "cuda:0"
    what_fits(recipe, CALL)
    assert recipe.limit == before[0]
