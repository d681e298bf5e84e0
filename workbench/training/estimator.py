"""A recipe as a scikit-learn estimator, by skorch; its loss, steps and batches are the loop's own.

skorch imports torch_geometric where that is installed, which takes seconds: this module is imported
where an estimator is made, and nowhere else.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from workbench.errors import unknown
from workbench.training import random_state
from workbench.training.arrays import as_plain, as_tensor
from workbench.training.data import Split, Tensors
from workbench.training.loop import EVALUATION_BATCH_FACTOR
from workbench.training.optimizers import Optimizers
from workbench.training.stepping import Stepper
from workbench.training.suitability import (
    Kind,
    UnsuitableError,
    examine,
    labelled,
    one_optimizer,
    refuse_parameters,
    stand_alone,
)
from workbench.training.values import named

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what torch_geometric, which skorch imports, makes torch say
    from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
    from skorch.callbacks import Callback

if TYPE_CHECKING:
    from workbench.training.recipe import Training

__all__ = ["Callback", "RecipeNet", "estimator"]

# Parameters of the estimator that are not the recipe's; a recipe's own cannot have these names.
OWN = ("recipe", "seed", "device", "binary", "train_split", "callbacks", "verbose")
_CALLBACK = "callbacks__"
_REBUILT = ("recipe_", "data_", "stepper_", "optimizers_")  # made anew where a pickled one predicts


class _Batches:
    """The batches of each epoch in the loop's order, made anew whenever they are asked for."""

    def __init__(self, net: NeuralNet, split: Split, *, training: bool) -> None:
        self._net = net
        self._split = split
        self._training = training

    def __len__(self) -> int:
        return len(self._split)

    def __iter__(self) -> Iterator[Any]:
        return self._split.batches(len(self._net.history) - 1 if self._training else 0)


