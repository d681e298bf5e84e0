"""Bias and variance: too small a network underfits, too large a one overfits, and what helps.

Networks of 1 to 64 hidden units learn a curve from 24 noisy points, each from 16 sets of points. What
all 16 get wrong together is bias; how much they differ from each other is variance. Few units: high
bias, the error is high on the points too (underfitting). Many: next to no error on the points, and high
variance (overfitting). Between them the error on new points is least: a U over the capacity. Then the
largest network is trained again with each remedy: weight decay, dropout, early stopping, five times the
data.

Data: a sine on a slope with noise of 0.4, drawn anew by each seed; by choice MNIST, 200 digits a set,
of which the share `noise` has wrong labels.
Result: the error on new points is 0.59 with one unit, 0.27 with three, 0.36 with 64; 64 units with
weight decay 0.21, dropout 0.21, early stopping 0.22, more data 0.18 (means of three seeds; 0.16 is
noise).
Time: 7 s on two CPU cores.
Look at: `errors`, the U; `bias and variance`, of which it is made; `underfits`, `fits` and `overfits`,
five of the 16 curves of three sizes; `remedies`; and among the numbers val/error of 64 units, which
falls, rises, and tells early stopping when.
Source: S. Geman et al., Neural networks and the bias/variance dilemma, 1992; weight decay: A. Krogh and
J. Hertz, 1991; dropout: N. Srivastava et al., 2014; early stopping: L. Prechelt, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.fundamentals import _tasks
from recipes.fundamentals._crowd import Crowd, Group
from workbench import at_least, at_most, choice, number
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Training

UNITS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
WIDEST = f"{UNITS[-1]}_units"
STOPPED, MORE_DATA = "early stopping", "more data"
WIDEST_AT = len(UNITS) - 1
SHOWN_CURVES = 5

# Shapes: G groups of networks, R sets of samples, N samples of a set, K outputs, P places.


class BiasVariance(Training):
    """All networks at once, each step on all samples; a loss for each, added up."""

    class Params(Training.Params):
        dataset: str = choice("curve", "mnist", help="what is learned")
        samples: int = number(24, low=4, high=500, log=True, help="of a set; mnist wants 200")
        noise: float = number(0.4, low=0, high=1, help="spread of it; of digits the share mislabelled")
        sets: int = number(16, low=2, high=200, help="sets of samples; mnist takes minutes beyond 5")
        decay: float = number(0.002, low=0, high=1, help="of the remedy weight decay")
        dropout: float = number(0.2, low=0, high=0.9, help="of the remedy dropout")
        look_every: int = number(50, low=1, high=10_000, log=True, help="steps an epoch, then a look")
        epochs = 30
        optimizer = "adam"
        lr = 0.05
        schedule = "cosine"

    # Not what the validation part says: the weights of its best moment are a remedy among others.
    monitor = "train/loss"
    marks = (
        at_least("left arm of the U", 1.25),
        at_least("right arm of the U", 1.25),
        *(
            at_most(f"test/error/{name}", baseline=f"test/error/{WIDEST}", margin=0.02)
            for name in ("weight decay", "dropout", STOPPED, MORE_DATA)
        ),
    )

    def data(self) -> Data:
        params = self.params
        if params.dataset == "mnist":
            self.drawn = _tasks.digits(params.sets, params.samples, params.noise, self.seed)
        else:
            self.drawn = _tasks.curve(params.sets, params.samples, params.noise)
        train, validation, test = self.drawn.train, self.drawn.validation, self.drawn.test
        return Data([train] * params.look_every, [validation], [test])

    def model(self) -> nn.Module:
        sizes = self.params.sets, self.drawn.test[0].shape[2], self.drawn.outputs
        groups = [Group(f"{units}_units", units) for units in UNITS]
        groups.append(Group("weight decay", UNITS[-1], decay=self.params.decay))
        groups.append(Group("dropout", UNITS[-1], dropout=self.params.dropout))
        crowds = {
            "usual": Crowd(groups, *sizes),
            "richer": Crowd([Group(MORE_DATA, UNITS[-1])], *sizes),
            # Never trained: the widest networks as they were when each was best on its validation part.
            "stopped": Crowd([Group(STOPPED, UNITS[-1])], *sizes).requires_grad_(False),
        }
        crowds["stopped"].register_buffer("best", torch.full((self.params.sets,), torch.inf))
        return nn.ModuleDict(crowds)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        x, y = batch  # (R, MORE * N, D), (R, MORE * N)
        few = x[:, : self.params.samples], y[:, : self.params.samples]
        usual, richer = self.net["usual"], self.net["richer"]
        losses = self._losses(usual(few[0]), few[1])  # (G,)
        more = self._losses(richer(x), y)  # (1,)
        loss = self.params.sets * (losses.sum() + more.sum()) + usual.penalty()
        widest = losses[WIDEST_AT]
        return {"loss": loss, f"loss/{WIDEST}": widest}

    def _losses(self, answers: Tensor, y: Tensor) -> Tensor:
        """The mean of each group, (G,), of answers (G, R, N, K) to y (R, N)."""
        return self._each(answers, y).mean((1, 2))

    def _each(self, answers: Tensor, y: Tensor) -> Tensor:
        """Of every sample, (G, R, N)."""
        targets = y.expand(answers.shape[:3])
        if self.drawn.outputs == 1:
            return (answers[..., 0] - targets).square()
        return F.cross_entropy(answers.movedim(-1, 1), targets, reduction="none")

    def _errors(self, answers: Tensor, y: Tensor) -> Tensor:
        """What is told, (G, R): the mean squared error, or the share of digits that are wrong."""
        if self.drawn.outputs == 1:
            return self._each(answers, y).mean(2)
        return (answers.argmax(-1) != y).float().mean(2)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        answers = self.net["usual"](batch[0])  # (G, R, N, K)
        self._keep_where_better(self._each(answers, batch[1])[WIDEST_AT].mean(1))
        errors = self._errors(answers, batch[1]).mean(1)  # (G,)
        names = [group.name for group in self.net["usual"].groups]
        return {f"error/{name}": error for name, error in zip(names, errors, strict=True)}

    def _keep_where_better(self, losses: Tensor) -> None:
        """Early stopping: of each widest network (R,) the weights with the least validation loss."""
        stopped, usual = self.net["stopped"], self.net["usual"]
        better = losses < stopped.best  # (R,)
        stopped.best.copy_(torch.where(better, losses, stopped.best))
        for name, kept in stopped.named_parameters():
            now = usual.get_parameter(name)[WIDEST_AT]  # (R, …)
            kept[0].copy_(torch.where(better[:, None, None], now, kept[0]))

    def test_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        return {
            f"error/{name}": self._errors(a, batch[1]).mean() for name, a in self._answers(batch[0])
        }

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net["usual"](batch[0])  # (G, R, N, K)

    def _answers(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Name of each group, and what its networks answer, (1, R, N, K)."""
        for crowd in self.net.values():
            for group, answers in zip(crowd.groups, crowd(x), strict=True):
                yield group.name, answers[None]

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        test = {name: run.results[f"test/error/{name}"] for name, _ in self._answers(self._few())}
        known = self._known()
        by_units = [test[f"{units}_units"] for units in UNITS]
        run.log({"left arm of the U": by_units[0] / min(by_units)})
        run.log({"right arm of the U": by_units[-1] / min(by_units)})
        run.figure("errors", _over_units({"on its own samples": known, "on the test part": test}))
        parts = self._parts() if self.drawn.truth is not None else {}
        if parts:
            run.figure("bias and variance", _over_units(parts))
            best = UNITS[by_units.index(min(by_units))]
            for name, units in (("underfits", UNITS[0]), ("fits", best), ("overfits", UNITS[-1])):
                run.figure(name, self._curves(units))
        run.figure("remedies", _remedies(known, test, parts, UNITS[by_units.index(min(by_units))]))

    def _few(self) -> Tensor:
        return self.drawn.train[0][:, : self.params.samples].to(self.device)

    def _known(self) -> dict[str, float]:
        """The error of each group on the samples that it was trained on."""
        x, y = (part.to(self.device) for part in self.drawn.train)
        count = self.params.samples
        few = {name: self._errors(a, y[:, :count]) for name, a in self._answers(x[:, :count])}
        few[MORE_DATA] = self._errors(self.net["richer"](x), y)
        return {name: float(error.mean()) for name, error in few.items()}

    def _parts(self) -> dict[str, dict[str, float]]:
        """Squared bias, variance and noise of each group; in sum the error that new points have."""
        truth = self.drawn.truth.to(self.device)  # (P,)
        bias, variance = {}, {}
        for name, answers in self._answers(self.drawn.places.to(self.device)):
            each = answers[0, ..., 0]  # (R, P)
            bias[name] = float((each.mean(0) - truth).square().mean())
            variance[name] = float(each.var(0, correction=0).mean())
        noise = dict.fromkeys(bias, self.params.noise**2)
        total = {name: bias[name] + variance[name] + noise[name] for name in bias}
        return {"bias²": bias, "variance": variance, "noise²": noise, "sum": total}

    def _curves(self, units: int) -> Curves:
        places = self.drawn.places.to(self.device)  # (1, P, 1)
        answers = dict(self._answers(places))[f"{units}_units"][0, :SHOWN_CURVES, :, 0]  # (R, P)
        lines = [Series(f"from set {i}", places[0, :, 0], one) for i, one in enumerate(answers, 1)]
        lines.append(Series("truth", places[0, :, 0], self.drawn.truth))
        return Curves(f"{units} hidden units, from {SHOWN_CURVES} sets of points", lines)


def _over_units(values: Mapping[str, Mapping[str, float]]) -> Curves:
    lines = [Series(name, UNITS, [one[f"{u}_units"] for u in UNITS]) for name, one in values.items()]
    return Curves("By capacity", lines, x_label="hidden units", y_label="error", log_x=True)


def _remedies(
    known: Mapping[str, float],
    test: Mapping[str, float],
    parts: Mapping[str, Mapping[str, float]],
    best: int,
) -> Table:
    """The widest network with each remedy; and less capacity, which is one too."""
    remedies = {f"none: {UNITS[-1]} units": WIDEST, f"capacity: {best} units": f"{best}_units"}
    remedies |= {name: name for name in ("weight decay", "dropout", STOPPED, MORE_DATA)}
    told = [name for name in parts if name != "sum"]
    rows = [
        [words, known[name], test[name], *(parts[part][name] for part in told)]
        for words, name in remedies.items()
    ]
    columns = ["remedy", "error on its samples", "error on the test part", *told]
    return Table("What helps the largest network", columns, rows)
