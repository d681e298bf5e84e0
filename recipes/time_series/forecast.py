"""Forecasts of many steps with RNN, LSTM and GRU, rolled and unrolled, beside simple baselines.

A recurrent network reads a window of the past, value after value, into a state; from the last state
come all values of the coming season at once (`ahead=direct`), or one, which is read as if it had been
measured, and so on (`ahead=fed_back`). Values are told as differences from the window's mean, so that a
rising level is nothing new, and windows are stretched at random, so that waves higher than all before
are not either. The three kinds are trained on the same batches and share nothing; `cell` says whose
result is the run's. Forecasts begin at every moment of the last quarter of the series, which training
never saw: a backtest. The network is not trained anew for each of them. How far windows are stretched
is a compromise by validation, `workbench tune time_series/forecast stretch=0,0.1,0.3 --sampler grid`:
CO₂ needs next to none, dataset=sunspots more.

Data: CO₂ over Mauna Loa, 526 months, or sunspots, 309 years, which come with statsmodels; by choice a
column of a CSV file of your own with its `season`.
Result: with the GRU a mean absolute error of 0.54 ppm over the coming year, where seasonal naive, the
year before once more, has 1.52, and 0.61 if it rises as in that year; of sunspots, over 11 years, 25.4
where seasonal naive has 27.8 (means of three seeds). A linear forecast of the same windows is about as
good: 0.58 and 23.6. Time: 5 s on two CPU cores.
Look at: `forecasts`, season after season against the truth; `steps ahead`, how errors grow; `backtest`,
all forecasters side by side; `unrolled`, the same outputs from a loop of formulas; `windows`.
Source: RNN: J. Elman, Finding structure in time, 1990; LSTM: S. Hochreiter and J. Schmidhuber, 1997;
GRU: K. Cho et al., 2014; backtests: L. Tashman, Out-of-sample tests of forecasting accuracy, 2000.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.time_series import _recorded, _unrolled
from workbench import at_most, choice, number, path, text
from workbench.errors import WorkbenchError
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}
TEST_SHARE, VALIDATION_SHARE = 0.25, 0.15
RIDGE = 1e-2  # of the linear baseline, which has a weight for each value of the window
SHOWN_WINDOWS = 3

# Shapes: N windows of a batch, L values of the series, W of a window, H ahead, U units.


class _Forecaster(nn.Module):
    """From windows (N, W) to what follows, (N, H); inside, differences from the mean count."""

    def __init__(self, cell: str, width: int, steps: int, spread: float, fed_back: bool) -> None:
        super().__init__()
        self.reader = CELLS[cell](1, width, batch_first=True)
        self.head = nn.Linear(width, 1 if fed_back else steps)
        self.steps, self.fed_back = steps, fed_back
        self.register_buffer("spread", torch.tensor(spread))

    def relative(self, windows: Tensor) -> Tensor:
        return (windows - windows.mean(1, keepdim=True)) / self.spread

    def forward(self, windows: Tensor) -> Tensor:
        mean = windows.mean(1, keepdim=True)  # (N, 1)
        states, state = self.reader(self.relative(windows)[..., None])  # (N, W, 1) to (N, W, U)
        newest = states[:, -1:]  # (N, 1, U)
        if not self.fed_back:
            return mean + self.spread * self.head(newest[:, 0])  # (N, H)
        found = [self.head(newest)]  # (N, 1, 1)
        while len(found) < self.steps:
            newest, state = self.reader(found[-1], state)
            found.append(self.head(newest))
        return mean + self.spread * torch.cat(found, dim=1)[..., 0]  # (N, H)


class Forecast(Training):
    """Mean absolute error in units of the spread, AdamW; the nets share batches and nothing else."""

    class Params(Training.Params):
        dataset: str = choice("co2", "sunspots", "csv", help="which series")
        file: str = path(help="for dataset=csv: names in the first line, then a line for each moment")
        column: str = text(help="for dataset=csv: the column to forecast; empty: the last")
        season: int = number(
            0, low=0, high=100_000, help="values of a season, which are told; 0: known"
        )
        seasons: int = number(2, low=1, high=100, help="seasons that a window holds")
        cell: str = choice(*CELLS, help="whose result is the run's")
        ahead: str = choice("direct", "fed_back", help="all values at once, or one after another")
        width: int = number(32, low=1, high=1024, log=True, help="units of a state")
        noise: float = number(0.0, low=0, high=2, live=True, help="spread of what is added to windows")
        stretch: float = number(
            0.1, low=0, high=2, live=True, help="how far windows are made higher, flatter"
        )
        epochs = 50
        batch_size = 32
        lr = 5e-3
        weight_decay = 1e-2
        schedule = "one_cycle"
        clip_norm = 1.0
        log_every = 50

    marks = (
        at_most("test/mae", baseline="baseline/seasonal naive"),
        at_most("test/mae", baseline="baseline/seasonal naive", values={"dataset": "sunspots"}),
    )

    def data(self) -> Data:
        params = self.params
        self.series = _recorded.load(params.dataset, params.file, params.column)
        self.steps = params.season or self.series.season
        if not self.steps:
            raise WorkbenchError("how long a season is has to be told", "give season=NUMBER of values")
        length, self.window = len(self.series.values), params.seasons * self.steps
        test, validation = (round(share * length) for share in (TEST_SHARE, VALIDATION_SHARE))
        ends = (length - test - validation, length - test, length)
        begins = (self.window, ends[0], ends[1])
        # A forecast belongs to the part in which all of its values lie.
        origins = [range(a, b - self.steps + 1) for a, b in zip(begins, ends, strict=True)]
        if not all(origins):
            raise WorkbenchError(
                f"{length} values are too few for windows of {self.window}, forecasts of {self.steps}",
                f"give a longer series, or fewer seasons={params.seasons} or values with season=",
            )
        self.origins = origins[2]
        self.parts = [self._windows(part) for part in origins]  # (N, W), (N, H) each
        return Data(*(Tensors(*part) for part in self.parts))

    def _windows(self, origins: range) -> tuple[Tensor, Tensor]:
        """What is read before each origin (N, W), and what follows from it on (N, H)."""
        values = self.series.values
        whole = values.unfold(0, self.window + self.steps, 1)  # (all, W + H)
        chosen = whole[origins.start - self.window : origins.stop - self.window]
        return chosen[:, : self.window].clone(), chosen[:, self.window :].clone()

    def model(self) -> nn.Module:
        windows, following = self.parts[0]
        self.spread = float((following - windows.mean(1, keepdim=True)).std())
        if not self.spread > 0:
            raise WorkbenchError(
                f"the first {1 - TEST_SHARE - VALIDATION_SHARE:.0%} of {self.series.what}, which are "
                "learned from, never change",
                "choose another column, or leave out the time before it changes",
            )
        fed_back = self.params.ahead == "fed_back"
        return nn.ModuleDict(
            {
                cell: _Forecaster(cell, self.params.width, self.steps, self.spread, fed_back)
                for cell in CELLS
            }
        )

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        windows, following = batch  # (N, W), (N, H)
        mean = windows.mean(1, keepdim=True)
        factor = (self.params.stretch * torch.randn_like(mean)).exp()  # (N, 1)
        windows, following = (mean + factor * (values - mean) for values in batch)
        noisy = windows + self.params.noise * self.spread * torch.randn_like(windows)
        losses = {
            cell: F.l1_loss(net(noisy), following) / self.spread for cell, net in self.net.items()
        }
        self.minimize(sum(losses.values()))  # they share no weight: each one's gradient is its own
        return {"loss": losses[self.params.cell], **_under("loss", losses)}

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        windows, following = batch
        errors = {cell: F.l1_loss(net(windows), following) for cell, net in self.net.items()}
        chosen = errors[self.params.cell]
        return {"loss": chosen / self.spread, "mae": chosen, **_under("mae", errors)}

    def predict_step(self, batch: tuple[Tensor, ...]) -> Tensor:
        return self.net[self.params.cell](batch[0])

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        if self.series.filled:
            run.message(f"{self.series.filled} missing values lie on lines between their neighbours")
        windows, following = self.parts[2]
        found = {cell: net(windows.to(self.device)).cpu() for cell, net in self.net.items()}
        simple = self._baselines(windows)  # (N, H) each
        errors = {name: (values - following).abs() for name, values in (found | simple).items()}
        run.log({f"baseline/{name}": errors[name].mean() for name in simple})
        run.figure("backtest", self._backtest(errors))
        run.figure("steps ahead", self._steps_ahead(errors))
        run.figure("forecasts", self._forecasts(found[self.params.cell], simple["seasonal naive"]))
        run.figure("windows", self._shown_windows())
        unrolled = unrolled_and_rolled(self.net, windows.to(self.device))
        run.log({"unrolled/largest difference": max(row[-1] for row in unrolled)})
        columns = ["cell", "weights", "deep, unrolled", "rolled: last output", "unrolled", "difference"]
        run.figure("unrolled", Table("One layer, rolled and unrolled", columns, unrolled))

    def _baselines(self, windows: Tensor) -> dict[str, Tensor]:
        """Forecasts (N, H) without a network."""
        last, season_ago = windows[:, -1:], windows[:, -self.steps :]
        baselines = {"last value": last.expand_as(season_ago), "seasonal naive": season_ago}
        if windows.shape[1] > self.steps:
            risen = last - windows[:, -1 - self.steps, None]  # (N, 1), over a season
            baselines["seasonal naive, risen"] = season_ago + risen
        return baselines | {"linear": self._linear(windows)}

    def _linear(self, windows: Tensor) -> Tensor:
        """A weight for each value of the window and each step ahead, by ridge regression."""
        known, following = self.parts[0]
        means = known.mean(1, keepdim=True)
        x, y = ((part - means).double() / self.spread for part in (known, following))  # (N, W), (N, H)
        penalty = RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        weights = torch.linalg.solve(x.T @ x + penalty, x.T @ y)  # (W, H)
        asked = windows.mean(1, keepdim=True)
        return asked + ((windows - asked).double() @ weights).float()

    def _backtest(self, errors: Mapping[str, Tensor]) -> Table:
        """Over all forecasts, and over the first and the last third of their origins."""
        third = max(len(self.origins) // 3, 1)
        rows = [
            [name, *(float(part.mean()) for part in (error, error[:third], error[-third:]))]
            for name, error in errors.items()
        ]
        columns = ["forecaster", "mean absolute error", "earliest third", "latest third"]
        title = f"Backtest: {len(self.origins)} forecasts of {self.steps} values, {self.series.what}"
        return Table(title, columns, rows)

    def _steps_ahead(self, errors: Mapping[str, Tensor]) -> Curves:
        ahead = range(1, self.steps + 1)
        lines = [Series(name, ahead, error.mean(0)) for name, error in errors.items()]
        title = "How far off, how many steps ahead"
        return Curves(title, lines, x_label="steps ahead", y_label="mean absolute error")

    def _forecasts(self, found: Tensor, naive: Tensor) -> Curves:
        """Each forecast begins where the one before ended."""
        chosen = range(0, len(found), self.steps)
        when = [w for at in chosen for w in self._when(self.origins[at], self.steps)]
        first = self.origins[0] - self.window
        truth = Series("truth", self.series.when[first:], self.series.values[first:])
        lines = [
            Series(name, when, torch.cat([values[at] for at in chosen]))
            for name, values in ((self.params.cell, found), ("seasonal naive", naive))
        ]
        title = f"{self.steps} values ahead, season after season"
        return Curves(title, [truth, *lines], x_label="when", y_label=self.series.what)

    def _when(self, start: int, count: int) -> list[float]:
        return self.series.when[start : start + count]

    def _shown_windows(self) -> Curves:
        """Samples to learn from: what is read, and what follows."""
        windows, following = self.parts[0]
        lines = []
        for at in torch.linspace(0, len(windows) - 1, SHOWN_WINDOWS).long().tolist():
            lines.append(Series(f"read {at}", self._when(at, self.window), windows[at]))
            after = self._when(at + self.window, self.steps)
            lines.append(Series(f"to tell {at}", after, following[at]))
        return Curves("Windows, and what follows them", lines, x_label="when", y_label=self.series.what)


def unrolled_and_rolled(nets: nn.ModuleDict, windows: Tensor) -> list[list[str | int | float]]:
    """A row a cell: weights, moments, one output of both forms, the largest difference of all."""
    rows: list[list[str | int | float]] = []
    for cell, net in nets.items():
        series = net.relative(windows)[..., None]  # (N, W, 1)
        rolled, _ = net.reader(series)  # (N, W, U)
        unrolled = _unrolled.outputs(net.reader, series)
        weights = sum(weight.numel() for weight in net.reader.parameters())
        both = (float(outputs[0, -1, 0]) for outputs in (rolled, unrolled))
        rows.append([cell, weights, series.shape[1], *both, float((rolled - unrolled).abs().max())])
    return rows


def _under(name: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}/{key}": value for key, value in values.items()}
