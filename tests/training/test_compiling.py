"""A compiled network is the same network, and one that cannot be compiled is trained all the same."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import Train
from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.training import Data

needs_a_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")


class Smooth(Line):
    """Nothing in it is random, so that both ways can be compared; its batches have one shape."""

    def data(self) -> Data:
        return Data(super().data().train)

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


@needs_a_compiler
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the compiler
def test_a_compiled_network_learns_what_an_eager_one_does(train: Train) -> None:
    eager, _, plain = train(Smooth)
    compiled, _, history = train(Smooth, folder="compiled", compile=True)
    assert any(message.text.startswith("compiled in") for message in history.messages)
    assert compiled.state_dict()["model"].keys() == eager.state_dict()["model"].keys()
    losses = [h.series["train/loss"].values for h in (plain, history)]
    assert torch.allclose(torch.tensor(losses[0]), torch.tensor(losses[1]), atol=1e-5)


class Dividing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("divisor", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x / self.divisor


class Breaking(Smooth):
    """Goes wrong in step 4, in a way that has nothing compiled anew."""

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 8), Dividing(), nn.Linear(8, 1))

    def after_step(self) -> None:
        self.net[1].divisor.fill_(self.run_handle.step < 3)


@needs_a_compiler
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the compiler
def test_the_layer_of_a_bad_step_is_found_in_a_compiled_network(train: Train) -> None:
    with pytest.raises(WorkbenchError, match=r"step 4, first in the output of 1 \(Dividing\)"):
        train(Breaking, compile=True, on_nan="stop")


class Uncompilable(Smooth):
    """Breaks the compiler, and nothing else."""

    def training_step(self, batch: Any) -> Tensor:
        if torch.compiler.is_compiling() or self.net._compiled_call_impl is not None:
            raise RuntimeError("the compiler gave up\nwith many lines of reasons")
        return super().training_step(batch)


def test_what_cannot_be_compiled_goes_on_without(train: Train) -> None:
    eager, _, plain = train(Smooth)
    recipe, _, history = train(Uncompilable, folder="uncompilable", compile=True)
    told = [message.text for message in history.messages]
    assert told == ["not compiled, goes on without: the compiler gave up"]
    assert all(
        torch.equal(one, other)
        for one, other in zip(recipe.net.parameters(), eager.net.parameters(), strict=True)
    )
    assert history.series["train/loss"].values.tolist() == plain.series["train/loss"].values.tolist()
