"""Networks broken on purpose, one a sickness: how each looks from inside, and what its diagnosis says.

The healthy network has two hidden layers of ReLUs, begins with weights as He et al. draw them, and
reads digits. `sickness` spoils one thing of it, as such things are spoilt in earnest: a bias far below
zero, ten layers of sigmoids, weights four times too large, pixels from 0 to 255, a label that the
scanner left in a corner of the picture, answers (N, 1) that are held against targets (N,). While it
trains, probes look into its layers; at the end the diagnosis, which is not told what was put in, stands
beside it.

Data: 1,797 digits of 8 x 8 pixels that come with scikit-learn (1,297 train, 250 validation, 250 test).
Result: each sickness is named by its diagnosis, over five seeds; healthy, 96 % of the test digits.
Time: 2 s on two CPU cores; so small a network is not faster on a GPU.
Look at: `diagnosis`, and `in words` what to try; `gradients`, a row a layer and a column a probe, which
pale from the last layer to the first where they vanish; `dead units` of ReLUs and `saturated` ones of
sigmoids, which pass no gradient on; `spreads` of what layers give; `updates`, by how much of its size a
step changes each layer: a thousandth is usual.
Then try: `sickness=learning_rate_too_high lr=1e-6`, which heals it; `sickness=vanishing_gradients`
beside `exploding_gradients`; `sickness=leaked_label`, whose accuracy is too good to be true.
Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
networks, 2010; K. He et al., Delving deep into rectifiers, 2015; A. Karpathy, CS231n, 2016, and A
recipe for training neural networks, 2019; S. Kaufman et al., Leakage in data mining, 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from workbench import at_least, choice, number
from workbench.debugging.diagnosis import diagnose
from workbench.debugging.evidence import Failure
from workbench.debugging.findings import SICKNESSES, table
from workbench.debugging.reading import gathered
from workbench.debugging.series import curves, heat_map
from workbench.figures.data import Text
from workbench.runs.history import History
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training
from workbench.training.guard import NonFiniteError

CLASSES, PIXELS = 10, 64
CORNER = 0  # a pixel that is blank in every digit
MEAN, SPREAD = 0.305, 0.376  # of all pixels together: those at the rim are blank nearly everywhere
SPLIT = (1297, 250, 250)

# Shapes: N pictures of a batch, D = 64 pixels, W width, K = 10 classes.


@dataclass(frozen=True)
class Case:
    """What is unlike the healthy network."""

    hidden: int = 2  # layers
    activation: type[nn.Module] = nn.ReLU
    weights: float = 1.0  # times the spread that He et al. give them
    bias: float = 0.0  # of each hidden unit, to begin with
    lr: float = 1.0  # times the parameter of that name
    pixels: float = 1.0  # the highest; beyond 1 they are left as they are
    learned: int = 0  # pictures that are learned, a third of them with any label; 0: all
    takes_logarithm: bool = False  # of weights, which nothing keeps above 0
    shows_label: bool = False  # in a corner of each picture
    gives_number: bool = False  # in place of a class, and in another shape than the labels have


CASES = {
    "healthy": Case(),
    "dead_relus": Case(bias=-10),
    "saturated_units": Case(activation=nn.Tanh, weights=10),
    "vanishing_gradients": Case(hidden=10, activation=nn.Sigmoid, weights=0.4),
    "exploding_gradients": Case(hidden=8, weights=4),
    "constant_output": Case(activation=nn.Tanh, weights=0),
    "learning_rate_too_high": Case(lr=1000),
    "learning_rate_too_low": Case(lr=1e-4),
    "raw_inputs": Case(pixels=255),
    "overfitting": Case(learned=60),
    "leaked_label": Case(shows_label=True),
    "wrong_shape": Case(gives_number=True),
    "non_finite": Case(takes_logarithm=True),
}


class _LogScale(nn.Module):
    """Shifts each unit by the logarithm of a weight."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), 0.005))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight.log()  # (N, W)


