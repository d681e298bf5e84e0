"""Cross-validation as a run: the recipe's estimator fitted once a fold, each fold's curves recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import BaseCrossValidator, KFold, StratifiedKFold

from workbench.errors import WorkbenchError
from workbench.recipe import Recipe
from workbench.runs.run import Run
from workbench.training import random_state
from workbench.training.data import Split, Tensors
from workbench.training.estimator import Callback, RecipeNet, estimator
from workbench.training.evaluation import Evaluation
from workbench.training.loop import EVALUATION_BATCH_FACTOR
from workbench.training.recipe import Training
from workbench.training.suitability import samples, stand_alone

SCORE = "score"  # what an estimator gives where no scorer is named
FOLDS_DONE = "folds"  # a metric: how many folds have ended


class _StoppedError(Exception):
    """The run was asked to stop within a fold."""


def splitter(net: RecipeNet, folds: int, seed: int) -> BaseCrossValidator:
    """Shuffled folds, of a classifier stratified: the same for every candidate of a search."""
    kind = StratifiedKFold if is_classifier(net) else KFold
    return kind(folds, shuffle=True, random_state=seed)


class CrossValidation(Recipe):
    """Fits the recipe on all folds but one, and scores it on that, for each fold.

    Metrics of a fold are recorded as `fold-1/…`: while it is trained `fold-1/train/loss`, after each
    epoch what the recipe's validation step and metrics give for the part that was held out, and at its
    end, where `scoring` asks for that, the score by scikit-learn. Whole folds are kept by a checkpoint.

    Args:
        recipe: what is cross-validated.
        folds: how many, at least 2.
        scoring: the name of a scorer of scikit-learn's, `score` for the estimator's own, or empty.
    """

    def __init__(self, recipe: Training, *, folds: int, scoring: str = "") -> None:
        super().__init__(seed=recipe.seed)
        self._recipe = recipe
        self._folds = folds
        self._scoring = scoring
        self._done = 0

    def run(self, run: Run) -> None:
        """Fit the folds that are left, in their order."""
        run.meter.phase = "loading data"
        run.meter.record()
        self._recipe.device = self.device
        base = estimator(self._recipe)
        inputs, labels = samples(self._recipe)
        score = self._scorer(base)
        parts = self._parts(base, inputs, labels)
        run.meter.total = sum(self._steps(len(train)) for train, _ in parts)
        for fold, (train, test) in enumerate(parts, 1):
            if fold <= self._done:
                continue
            first_step = run.step
            run.meter.phase = f"fold {fold} of {self._folds}"
            held_out = Tensors(torch.from_numpy(inputs[test]), torch.from_numpy(labels[test]))
            net = clone(base)
            net.callbacks = [_Recording(run, fold, held_out)]
            try:
                net.fit(inputs[train], labels[train])
            except _StoppedError:
                run.meter.step = first_step  # the fold begins anew, and its curves with it
                return
            scored = score(net, inputs[test], labels[test])
            run.log(
                {f"fold-{fold}/{name}": value for name, value in scored.items()} | {FOLDS_DONE: fold}
            )
            self._done = fold
            run.save(self.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """How many folds have ended; what they gave is in the record."""
        return {"folds_done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._done = int(state["folds_done"])

    def _steps(self, count: int) -> int:
        params = self._recipe.params
        return -(-count // int(params.batch_size)) * int(params.epochs)

    def _parts(self, net: RecipeNet, inputs: Any, labels: Any) -> list[tuple[Any, Any]]:
        """The indices of each fold: trained on, held out.

        Raises:
            WorkbenchError: when there are too few samples, of a class or of all.
        """
        rarest = (
            int(np.unique(labels, return_counts=True)[1].min()) if is_classifier(net) else len(labels)
        )
        if rarest < self._folds:
            whose = "its rarest class" if is_classifier(net) else "the data"
            raise WorkbenchError(
                f"{self._folds} folds cannot be cut: {whose} has {rarest} samples",
                f"take --folds {rarest} or fewer" if rarest > 1 else "give more data",
            )
        return list(splitter(net, self._folds, self.seed).split(inputs, labels))

    def _scorer(self, net: RecipeNet) -> Callable[[Any, Any, Any], dict[str, float]]:
        if not self._scoring:
            return lambda *_: {}
        named = None if self._scoring == SCORE else self._scoring
        try:
            scorer = check_scoring(net, scoring=named)
        except (TypeError, ValueError) as fault:
            raise WorkbenchError(
                f"{type(self._recipe).__name__} has no {self._scoring}: {fault}",
                "name a scorer of scikit-learn's with --metric",
            ) from None
        return lambda *given: {self._scoring: float(scorer(*given))}


class _Recording(Callback):  # type: ignore[misc]  # skorch has no types
    """Records a fold in the run, and lets the run be paused and stopped between its steps."""

    def __init__(self, run: Run, fold: int, held_out: Tensors) -> None:
        self._run = run
        self._fold = fold
        self._held_out = held_out

    def on_train_begin(self, net: RecipeNet, **_: Any) -> None:
        """What is held out is evaluated as the loop evaluates its validation part."""
        recipe = net.recipe_
        device = torch.device(net.device)
        size = int(recipe.params.batch_size) * EVALUATION_BATCH_FACTOR
        self._split = Split(self._held_out, size, device, False, net.seed, net.data_, name="val")
        fold_run = cast(Run, _FoldRun(self._run, self._fold))
        self._evaluation = Evaluation(recipe, fold_run, net.stepper_.precision, device)
        stand_alone(recipe, self._evaluation)
        recipe.run_handle = fold_run
        self._run.meter.epochs = int(recipe.params.epochs)
        self._run.meter.epoch = 1

    def on_batch_end(self, net: RecipeNet, training: bool, **_: Any) -> None:
        """Count the step, obey, and record the means since the last record."""
        if not training:
            return
        run, params = self._run, net.recipe_.params
        run.meter.advance(run.step + 1)
        if net.steps_done_ % params.log_every == 0 or net.steps_done_ == 1:
            means = net.stepper_.averages.take()
            run.log({f"fold-{self._fold}/train/{name}": mean for name, mean in means.items()})
        run.steering.between_steps()
        if run.stopping:
            raise _StoppedError

    def on_epoch_end(self, net: RecipeNet, **_: Any) -> None:
        """Evaluate what is held out; the training's randomness does not feel it."""
        run = self._run
        with random_state.isolated(net.seed):
            self._evaluation.evaluate("val", self._split)
        run.meter.epoch = min(len(net.history) + 1, run.meter.epochs)
        if run.steering.stopping_after_epoch:
            run.steering.stopping = True
            raise _StoppedError


class _FoldRun:
    """The run as a fold sees it: what it records bears the fold's name."""

    def __init__(self, run: Run, fold: int) -> None:
        self._run = run
        self._prefix = f"fold-{fold}/"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def log(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any
    ) -> None:
        given = named if values is None else {**values, **named}
        self._run.log({f"{self._prefix}{name}": value for name, value in given.items()}, step=step)

    def figure(self, name: str, figure: Any, *, step: int | None = None) -> None:
        self._run.figure(f"{self._prefix}{name}", figure, step=step)
