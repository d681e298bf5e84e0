"""Whether a recipe is what scikit-learn calls an estimator: inputs, labels, one loss between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.training import random_state
from workbench.training.data import Data, Split, Tensors
from workbench.training.values import loss_of, named

if TYPE_CHECKING:
    from workbench.training.evaluation import Evaluation
    from workbench.training.loop import Loop
    from workbench.training.recipe import Training

Kind = Literal["classifier", "regressor", "net"]
LOOKED_AT = 8  # samples of the batch that is tried


class UnsuitableError(WorkbenchError):
    """The recipe cannot be an estimator; the title says why, the remedy what would make it one."""


@dataclass(frozen=True)
class Suitable:
    """What a recipe is as an estimator.

    Attributes:
        kind: a classifier has labels 0, 1, …, a regressor real numbers; all else is a plain net.
        binary: its answer to two classes is one logit.
    """

    kind: Kind
    binary: bool = False


class _Unmeasured:
    """Takes what a validation step measures where nobody evaluates a whole split."""

    def measure(self, predictions: Tensor, targets: Tensor) -> None:
        """Nothing is made of it."""


class _Alone:
    """What a recipe outside of the loop has in its place."""

    def __init__(self, name: str, evaluation: Evaluation | _Unmeasured) -> None:
        self.name = name
        self.evaluation = evaluation

    @property
    def stepper(self) -> Any:
        raise UnsuitableError(
            f"training_step of {self.name} minimizes its loss itself, where an estimator's net does it",
            "return the loss instead, or choose parameters with which it does",
        )


def stand_alone(recipe: Training, evaluation: Evaluation | None = None) -> None:
    """Let the recipe's steps be made without the loop; what they measure goes to the evaluation."""
    recipe._loop = cast("Loop", _Alone(type(recipe).__name__, evaluation or _Unmeasured()))


def labelled(recipe: Training, data: Data) -> Tensors:
    """The training split as inputs and labels.

    Raises:
        UnsuitableError: when it is something else.
    """
    name, train = type(recipe).__name__, data.train
    if train is None:
        raise UnsuitableError(
            f"{name} has no training data, so there is nothing to fit and to predict",
            "an estimator needs data() to give Tensors(inputs, labels)",
        )
    if not isinstance(train, Tensors):
        raise UnsuitableError(
            f"{name} trains on a {type(train).__name__}, of which no folds can be cut",
            "let data() give Tensors(inputs, labels)",
        )
    if len(train.tensors) != 2:
        raise UnsuitableError(
            f"a batch of {name} has {len(train.tensors)} tensors, where an estimator has inputs and "
            "labels",
            "let data() give Tensors(inputs, labels), all inputs in one tensor",
        )
    return train


def refuse_parameters(recipe: Training) -> None:
    """Raise UnsuitableError where the values of the parameters ask for what no estimator does."""
    params = recipe.params
    if params.patience:
        raise UnsuitableError(
            f"patience={params.patience} follows validation data, which an estimator is not given",
            "set patience=0",
        )
    if params.schedule == "plateau":
        raise UnsuitableError(
            "schedule=plateau follows validation data, which an estimator is not given",
            "choose another schedule",
        )
    if params.accumulate != 1:
        raise UnsuitableError(
            f"accumulate={params.accumulate}: an estimator makes a step of each batch",
            "set accumulate=1, and batch_size larger",
        )


def one_optimizer(recipe: Training, made: Any) -> torch.optim.Optimizer:
    """The only optimizer among those that `configure_optimizers` gave, or UnsuitableError."""
    if isinstance(made, torch.optim.Optimizer):
        return made
    if len(made) == 1:
        return cast(torch.optim.Optimizer, next(iter(made.values())))
    raise UnsuitableError(
        f"{type(recipe).__name__} has {len(made)} optimizers ({', '.join(made)}), an estimator one",
        "tune it by its own metrics: workbench tune, without --folds",
    )


def samples(recipe: Training) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Inputs and labels of the training and validation parts together: what folds are cut from."""
    with random_state.isolated(recipe.seed):
        data = recipe.data()
    parts = [labelled(recipe, data)]
    if data.validation is not None:
        parts.append(labelled(recipe, replace(data, train=data.validation)))
    inputs, labels = (torch.cat([part.tensors[i].cpu() for part in parts]).numpy() for i in range(2))
    return inputs, labels


def examine(recipe: Training) -> Suitable:
    """Make a step of a few samples and a prediction of them; nothing comes of it.

    Raises:
        UnsuitableError: with the reason, and what would have to change.
    """
    with random_state.isolated(recipe.seed):
        refuse_parameters(recipe)
        data = recipe.data()
        train = labelled(recipe, data)
        recipe.net = recipe.model().to(recipe.device)
        one_optimizer(recipe, recipe.configure_optimizers())
        stand_alone(recipe)
        device = torch.device(recipe.device)
        few = Tensors(*(tensor[:LOOKED_AT] for tensor in train.tensors))
        x, y = next(Split(few, LOOKED_AT, device, False, recipe.seed, data, name="val").batches(0))
        _refuse_unlabelled(recipe, x, y)
        answer = _prediction(recipe, x)
    return _suitable(train.tensors[1], answer)


def _refuse_unlabelled(recipe: Training, x: Tensor, y: Tensor) -> None:
    """Refuse a step that gives no loss, or one to which the labels are all the same."""
    losses = []
    for labels in (y, y.roll(1, 0)):
        with random_state.isolated(0):
            recipe.net.train()
            losses.append(float(loss_of(named(recipe.training_step((x, labels)))).detach()))
    if losses[0] == losses[1] and not torch.equal(y, y.roll(1, 0)):
        raise UnsuitableError(
            f"the loss of {type(recipe).__name__} does not depend on the labels",
            "an estimator learns labels from inputs; tune it by its own metrics, without --folds",
        )


def _prediction(recipe: Training, x: Tensor) -> Tensor:
    recipe.net.eval()
    name = type(recipe).__name__
    try:
        with torch.no_grad():
            answer = recipe.predict_step((x,))
    except (IndexError, ValueError, TypeError) as fault:
        raise UnsuitableError(
            f"predict_step of {name} cannot do with the inputs alone: {fault}",
            "let it take batch[0] and nothing else of the batch",
        ) from None
    if not isinstance(answer, Tensor) or len(answer) != len(x):
        raise UnsuitableError(
            f"predict_step of {name} gives no answer for each input", "let it return one tensor (N, …)"
        )
    return answer


def _suitable(labels: Tensor, answer: Tensor) -> Suitable:
    """What the labels, and the shape of an answer to them, are about."""
    if labels.dim() > 2 or (labels.dim() == 2 and not labels.is_floating_point()):
        return Suitable("net")
    one_number = answer.dim() == 1 or (answer.dim() == 2 and answer.shape[1] == 1)
    if one_number and labels.dim() == 1:
        two_classes = bool(((labels == 0) | (labels == 1)).all())
        return Suitable("classifier", binary=True) if two_classes else Suitable("regressor")
    if labels.is_floating_point():
        return Suitable("regressor")
    return Suitable("classifier" if answer.dim() == 2 else "net")
