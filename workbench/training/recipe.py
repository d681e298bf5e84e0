"""`Training`: a recipe whose steps the workbench's loop makes, with Lightning's names for its parts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from workbench.catalog import install_command
from workbench.errors import WorkbenchError
from workbench.params import Value, choice, number, switch
from workbench.recipe import Recipe
from workbench.rehearsal import Rehearsal
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import schedules
from workbench.training.data import Data
from workbench.training.guard import MODES
from workbench.training.loop import Loop
from workbench.training.optimizers import OPTIMIZERS, Closure
from workbench.training.precision import PRECISIONS
from workbench.training.rehearsal import fitting_batch_size, rehearse
from workbench.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from workbench.training.estimator import RecipeNet

_OUTSIDE_THE_STEP = {"lr", "weight_decay", "log_every", "probe_every", "save_minutes"}


class Training(Recipe):
    """Implement `data`, `model` and `training_step`; override the rest where you must.

    Attributes:
        net: what `model` gave, on the device.
        run_handle: the run that is going on, for figures and messages.
    """

    class Params(Recipe.Params):
        """What every training has."""

        epochs: int = number(10, low=1, high=100_000, log=True, help="passes over the training data")
        batch_size: int = number(64, low=1, high=65_536, log=True, help="samples a batch")
        optimizer: str = choice(*OPTIMIZERS, help="how gradients become steps")
        lr: float = number(1e-3, low=1e-7, high=10, log=True, live=True, help="learning rate")
        weight_decay: float = number(0.0, low=0, high=1, live=True, help="pull of the weights to zero")
        schedule: str = choice(*SCHEDULES, help="course of the learning rate")
        warm_up: float = number(
            0.0,
            low=0,
            high=0.9,
            help="share of the steps in which the rate rises; one_cycle has its own",
        )
        lr_patience: int = number(
            5, low=0, high=1000, help="schedule=plateau: epochs without gain before a tenth of the rate"
        )
        patience: int = number(0, low=0, help="epochs without a better value before it stops; 0: never")
        accumulate: int = number(
            1, low=1, high=4096, log=True, help="batches whose gradients make one step"
        )
        clip_norm: float = number(0.0, low=0, high=1e6, help="largest norm of a gradient; 0: any")
        on_nan: str = choice(*MODES, help="what a loss or gradient that is NaN or infinite does")
        precision: str = choice(*PRECISIONS, help="number format of the products")
        compile: bool = switch(False, help="compile the network; takes a minute, then steps are faster")
        cuda_graphs: str = choice("auto", "off", help="record small steps on CUDA, where it is faster")
        log_every: int = number(
            10, low=1, high=100_000, log=True, live=True, help="steps between records"
        )
        probe_every: int = number(
            0, low=0, high=100_000, live=True, help="steps between looks into the network; 0: never"
        )
        save_minutes: float = number(
            5.0,
            low=0.001,
            high=10_000,
            log=True,
            live=True,
            help="minutes between checkpoints, at most",
        )
        keep: int = number(1, low=1, high=1000, log=True, help="newest checkpoints that are kept")

    monitor: ClassVar[str] = "val/loss"
    monitor_mode: ClassVar[Literal["min", "max"]] = "min"

    params: Any
    net: nn.Module
    run_handle: Run

    def __init__(self, params: Any = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self._loop: Loop | None = None
        self._resume_from: Mapping[str, Any] = {}

    # What a recipe implements.

    def data(self) -> Data:
        """The splits; called once, before `model`."""
        raise NotImplementedError(f"{type(self).__name__} has to implement data(self)")

    def model(self) -> nn.Module:
        """The network, on the CPU; the loop moves it to the device."""
        raise NotImplementedError(f"{type(self).__name__} has to implement model(self)")

    def training_step(self, batch: Any) -> Tensor | Mapping[str, Any] | None:
        """The loss of a batch, or named values with the loss among them.

        A step that calls `minimize` itself returns only what is to be recorded, if anything.
        """
        raise NotImplementedError(f"{type(self).__name__} has to implement training_step(self, batch)")

    # What a recipe overrides where it must.

    def validation_step(self, batch: Any) -> Tensor | Mapping[str, Any] | None:
        """As `training_step`, without gradients; feed metrics with `measure` here."""
        return self.training_step(batch)

    def test_step(self, batch: Any) -> Tensor | Mapping[str, Any] | None:
        """As `validation_step`, on the test split with the best weights."""
        return self.validation_step(batch)

    def predict_step(self, batch: Any) -> Any:
        """The network's answer to a batch."""
        return self.net(batch[0] if isinstance(batch, tuple | list) else batch)

    def configure_optimizers(self) -> torch.optim.Optimizer | dict[str, torch.optim.Optimizer]:
        """One optimizer, or several by name; each is what `minimize(loss, name)` steps."""
        trainable = [weight for weight in self.net.parameters() if weight.requires_grad]
        make = OPTIMIZERS[self.params.optimizer]
        return make(trainable, self.params.lr, self.params.weight_decay)

    def learning_rate_factor(self, step: int, total: int) -> float:
        """What every learning rate is multiplied by in the step after `step` others, of `total`."""
        return schedules.factor(self.params.schedule, step, total, self.params.warm_up)

    def metrics(self) -> dict[str, Any]:
        """Torchmetrics by name, measured over a whole split: `val/NAME`, `test/NAME`."""
        return {}

    def example_input(self) -> Any:
        """One input of the network, for its table of shapes; by default the first of a batch."""
        return None

    def after_step(self) -> None:
        """Called after each optimizer step: an average of weights, a clamp on the picture."""

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        """Called with what `metrics` gave for `val` or `test`; the place for figures."""

    # What a recipe calls.

    def minimize(self, loss: Tensor | Closure, optimizer: str = "") -> Tensor:
        """One step of an optimizer (the only one where no name is given) down a loss.

        A closure that gives the loss is called as often as the optimizer (LBFGS) wants.
        """
        return self._current().stepper.minimizer.minimize(loss, optimizer)

    def measure(self, predictions: Tensor, targets: Tensor) -> None:
        """Feed a batch to the metrics of the split that is being evaluated."""
        self._current().evaluation.measure(predictions, targets)

    # What a script calls.

    def estimator(self, kind: Literal["classifier", "regressor", "net"] | None = None) -> RecipeNet:
        """This recipe as a scikit-learn estimator, whose parameters are the recipe's, by their names.

        It is fitted on whatever `fit` is given. `kind` overrules what the labels say it is.

        Raises:
            WorkbenchError: when it cannot be one, with the reason; or when skorch is not installed.
        """
        _refuse_without_skorch()
        from workbench.training import estimator  # noqa: PLC0415 - skorch takes many seconds

        return estimator.estimator(self, kind)

    def samples(self) -> tuple[Any, Any]:
        """Inputs and labels (NumPy) of its training and validation parts: what folds are cut from.

        Raises:
            WorkbenchError: when its data are something else.
        """
        from workbench.training.suitability import samples  # noqa: PLC0415 - it knows this module

        return samples(self)

    # What the workbench calls.

    def run(self, run: Run) -> None:
        """Train, evaluating after each epoch, and test the best weights at the end."""
        self.run_handle = run
        self._loop = Loop(self, run, self._resume_from)
        self._resume_from = {}
        self._loop.fit()

    def rehearse(self) -> Rehearsal:
        """One batch: shapes of the layers, sizes, memory, time a step and of the whole run."""
        with tempfile.TemporaryDirectory(prefix="workbench-rehearsal-") as place:
            folder = RunFolder(Path(place))
            recorder = Recorder(folder.events_file)
            try:
                loop = begun(self, Run(folder, recorder, recipe=self, device=self.device))
                try:
                    return rehearse(loop)
                finally:
                    loop.close()
            finally:
                recorder.close()

    def state_dict(self) -> dict[str, Any]:
        """All that exact resumption needs; empty before the training has begun."""
        return {} if self._loop is None else self._loop.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Kept until `run` has built what it belongs to."""
        self._resume_from = state

    def fitting_parameters(self) -> dict[str, Value]:
        """Half the batch, and half of that, until a step fits."""
        return {} if self._loop is None else fitting_batch_size(self._loop)

    def parameter_changed(self, name: str) -> None:
        """A new value holds from the next step on; a step recorded with the old one is made anew."""
        if name == "weight_decay":
            self._current().optimizers.set_weight_decay(self.params.weight_decay)
        if name not in _OUTSIDE_THE_STEP:
            self._current().forget_graph()

    def _current(self) -> Loop:
        if self._loop is None:
            raise RuntimeError("this can only be called while the recipe is being trained")
        return self._loop


def begun(recipe: Training, run: Run) -> Loop:
    """Data, network and optimizers as a run makes them, without a step: for who looks inside."""
    recipe.run_handle = run
    recipe._loop = Loop(recipe, run, {})
    return recipe._loop


def _refuse_without_skorch() -> None:
    if find_spec("skorch") is None:
        raise WorkbenchError(
            "an estimator needs skorch, which is not installed", install_command(["skorch"])
        )