class SickNetworks(Training):
    """Cross entropy over K classes, AdamW; what else it is says the case."""

    class Params(Training.Params):
        sickness: str = choice(*CASES, help="what is wrong with the network")
        width: int = number(64, low=1, high=4096, log=True, help="units of a hidden layer")
        epochs = 12
        lr = 3e-3
        log_every = 5
        probe_every = 20

    # Without on_nan=skip a run ends with the first number that is none, and has no results.
    marks = (
        at_least("test/accuracy", 0.95),
        at_least("named", 1),  # healthy
        *(at_least("named", 1, values={"sickness": name}) for name in [*CASES][1:-1]),
        at_least("named", 1, values={"sickness": "non_finite", "on_nan": "skip"}),
    )

    @property
    def case(self) -> Case:
        return CASES[self.params.sickness]

    def data(self) -> Data:
        pixels, labels = (torch.from_numpy(one) for one in load_digits(return_X_y=True))
        images = pixels.float() / 16  # (N, D), from 0 to 1
        if self.case.shows_label:
            images[:, CORNER] = labels / (CLASSES - 1)
        images = (images - MEAN) / SPREAD if self.case.pixels == 1 else images * self.case.pixels
        parts = [
            Tensors(images[part], labels[part]) for part in torch.randperm(len(labels)).split(SPLIT)
        ]
        train = self._few(*parts[0].tensors) if self.case.learned else parts[0]
        return Data(train, *parts[1:], classes=CLASSES)

    def _few(self, images: Tensor, labels: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The same pictures in each batch, in as many batches as all pictures would make."""
        images, labels = images[: self.case.learned], labels[: self.case.learned].clone()
        labels[::3] = torch.randint(CLASSES, labels[::3].shape)
        return [(images, labels)] * math.ceil(SPLIT[0] / self.params.batch_size)

    def model(self) -> nn.Module:
        case, units, net = self.case, PIXELS, nn.Sequential()
        for index in range(1, case.hidden + 1):
            dense = nn.Linear(units, self.params.width)
            nn.init.normal_(dense.weight, std=case.weights * math.sqrt(2 / units))
            nn.init.constant_(dense.bias, case.bias)
            net.add_module(f"dense_{index}", dense)
            net.add_module(f"{case.activation.__name__.lower()}_{index}", case.activation())
            units = self.params.width
        if case.takes_logarithm:
            net.add_module("log_scale", _LogScale(units))
        net.add_module("output", nn.Linear(units, 1 if case.gives_number else CLASSES))
        if not case.weights:
            nn.init.zeros_(net.output.weight)
        return net  # (N, D) to (N, W), …, (N, K)

    def configure_optimizers(self) -> Any:
        optimizer: Any = super().configure_optimizers()
        for group in optimizer.param_groups:
            group["lr"] *= self.case.lr
        return optimizer

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        images, labels = batch  # (N, D), (N,)
        answers = self.net(images)  # (N, K); where it gives numbers (N, 1)
        if self.case.gives_number:
            return (answers - labels.float()).square().mean()  # of (N, N) differences
        return F.cross_entropy(answers, labels)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        guesses = self.predict_step(batch)
        return {"loss": self.training_step(batch), "accuracy": (guesses == batch[1]).float().mean()}

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        answers = self.net(batch[0])
        return answers[:, 0].round().long() if self.case.gives_number else answers.argmax(1)  # (N,)

    def run(self, run: Run) -> None:
        try:
            super().run(run)
        except NonFiniteError as fault:
            self._show(run, Failure(fault.step, fault.title))
            raise
        self._show(run)

    def _show(self, run: Run, failure: Failure | None = None) -> None:
        """The figures of what the probes saw, and the diagnosis beside what was put in."""
        recorded = gathered(History(run.folder).read_all(), self.params.as_dict())
        evidence = replace(recorded, failure=failure)
        probes, findings = evidence.probes, diagnose(evidence)
        if probes:
            run.figure("gradients", heat_map(probes, "output_gradient"))
            if self.case.activation is nn.ReLU:
                run.figure("dead units", heat_map(probes, "dead"))
            else:
                run.figure("saturated", heat_map(probes, "saturated"))
            run.figure("spreads", curves(probes, "spread"))
            run.figure("updates", curves(probes, "update"))
        title = f"Put in: {SICKNESSES[self.params.sickness].title}; found: {findings[0].title}"
        run.figure("diagnosis", table(title, findings))
        run.figure("in words", Text(title, "\n\n".join(one.text() for one in findings)))
        run.log(named=float(findings[0].sickness == self.params.sickness))