class RecipeNet(NeuralNet):  # type: ignore[misc]  # skorch has no types
    """A recipe that is fitted and predicts; its parameters are the recipe's, by their names.

    Args:
        recipe: the recipe's class.
        seed: of every source of randomness; two fits on the same data are the same.
        device: where it computes.
        binary: of a classifier: its two classes have one logit.
        train_split: as skorch has it; by default nothing of what `fit` is given is held back.
        callbacks: skorch's.
        verbose: skorch prints a line an epoch where it is 1.
        values: of the recipe's parameters; what is left out has the recipe's default.
    """

    def __init__(
        self,
        recipe: type[Training],
        *,
        seed: int = 0,
        device: str = "cpu",
        binary: bool = False,
        train_split: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
        **values: Any,
    ) -> None:
        known = {p.name: p.default for p in recipe.Params.parameters}
        of_callbacks = {name: values.pop(name) for name in list(values) if name.startswith(_CALLBACK)}
        for name in values:
            if name not in known:
                raise TypeError(unknown("parameter", name, [*known, *OWN]))
        # In a dict, because names such as `dataset` and `optimizer` mean something else to skorch.
        self._values = {**known, **values}
        options = {"train_split": train_split, "callbacks": callbacks, "verbose": verbose}
        self._common(device=device, **options, **of_callbacks)
        self.recipe = recipe
        self.seed = seed
        self.binary = binary

    def _common(self, **options: Any) -> None:
        super().__init__(module=torch.nn.Module, criterion=torch.nn.Module, **options)

    # Parameters.

    def get_params(self, deep: bool = True, **_: Any) -> dict[str, Any]:
        """The estimator's own and the recipe's parameters; deep ones also of callbacks."""
        own = {name: getattr(self, name) for name in OWN}
        set_there = {name: value for name, value in vars(self).items() if name.startswith(_CALLBACK)}
        of_callbacks = self._get_params_callbacks(deep=True) if deep and self.callbacks else {}
        return {**own, **self._values, **of_callbacks, **set_there}

    def set_params(self, **values: Any) -> RecipeNet:
        """Other values; they hold from the next `fit` on.

        Raises:
            ValueError: naming the nearest of the parameters there are.
        """
        of_callbacks = {}
        for name, value in values.items():
            if name in self._values:
                self._values[name] = value
            elif name in OWN:
                setattr(self, name, value)
            elif name.startswith(_CALLBACK):
                of_callbacks[name] = value
            else:
                raise ValueError(unknown("parameter", name, [*self._values, *OWN]))
        if of_callbacks:
            super().set_params(**of_callbacks)
        return self

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"{type(self).__name__}({self.recipe.__name__}, seed={self.seed}, {values})"

    # Fitting.

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """Train from the beginning, with every generator begun from the seed."""
        with random_state.isolated(self.seed):
            return super().fit(X, y, **fit_params)

    def fit_loop(self, X: Any, y: Any = None, epochs: Any = None, **more: Any) -> Any:  # noqa: N803
        """As many epochs as the recipe's parameter says."""
        wanted = int(self.recipe_.params.epochs) if epochs is None else epochs
        return super().fit_loop(X, y, epochs=wanted, **more)

    def initialize_module(self) -> RecipeNet:
        """The recipe and its network, made as a run makes them."""
        self._make_recipe()
        self.module_ = self.recipe_.model()
        return self

    def initialize_criterion(self) -> RecipeNet:
        """The loss is the recipe's step."""
        return self

    def initialize_optimizer(self, *_: Any, **__: Any) -> RecipeNet:
        """The recipe's optimizer, and the steps that the loop would make with it."""
        recipe = self.recipe_
        recipe.net = self.module_
        self.optimizer_ = one_optimizer(recipe, recipe.configure_optimizers())
        self._make_stepper()
        self.steps_done_ = 0
        return self

    def initialize_callbacks(self) -> RecipeNet:
        """Skorch's; one that wants each gradient is refused, because the steps are not skorch's."""
        super().initialize_callbacks()
        for name, callback in self.callbacks_:
            if type(callback).on_grad_computed is not Callback.on_grad_computed:
                raise UnsuitableError(
                    f"the callback {name} is called with gradients, which the recipe's steps keep",
                    "leave it out; clip_norm clips gradients",
                )
        return self

    def train_step(self, batch: Any, **_: Any) -> dict[str, Any]:
        """A step as the loop makes it, at the learning rate of its moment."""
        recipe, stepper = self.recipe_, self.stepper_
        self._set_training(True)
        done = min(self.steps_done_, self.total_steps_ - 1)
        self.optimizers_.set_learning_rate(
            recipe.learning_rate_factor(done, self.total_steps_), recipe.params.lr
        )
        self.steps_done_ += 1
        with _Answer(self.module_) as answer:
            stepper.step(self.steps_done_, [batch])
        return {"loss": stepper.last_values["loss"], "y_pred": answer.last}

    def validation_step(self, batch: Any, **_: Any) -> dict[str, Any]:
        """The loss of what `train_split` held back."""
        self._set_training(False)
        with torch.no_grad(), self.stepper_.precision.autocast():
            values = named(self.recipe_.validation_step(batch))
        return {"loss": torch.as_tensor(values["loss"]), "y_pred": self.evaluation_step(batch)}

    def on_epoch_end(self, net: Any, **more: Any) -> None:
        """On devices whose numbers come late, this is where a loss that is none ends the training."""
        super().on_epoch_end(net, **more)
        self.stepper_.guard.check()

    # Predicting.

    def evaluation_step(self, batch: Any, training: bool = False) -> Tensor:
        """The recipe's answer to the inputs of a batch."""
        self.check_is_fitted()
        self._ready()
        with torch.set_grad_enabled(training), self.stepper_.precision.autocast():
            self._set_training(training)
            answer: Tensor = self.recipe_.predict_step((batch[0],))
            return answer.float() if answer.is_floating_point() else answer

    def get_iterator(self, dataset: Any, training: bool = False) -> _Batches:
        """Batches of skorch's data set, cut on the device, in the order of the loop."""
        self._ready()
        size = int(self.recipe_.params.batch_size) * (1 if training else EVALUATION_BATCH_FACTOR)
        name = "train" if training else "val"
        device = torch.device(self.device)
        split = Split(self._source(dataset), size, device, training, self.seed, self.data_, name=name)
        if training:
            self.total_steps_ = len(split) * int(self.recipe_.params.epochs)
            if self.optimizers_.is_lbfgs and len(split) > 1:
                raise UnsuitableError(
                    f"lbfgs needs all samples of a fit as one batch, not {len(split)} batches",
                    "make batch_size as large as the training data, or choose another optimizer",
                )
        return _Batches(self, split, training=training)

    def _get_predict_nonlinearity(self) -> Any:
        return _as_it_is

    # Between processes.

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _REBUILT}

    def __reduce__(self) -> Any:
        file = _file_of(self.recipe)
        if not file:
            return type(self).__new__, (type(self),), self.__getstate__()
        # The recipe's module has to be imported by its file before anything that is defined in it.
        whole = pickle.dumps((type(self), self.__getstate__()))
        return _restored, (self.recipe.__module__, file, whole)

    # Parts.

    def _make_recipe(self) -> None:
        values = {name: as_plain(value) for name, value in self._values.items()}
        recipe = self.recipe(self.recipe.Params(**values), seed=self.seed)
        recipe.device = str(self.device)
        refuse_parameters(recipe)
        data = recipe.data()
        self.dtypes_ = tuple(tensor.dtype for tensor in labelled(recipe, data).tensors)
        self.label_shape_ = tuple(labelled(recipe, data).tensors[1].shape[1:])
        if data.classes and isinstance(self, NeuralNetClassifier):
            self.classes = np.arange(data.classes)
        self.recipe_ = recipe
        self.data_ = replace(data, train=None, validation=None, test=None)
        stand_alone(recipe)

    def _make_stepper(self) -> None:
        params = self.recipe_.params
        self.optimizers_ = Optimizers(self.optimizer_, params.lr, params.weight_decay)
        self.stepper_ = Stepper(self.recipe_, self.optimizers_, torch.device(self.device))

    def _ready(self) -> None:
        """Have the recipe at hand, also where only the weights were pickled."""
        if not hasattr(self, "stepper_"):
            with random_state.isolated(self.seed):
                self._make_recipe()
            self.recipe_.net = self.module_
            self._make_stepper()

    def _source(self, dataset: Any) -> Tensors | Dataset[Any]:
        """What skorch hands over, as the loop has data; numbers in the precision of the recipe's."""
        if isinstance(dataset, Subset):
            whole = self._source(dataset.dataset)
            if isinstance(whole, Tensors):
                chosen = torch.as_tensor(np.asarray(dataset.indices))
                return Tensors(*(tensor[chosen] for tensor in whole.tensors))
            return dataset
        x: Any = getattr(dataset, "X", None)
        y: Any = getattr(dataset, "y", None)
        x, y = (one.to_numpy() if hasattr(one, "to_numpy") else one for one in (x, y))
        if not isinstance(x, Tensor | np.ndarray):
            return cast("Dataset[Any]", dataset)
        inputs = as_tensor(x, self.dtypes_[0])
        if y is None:  # transforms take whole batches
            y = torch.zeros(len(inputs), *self.label_shape_)
        return Tensors(inputs, as_tensor(y, self.dtypes_[1], exact=True))


