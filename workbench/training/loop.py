"""The training loop: steps, evaluation after each epoch, early stopping, checkpoints."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.run import Run
from workbench.training import checks, cuda_graphs
from workbench.training.compiling import compile_net
from workbench.training.data import Data, Source, Split, batch_length
from workbench.training.evaluation import Evaluation
from workbench.training.guard import NonFiniteError
from workbench.training.optimizers import Optimizers
from workbench.training.probing import Probing
from workbench.training.resuming import captured, load_weights, restore
from workbench.training.schedules import Plateau
from workbench.training.stepping import Stepper

if TYPE_CHECKING:
    from workbench.training.recipe import Training

EVALUATION_BATCH_FACTOR = 4  # no gradients are kept, so larger batches fit
SECONDS_A_MINUTE = 60


class Loop:
    """Trains one recipe once; built when the run begins, kept until it ends.

    Attributes:
        epoch: whole epochs done.
        position: steps done in the epoch at hand.
        uncounted_steps: what steps of another batch size are more than those of this one.
        epochs_without_gain: since the monitored value was best.
        best_of_epochs: the best value when the last epoch ended.
    """

    def __init__(self, recipe: Training, run: Run, resume_from: Mapping[str, Any]) -> None:
        self.recipe = recipe
        self.run = run
        self.device = torch.device(recipe.device)
        if self.device.type == "cuda" and self.device.index is not None:
            torch.cuda.set_device(self.device)  # streams and recordings are the current device's
        self._began = False
        run.meter.phase = "loading data"
        run.meter.record()
        self.data = recipe.data()
        recipe.net = recipe.model().to(self.device)
        made = recipe.configure_optimizers()
        self.optimizers = Optimizers(made, recipe.params.lr, recipe.params.weight_decay)
        self.stepper = Stepper(recipe, self.optimizers, self.device)
        self.plateau = Plateau(recipe.monitor_mode, recipe.params.lr_patience)
        self._splits(self.data)
        self.evaluation = Evaluation(recipe, run, self.stepper.precision, self.device)
        self.probing = Probing(self)
        self.epochs_without_gain = 0
        self.position = 0
        self.epoch = 0
        self.uncounted_steps = 0
        self.best_of_epochs: events.Best | None = None
        self._record_next = False
        self._saved_at_s = 0.0
        if resume_from:
            restore(self, resume_from)

    def fit(self) -> None:
        """Train to the end, or until someone stops it; then test the best weights."""
        try:
            self._fit()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the processes that load data."""
        for split in (self._train, *self._evaluated.values()):
            if split is not None:
                split.close()

    def _fit(self) -> None:
        meter = self.run.meter
        meter.epochs = self.recipe.params.epochs
        meter.epoch = self.epoch + 1
        meter.phase = "training"
        self.run.steering.look_inside = self.probing.ask
        self.run.steering.before_waiting = self.probing.answer_rest
        self._began = True
        self._saved_at_s = time.monotonic()
        groups = self.groups()
        for step in () if self._is_out_of_patience() else self.run.steps(self.total_steps):
            group = next(groups)
            if step == self.run.first_step:
                self._speed_up(group)
            self._record_if_due(group)
            is_probed = self.probing.is_due(step)
            if is_probed:
                self.probing.begin_step()
            self.train_step(group)
            self.position += 1
            if is_probed:
                self.probing.end_step(group)
            if step == self.run.first_step:
                self.run.expect_checkpoints_of(self.state_dict())
            self._log_if_due(step)
            if self.position < self.steps_per_epoch:
                self._save_if_due()
                continue
            if self._end_epoch():
                break
            groups = self.groups()
        self.probing.answer_rest()
        if not self.run.stopping:
            self._test()
        self.run.wait_for_checkpoints()

    @property
    def total_steps(self) -> int:
        return self.uncounted_steps + int(self.recipe.params.epochs) * self.steps_per_epoch

    def groups(self) -> Iterator[list[Any]]:
        """What is left of this epoch: the batches of each step; None for one where there is no data."""
        if self._train is None:
            return iter(lambda: [None], object())
        size = self.recipe.params.accumulate
        batches = self._train.batches(self.epoch, skip=self.position * size)
        return iter(lambda: list(islice(batches, size)), [])

    def train_step(self, batches: list[Any]) -> None:
        """One step with the learning rate of its moment.

        Raises:
            NonFiniteError: naming step and layer, where a loss or gradient is no finite number.
        """
        self._set_learning_rate()
        if not self.recipe.net.training:  # the evaluation left it so; asking all modules costs time
            self.recipe.net.train()
        self.stepper.step(self.run.step, batches)

    def _set_learning_rate(self) -> None:
        params = self.recipe.params
        counted = self.total_steps - self.uncounted_steps
        done = max(self.run.step - 1 - self.uncounted_steps, 0)
        factor = self.recipe.learning_rate_factor(done, counted)
        if params.schedule == "plateau":
            factor *= self.plateau.factor
        self.optimizers.set_learning_rate(factor, params.lr)

    def first_samples(self, count: int, otherwise: Any) -> Any:
        """A batch of at most so many training samples, always the same; `otherwise` where none is."""
        if self._train is None:
            return None
        size = min(count, int(self.recipe.params.batch_size))
        return self._train.first(size, otherwise)

    def rehearse_evaluation(self) -> None:
        """One batch of each evaluated split, its metrics computed and forgotten."""
        for name, split in self._evaluated.items():
            self.evaluation.evaluate(name, split, most_batches=1)

    def make_step_of(self, batch_size: int) -> bool:
        """One step of that size, to see whether it fits; false where the batches are not cut here."""
        if self._train is None or not self._train.is_cut_here:
            return False
        split = self._split(self.data, self._train.source, batch_size, "train")
        self.train_step([next(split.batches(epoch=0))])
        for name, evaluated in self._evaluated.items():
            if evaluated.is_cut_here:
                larger = self._split(
                    self.data, evaluated.source, EVALUATION_BATCH_FACTOR * batch_size, name
                )
                self.evaluation.make_step_of(name, next(larger.batches(epoch=0)))
        return True

    def forget_graph(self) -> None:
        """A parameter that a recorded step holds as a number has changed: record it anew."""
        if self.stepper.graph is not None:
            self.stepper.graph = None
            self._record_next = True

    def state_dict(self) -> dict[str, Any]:
        """All that exact resumption needs, where the last step left it.

        Raises:
            NonFiniteError: when the network has gone bad, which no checkpoint should hold.
        """
        if not self._began:
            return {}
        self.check_guard()
        return captured(self)

    def _splits(self, data: Data) -> None:
        size = self.recipe.params.batch_size
        self._train = None if data.train is None else self._split(data, data.train, size, "train")
        larger = size * EVALUATION_BATCH_FACTOR
        self._evaluated = {
            name: self._split(data, source, larger, name)
            for name, source in (("val", data.validation), ("test", data.test))
            if source is not None
        }
        for note in data.notes:
            self.run.message(note)
        checks.check(self._train, self._evaluated, data)
        if self._train is None:
            self.steps_per_epoch = data.steps_per_epoch
        else:
            self.steps_per_epoch = -(-len(self._train) // self.recipe.params.accumulate)
        if self.steps_per_epoch < 1:
            raise WorkbenchError(
                "there is nothing to train on", "data() has to give train or steps_per_epoch"
            )
        if self.optimizers.is_lbfgs and self._train is not None and len(self._train) > 1:
            raise WorkbenchError(
                f"lbfgs needs the whole training data as one batch, not {len(self._train)} batches",
                "make batch_size as large as the training data, or choose another optimizer",
            )

    def _split(self, data: Data, source: Source, batch_size: int, name: str) -> Split:
        split = Split(
            source, batch_size, self.device, name == "train", self.recipe.seed, data, name=name
        )
        if split.note:
            self.run.message(split.note)
        return split

    def _speed_up(self, batches: list[Any]) -> None:
        """Compile and record the step where that was asked for and is possible."""
        params = self.recipe.params
        self.recipe.net.train()
        self._set_learning_rate()
        if params.compile:
            compile_net(self.stepper, batches, self.run.message)
        self._record_next = (
            params.cuda_graphs == "auto" and self.device.type == "cuda" and params.accumulate == 1
        )

    def _record_if_due(self, batches: list[Any]) -> None:
        """Try to record the step, on a batch of the size that all but the last of an epoch have."""
        if not self._record_next:
            return
        is_cut_here = self._train is not None and self._train.is_cut_here
        if is_cut_here and batch_length(batches[0]) != self.recipe.params.batch_size:
            return
        self._record_next = False
        self.run.wait_for_checkpoints()
        cuda_graphs.choose(self.stepper, batches[0], self.run.message)

    def _log_if_due(self, step: int) -> None:
        if step % self.recipe.params.log_every and step != 1:
            return
        self.check_guard()
        skipped = self.stepper.guard.take_skipped()
        if skipped:
            self.run.message(
                f"steps skipped up to step {step:,}: {skipped}, whose loss or gradient was not finite",
                "warning",
            )
        means = self.stepper.averages.take()
        values = {f"train/{name}": value for name, value in means.items()}
        self.run.log({**values, "lr": self.optimizers.lr})

    def check_guard(self) -> None:
        """Ask whether a loss or gradient has gone bad since the last time.

        Raises:
            NonFiniteError: naming step and layer.
        """
        try:
            self.stepper.guard.check()
            self.stepper.check_scale(self.run.step)
        except NonFiniteError as fault:
            position = max(self.position - 1 - (self.run.step - fault.step), 0)
            batch = None
            if self._train is not None:
                skip = position * self.recipe.params.accumulate
                batch = next(self._train.batches(self.epoch, skip=skip), None)
            raise self.stepper.located(fault, batch) from None

    def _end_epoch(self) -> bool:
        """Evaluate and save; whether the training is over."""
        self.check_guard()
        self.position = 0
        self.epoch += 1
        meter = self.run.meter
        meter.epoch = min(self.epoch + 1, meter.epochs)
        if "val" in self._evaluated:
            meter.phase = "validation"
            self.evaluation.evaluate("val", self._evaluated["val"])
            meter.phase = "training"
        self._follow_plateau()
        better = meter.best is not None and meter.best != self.best_of_epochs
        self.best_of_epochs = meter.best
        self.epochs_without_gain = 0 if better else self.epochs_without_gain + 1
        over = self._is_over()
        self._save(also=["best"] if better else [], droppable=not over)
        return over

    def _follow_plateau(self) -> None:
        if self.recipe.params.schedule != "plateau":
            return
        if self.plateau.observe(self._monitored("schedule=plateau")):
            self.run.message(f"{self.recipe.monitor} stands still: the learning rate falls to a tenth")

    def _monitored(self, who: str) -> float:
        """The newest value of the monitored metric.

        Raises:
            WorkbenchError: when there is none, which `who` cannot do without.
        """
        monitor = self.recipe.monitor
        if monitor not in self.run.results:
            known = ", ".join(self.run.results) or "nothing"
            raise WorkbenchError(
                f"{who} follows {monitor or 'a metric'}, which was never measured",
                f"leave it out, or monitor one of: {known}",
            )
        return self.run.results[monitor]

    def _is_over(self) -> bool:
        if self.recipe.params.patience:
            self._monitored("patience")
        if self.epoch >= int(self.recipe.params.epochs) or self._is_out_of_patience():
            return True
        self.run.steering.stopping |= self.run.steering.stopping_after_epoch
        return self.run.steering.stopping

    def _is_out_of_patience(self) -> bool:
        """Whether the last epoch ended the training; so it may have before a resumption."""
        patience = self.recipe.params.patience
        if self.position or not patience or self.epochs_without_gain < patience:
            return False
        self.run.message(f"stopped early: {self.recipe.monitor} did not improve for {patience} epochs")
        return True

    def _save_if_due(self) -> None:
        due_s = self._saved_at_s + SECONDS_A_MINUTE * self.recipe.params.save_minutes
        if time.monotonic() >= due_s:
            self._save(also=[], droppable=True)

    def _save(self, also: list[str], *, droppable: bool) -> None:
        """A checkpoint in the background; a droppable one gives way to one that is being written."""
        self._saved_at_s = time.monotonic()
        if droppable and not also and self.run.is_writing:
            return
        keep = self.recipe.params.keep
        self.run.save(self.recipe.state_dict(), also=also, keep=keep, wait=False)

    def _test(self) -> None:
        if "test" not in self._evaluated:
            return
        self.run.meter.phase = "test"
        self.run.wait_for_checkpoints()
        best = self.run.folder.path / "best.pt"
        last = copy.deepcopy(self.recipe.net.state_dict())
        if best.exists() and self.run.meter.best is not None:
            load_weights(self.recipe.net, self.run.load(best)["state"]["model"])
        self.evaluation.evaluate("test", self._evaluated["test"])
        self.recipe.net.load_state_dict(last)
