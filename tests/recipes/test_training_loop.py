from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from recipes.from_scratch.training_loop import FIVE, TrainingLoop
from tests.recipes.waiting import wait_until, wait_until_ended
from workbench.catalog import discover
from workbench.figures import data
from workbench.runs import control
from workbench.runs.events import Finished
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]
Run_ = Callable[..., tuple[TrainingLoop, Run]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Run_]:
    """The recipe, run in this process up to a step, from a state and a step."""
    recorders = []

    def go(last: int, *, after: Any = None, first: int = 0, **values: Any) -> tuple[TrainingLoop, Run]:
        recipe = TrainingLoop(TrainingLoop.Params(**{"rounds": 3, **values}), seed=0)
        if after is not None:
            recipe.load_state_dict(after)
        recorders.append(Recorder(tmp_path / f"{len(recorders)}.jsonl"))
        run = Run(RunFolder(tmp_path), recorders[-1], recipe=recipe, step=first, most_steps=last)
        recipe.run(run)
        return recipe, run

    yield go
    for recorder in recorders:
        recorder.close()


def test_it_learns_and_draws_each_of_the_five(train: Train) -> None:
    history = train("from_scratch/training_loop")
    assert isinstance(history.ended, Finished)
    assert history.ended.results["test/accuracy"] >= 0.94
    shown = history.figures["step by step"]
    assert [one.step for one in shown] == [*range(1, 101)]
    changed = []
    for one in shown[5:10]:  # the second round: in the first there is no gradient to clear
        table = data.decode(bytes(one.figure))
        assert isinstance(table, data.Table)
        changed.append({str(row[0]).partition(" ")[0] for row in table.rows if row[3] == "changed"})
    weights = {"hidden.weight:", "hidden.bias:", "output.weight:", "output.bias:"}
    assert changed == [{"outputs:", "loss", "gradient"}, {"outputs:"}, {"loss"}, {"gradient"}, weights]


def test_a_key_makes_one_of_the_five(checkpoints: Path, standby: Standby) -> None:
    order = Order(discover().find("training_loop"), {"by_key": True, "rounds": 1}, device="cpu")
    folder = launch.launch(order, checkpoints, standby)
    for made in range(5):
        # Resumed is recorded before the step is: the pause that follows has its number.
        wait_until(folder, lambda now, made=made: now.state is State.PAUSED and now.step == made)
        control.ask(folder.control_file, control.Resume())
    wait_until(folder, lambda now: now.state is State.PAUSED and now.step == 5)
    control.ask(folder.control_file, control.Resume())
    history = wait_until_ended(folder)
    assert isinstance(history.ended, Finished)
    titles = [data.decode(bytes(one.figure)).title for one in history.figures["step by step"]]
    assert titles == [f"Round 1, {name}: {code}" for name, code in FIVE.items()]


def test_the_five_are_one_step_of_torchs_optimizer(make: Run_) -> None:
    torch.manual_seed(0)
    recipe, _ = make(5, lr=0.5)
    torch.manual_seed(0)
    before, _ = make(4, lr=0.5)
    images, labels = before._batch(0)
    loss = nn.functional.cross_entropy(before.net(images), labels)
    slopes = torch.autograd.grad(loss, [*before.net.parameters()])
    for new, old, slope in zip(recipe.net.parameters(), before.net.parameters(), slopes, strict=True):
        assert torch.allclose(new, old - 0.5 * slope, atol=1e-7)


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("cut", [6, 7, 8, 9, 10])
def test_it_goes_on_between_any_two_of_the_five(make: Run_, cut: int, clear: bool) -> None:
    torch.manual_seed(0)
    whole, _ = make(14, clear=clear)
    torch.manual_seed(0)
    part, _ = make(cut, clear=clear)
    resumed, _ = make(14, after=part.state_dict(), first=cut, clear=clear)
    pairs = zip(whole.net.parameters(), resumed.net.parameters(), strict=True)
    for own, other in pairs:
        assert torch.equal(own, other) and torch.equal(own.grad, other.grad)


def test_gradients_that_are_not_cleared_add_up(make: Run_) -> None:
    torch.manual_seed(0)
    first, _ = make(4, clear=False, lr=1e-5)
    alone = first.net.output.bias.grad.clone()
    first._make("update", *first._batch(0))
    for name in [*FIVE][:4]:
        first._make(name, *first._batch(0))
    assert torch.allclose(first.net.output.bias.grad, 2 * alone, rtol=1e-3)