class RecipeClassifier(RecipeNet, NeuralNetClassifier):  # type: ignore[misc]
    """A recipe whose labels are classes, counted from 0."""

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """Probabilities of the classes (N, K): softmax, or sigmoid of two classes' one logit."""
        logits = torch.from_numpy(NeuralNet.predict_proba(self, X))
        if self.binary:
            of_one = logits.reshape(-1).sigmoid()
            return torch.stack([1 - of_one, of_one], 1).numpy()
        return logits.softmax(1).numpy()


class RecipeRegressor(RecipeNet, NeuralNetRegressor):  # type: ignore[misc]
    """A recipe whose labels are real numbers."""

    def predict(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """The answers, in the shape of the labels (N, …)."""
        answers: np.ndarray[Any, Any] = NeuralNet.predict_proba(self, X)
        return answers.reshape(len(answers), *self.label_shape_)


_CLASSES: dict[Kind, type[RecipeNet]] = {
    "classifier": RecipeClassifier,
    "regressor": RecipeRegressor,
    "net": RecipeNet,
}


def estimator(recipe: Training, kind: Kind | None = None) -> RecipeNet:
    """The recipe with its values, seed and device as an estimator; `kind` overrules what the data say.

    Raises:
        UnsuitableError: with the reason, and what would have to change.
    """
    names = {parameter.name for parameter in recipe.params.parameters}
    if taken := names & set(OWN):
        raise UnsuitableError(
            f"{type(recipe).__name__} has a parameter {min(taken)!r}, which an estimator has itself",
            "give the parameter another name",
        )
    fresh = type(recipe)(recipe.params.replace(), seed=recipe.seed)
    fresh.device = recipe.device
    found = examine(fresh)
    binary = found.binary and kind in {None, "classifier"}
    return _CLASSES[kind or found.kind](
        type(recipe),
        seed=recipe.seed,
        device=recipe.device,
        binary=binary,
        **recipe.params.as_dict(),
    )


class _Answer:
    """Within it, `last` is what the network answered last."""

    def __init__(self, net: torch.nn.Module) -> None:
        self._net = net
        self.last: Any = None

    def __enter__(self) -> _Answer:
        self._handle = self._net.register_forward_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _keep(self, _net: Any, _given: Any, answer: Any) -> None:
        self.last = answer.detach() if isinstance(answer, Tensor) else answer


def _file_of(recipe: type) -> str:
    """The file of a recipe that was imported by its path; empty for one that Python finds."""
    module = sys.modules.get(recipe.__module__)
    by_path = recipe.__module__.startswith("workbench_recipe_")
    return str(getattr(module, "__file__", "")) if by_path else ""


def _restored(module: str, file: str, whole: bytes) -> RecipeNet:
    """What `__reduce__` took apart, in whatever process."""
    if module not in sys.modules:
        from workbench.workers.loading import load  # noqa: PLC0415

        load(Path(file))
    kind, state = pickle.loads(whole)
    net: RecipeNet = kind.__new__(kind)
    net.__setstate__(state)
    return net


def _as_it_is(answer: Any) -> Any:
    return answer
