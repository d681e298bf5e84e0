"""A recipe as a scikit-learn estimator: it trains as the loop does, and behaves as estimators do."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from tests.training.line import Line
from workbench import choice
from workbench.errors import WorkbenchError
from workbench.training import Data, Tensors, Training
from workbench.training.estimator import Callback
from workbench.workers.loading import load

# Behind the estimator, which knows what skorch warns of while it is imported.
from skorch.callbacks import GradientNormClipping  # isort: skip
from skorch.dataset import ValidSplit  # isort: skip


class Clouds(Training):
    """Three clouds of points, told apart; with `labels=two` by one logit."""

    class Params(Training.Params):
        labels: str = choice("three", "two")
        epochs = 4
        batch_size = 16
        lr = 3e-2

    def data(self) -> Data:
        generator = torch.Generator().manual_seed(self.seed)
        classes = 3 if self.params.labels == "three" else 2
        y = torch.arange(60) % classes
        x = 2 * y[:, None] + torch.randn(60, 2, generator=generator)
        if classes == 2:
            return Data(Tensors(x[:45], y[:45].float()), Tensors(x[45:], y[45:].float()))
        return Data(Tensors(x[:45], y[:45]), Tensors(x[45:], y[45:]), classes=3)

    def model(self) -> nn.Module:
        answers = 3 if self.is_three else 1
        return nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, answers))

    @property
    def is_three(self) -> bool:
        return self.params.labels == "three"

    def training_step(self, batch: Any) -> Tensor:
        x, y = batch
        if self.is_three:
            return nn.functional.cross_entropy(self.net(x), y)
        return nn.functional.binary_cross_entropy_with_logits(self.net(x)[:, 0], y)

    def on_evaluation_end(self, run: Any, split: str, results: Any) -> None:
        torch.rand(1)  # as a figure of random samples would

    def predict_step(self, batch: Any) -> Tensor:
        return self.net(batch[0]) if self.is_three else self.net(batch[0])[:, 0]


def made(recipe: type[Training] = Line, **values: Any) -> Training:
    return recipe(recipe.Params(**values), seed=1)


@pytest.mark.parametrize(
    "values",
    [
        {"schedule": "one_cycle", "warm_up": 0.1},
        {"optimizer": "momentum", "clip_norm": 0.5, "weight_decay": 0.1},
        {"precision": "bf16", "batch_size": 7},
    ],
)
def test_a_fit_ends_bit_for_bit_as_the_loop(start: Any, values: dict[str, Any]) -> None:
    by_loop, run, _ = start(Line, **values)
    torch.manual_seed(by_loop.seed)  # as a worker does
    by_loop.run(run)
    x, y = made().data().train.tensors
    net = made(**values).estimator()
    with torch.random.fork_rng():
        torch.manual_seed(99)  # what the process drew before is of no account
        net.fit(x.numpy(), y.numpy())
    expected = by_loop.net.state_dict()
    assert all(torch.equal(expected[name], value) for name, value in net.module_.state_dict().items())


def test_labels_tell_classifier_from_regressor() -> None:
    assert is_classifier(made(Clouds).estimator())
    assert is_classifier(made(Clouds, labels="two").estimator())
    assert is_regressor(made(Line).estimator())
    assert is_regressor(made(Clouds, labels="two").estimator("regressor"))


@pytest.mark.parametrize("labels", ["two", "three"])
def test_a_classifier_gives_classes_and_their_probabilities(labels: str) -> None:
    recipe = made(Clouds, labels=labels)
    x, y = recipe.samples()
    assert len(x) == 60  # training and validation part together
    net = recipe.estimator().fit(x, y)
    chances = net.predict_proba(x)
    assert chances.shape == (60, 3 if labels == "three" else 2)
    assert chances.sum(1) == pytest.approx(1)
    assert (net.predict(x) == chances.argmax(1)).all()
    assert net.score(x, y) > 0.6


def test_its_parameters_are_the_recipes_and_grids_name_them() -> None:
    net = made(Clouds, lr=0.5).estimator()
    assert net.get_params()["lr"] == 0.5
    copied = clone(net)
    assert copied.get_params() == net.get_params()
    copied.set_params(lr=0.1, batch_size=np.int64(9))
    assert (copied.get_params()["lr"], net.get_params()["lr"]) == (0.1, 0.5)
    with pytest.raises(ValueError, match="no parameter 'batchsize'; did you mean batch_size"):
        net.set_params(batchsize=3)
    with pytest.raises(WorkbenchError, match="out of bounds"):
        net.set_params(lr=-1.0).fit(*made(Clouds).samples())


def test_searches_cross_validation_and_pipelines() -> None:
    recipe = made(Clouds, epochs=2)
    x, y = recipe.samples()
    search = GridSearchCV(recipe.estimator(), {"lr": [1e-5, 1e-1]}, cv=2).fit(x, y)
    assert search.best_params_ == {"lr": 1e-1}
    assert search.predict(x).shape == (60,)
    scaled = Pipeline([("scale", StandardScaler()), ("net", recipe.estimator())])
    scaled.set_params(net__lr=1e-1)
    assert cross_val_score(scaled, x.astype(np.float64), y, cv=2).min() > 0.5


def test_it_is_pickled_with_its_weights() -> None:
    recipe = made()
    x, y = recipe.samples()
    net = recipe.estimator().fit(x, y)
    again = pickle.loads(pickle.dumps(net))
    assert (again.predict(x) == net.predict(x)).all()
    assert again.get_params() == net.get_params()
    assert (again.fit(x, y).predict(x) == net.predict(x)).all()


def test_one_of_a_recipe_that_is_a_file_is_unpickled_where_nobody_imported_it(tmp_path: Path) -> None:
    file = tmp_path / "demo" / "sloped.py"
    file.parent.mkdir()
    file.write_text(SLOPED)
    recipe = load(file)(seed=1)
    assert isinstance(recipe, Training)
    x, y = recipe.samples()
    net = recipe.estimator().fit(x, y)
    kept = pickle.dumps(net)
    del sys.modules[type(recipe).__module__]
    assert (pickle.loads(kept).predict(x) == net.predict(x)).all()


SLOPED = '''\
"""A slope, by a layer of its own."""
import torch
from torch import nn
from workbench.training import Data, Tensors, Training


class _Slope(nn.Linear):
    pass


class Sloped(Training):
    def data(self):
        x = torch.linspace(0, 1, 40)[:, None]
        return Data(Tensors(x, 3 * x[:, 0]))

    def model(self):
        return _Slope(1, 1)

    def training_step(self, batch):
        return (self.net(batch[0])[:, 0] - batch[1]).square().mean()
'''


def test_a_fit_leaves_the_generators_of_a_script_as_they_were() -> None:
    recipe = made()
    x, y = recipe.samples()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    recipe.estimator().fit(x, y)
    assert torch.rand(1) == expected


class TwoOptimizers(Line):
    def configure_optimizers(self) -> Any:
        return {name: torch.optim.SGD(self.net.parameters(), 0.1) for name in ("first", "second")}


class Minimizing(Line):
    def training_step(self, batch: Any) -> Any:
        self.minimize(super().training_step(batch))


class Unlabelled(Line):
    def training_step(self, batch: Any) -> Any:
        return self.net(batch[0]).square().mean()


class NothingToLearn(Line):
    def data(self) -> Data:
        return Data(steps_per_epoch=3)


class ThreeTensors(Line):
    def data(self) -> Data:
        return Data(Tensors(*torch.rand(3, 8)))


class Batches(Line):
    def data(self) -> Data:
        return Data([(torch.rand(4, 3), torch.rand(4))])


class LooksAtLabels(Line):
    def predict_step(self, batch: Any) -> Any:
        return self.net(batch[0]) + batch[1]


@pytest.mark.parametrize(
    ("recipe", "values", "reason"),
    [
        (TwoOptimizers, {}, "TwoOptimizers has 2 optimizers (first, second), an estimator one"),
        (Minimizing, {}, "training_step of Minimizing minimizes its loss itself"),
        (Unlabelled, {}, "the loss of Unlabelled does not depend on the labels"),
        (NothingToLearn, {}, "NothingToLearn has no training data"),
        (ThreeTensors, {}, "a batch of ThreeTensors has 3 tensors"),
        (Batches, {}, "Batches trains on a list, of which no folds can be cut"),
        (LooksAtLabels, {}, "predict_step of LooksAtLabels cannot do with the inputs alone"),
        (Line, {"patience": 3}, "patience=3 follows validation data"),
        (Line, {"schedule": "plateau"}, "schedule=plateau follows validation data"),
        (Line, {"accumulate": 2}, "accumulate=2: an estimator makes a step of each batch"),
    ],
)
def test_what_cannot_be_an_estimator_says_why_and_what_to_do(
    recipe: type[Training], values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(WorkbenchError) as refused:
        made(recipe, **values).estimator()
    assert refused.value.title.startswith(reason)
    assert refused.value.remedy


def test_what_is_held_back_is_scored_each_epoch() -> None:
    recipe = made(Clouds, labels="two")
    net = recipe.estimator().set_params(train_split=ValidSplit(3, stratified=True))
    net.fit(*recipe.samples())
    assert len(net.history[:, "valid_loss"]) == 4
    assert net.history[-1, "valid_acc"] > 0.5


def test_callbacks_run_and_those_that_want_gradients_are_refused() -> None:
    recipe = made()
    net = recipe.estimator().set_params(callbacks=[("stop", _StopsAfterTwo())])
    assert len(net.fit(*recipe.samples()).history) == 2
    net.set_params(callbacks=[GradientNormClipping()])
    with pytest.raises(WorkbenchError, match="the callback GradientNormClipping is called with grad"):
        net.fit(*recipe.samples())


class _StopsAfterTwo(Callback):
    def on_epoch_end(self, net: Any, **_: Any) -> None:
        if len(net.history) == 2:
            raise KeyboardInterrupt  # which skorch takes for the end
