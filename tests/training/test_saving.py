"""Which checkpoints a training leaves, and what it takes up from one that fits only in part."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import Train
from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.params import number
from workbench.runs.history import History
from workbench.runs.run import Run
from workbench.training import Data, Tensors, checkpoints

STEPS_AN_EPOCH = 5


def left(run: Run) -> list[str]:
    return sorted(file.name for file in run.folder.path.glob("*.pt"))


def test_the_newest_checkpoints_are_kept_beside_the_best(train: Train) -> None:
    _, run, history = train(epochs=4, keep=2)
    run.wait_for_checkpoints()
    assert left(run) == ["best.pt", "last.pt", "step-00000015.pt", "step-00000020.pt"]
    assert checkpoints.read(run.folder.path / "step-00000015.pt")["step"] == 15
    assert (run.folder.path / "step-00000020.pt").samefile(run.folder.path / "last.pt")
    kept = [saved.file for saved in history.read_all().checkpoints if saved.reason == "kept"]
    assert kept == [f"step-{step:08d}.pt" for step in (5, 10, 15, 20)]


def test_one_newest_checkpoint_has_no_name_of_its_own(train: Train) -> None:
    _, run, _ = train(epochs=2)
    run.wait_for_checkpoints()
    assert left(run) == ["best.pt", "last.pt"]


def test_between_two_epochs_time_alone_makes_checkpoints(train: Train) -> None:
    class Slow(Line):
        def training_step(self, batch: Any) -> Tensor:
            self.run_handle.wait_for_checkpoints()  # or a busy disk would leave some out
            self._current()._saved_at_s = -1e6
            return super().training_step(batch)

    _, run, history = train(Slow, epochs=1)
    run.wait_for_checkpoints()
    saved = [one.step for one in history.read_all().checkpoints if one.file == "last.pt"]
    assert saved[-4:] == [2, 3, 4, 5]  # the first may meet the thread making room
    _, _, undisturbed = train(folder="undisturbed", epochs=1)
    losses = (h.series["train/loss"].values.tolist() for h in (history, undisturbed))
    assert next(losses) == next(losses)


def test_a_monitor_of_the_training_itself_keeps_its_best(train: Train) -> None:
    class ByTraining(Line):
        monitor = "train/loss"

        def data(self) -> Data:
            return Data(super().data().train)

        def training_step(self, batch: Any) -> Tensor:
            return 0 * super().training_step(batch) + 1 / self.run_handle.step

    _, run, history = train(ByTraining, epochs=3, patience=1)
    run.wait_for_checkpoints()
    assert "best.pt" in left(run)
    assert not any("stopped early" in message.text for message in history.messages)


class Grown(Line):
    """A line through as many hidden units as wanted."""

    class Params(Line.Params):
        hidden: int = number(4, low=1)

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 3), nn.Linear(3, self.params.hidden), self.last())

    def last(self) -> nn.Module:
        return nn.Linear(self.params.hidden, 1)


def parents_state(train: Train) -> dict[str, Any]:
    parent, _, _ = train(Grown, folder="parent", epochs=1)
    return copy.deepcopy(parent.state_dict())


def test_a_checkpoint_of_another_shape_is_refused_naming_what_differs(
    start: Train, train: Train
) -> None:
    recipe, run, _ = start(Grown, state=parents_state(train), step=STEPS_AN_EPOCH, hidden=6)
    with pytest.raises(WorkbenchError, match="does not fit the network") as caught:
        recipe.run(run)
    assert "1.weight: (4, 3) saved, (6, 3) wanted" in caught.value.remedy
    assert "2.weight: (1, 4) saved, (1, 6) wanted" in caught.value.remedy
    assert "--partial" in caught.value.remedy and "0.weight" not in caught.value.remedy


def test_a_partial_start_takes_the_weights_that_fit_and_names_the_rest(
    start: Train, train: Train
) -> None:
    state = parents_state(train)
    recipe, run, history = start(Grown, state=state, step=STEPS_AN_EPOCH, hidden=6, lr=1e-7, epochs=2)
    run.forked = run.partial = True
    recipe.run(run)
    (told,) = [message.text for message in history.read_all().messages]
    assert "1.weight: (4, 3) saved, (6, 3) wanted" in told and "0.weight" not in told
    assert torch.allclose(recipe.net[0].weight, state["model"]["0.weight"], atol=1e-4)
    assert run.step == 2 * STEPS_AN_EPOCH


def test_a_partial_start_from_what_fits_whole_is_an_ordinary_fork(start: Train, train: Train) -> None:
    state = parents_state(train)
    runs: list[History] = []
    for partial in (False, True):
        recipe, run, history = start(
            Grown,
            folder=f"child-{partial}",
            state=copy.deepcopy(state),
            step=STEPS_AN_EPOCH,
            epochs=2,
        )
        run.forked, run.partial = True, partial
        recipe.run(run)
        runs.append(history.read_all())
    plain, partly = (history.series["train/loss"].values.tolist() for history in runs)
    assert plain == partly and not runs[1].messages


def test_a_checkpoint_cut_in_half_is_told(train: Train, tmp_path: Path) -> None:
    _, run, _ = train(epochs=1)
    run.wait_for_checkpoints()
    whole = (run.folder.path / "last.pt").read_bytes()
    cut = tmp_path / "cut.pt"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WorkbenchError, match="damaged or no checkpoint"):
        checkpoints.read(cut)


class Greedy(Line):
    """Asks for memory that grows with the sixth power of the batch; it is never touched."""

    def data(self) -> Data:
        return Data(Tensors(torch.zeros(128, 3), torch.zeros(128)))

    def training_step(self, batch: Any) -> Tensor:
        torch.empty(len(batch[0]) ** 6, dtype=torch.float64)
        return super().training_step(batch)


def test_after_memory_ran_out_a_batch_that_fits_is_found_by_steps(start: Train) -> None:
    recipe, run, _ = start(Greedy, batch_size=128)
    with pytest.raises(RuntimeError, match="allocate"):
        recipe.run(run)
    assert recipe.fitting_parameters() in ({"batch_size": 32}, {"batch_size": 16})
