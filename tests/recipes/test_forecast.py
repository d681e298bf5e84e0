from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from recipes.time_series import _recorded, _unrolled, forecast
from tests.recipes.shown import rows, shown
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_unrolled_is_rolled(kind: type[_unrolled.Reader]) -> None:
    reader = kind(2, 5, batch_first=True).double()
    series = torch.randn(3, 7, 2, dtype=torch.float64)
    assert torch.allclose(_unrolled.outputs(reader, series), reader(series)[0], atol=1e-12)


def test_a_short_training_is_beside_its_baselines(train: Train) -> None:
    history = train("time_series/forecast", epochs=2, dataset="sunspots")
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    values = _recorded.load("sunspots").values
    first = len(values) - round(0.25 * len(values))
    off = [values[at : at + 11] - values[at - 11 : at] for at in range(first, len(values) - 10)]
    naive = float(torch.stack(off).abs().mean())
    assert results["baseline/seasonal naive"] == pytest.approx(naive, rel=1e-5)
    told = {str(row[0]): row[1] for row in rows(history, "backtest")}
    assert told["seasonal naive"] == pytest.approx(naive, rel=1e-5)
    assert told["gru"] == pytest.approx(results["test/mae"], rel=1e-4)
    assert results["unrolled/largest difference"] < 1e-5
    ahead = shown(history, "steps ahead", data.Curves)
    assert len(ahead.lines[0].y) == 11
    truth, told_by_net, _ = shown(history, "forecasts", data.Curves).lines
    assert set(told_by_net.x) <= set(truth.x) and len(set(told_by_net.x)) == len(told_by_net.x)


def test_no_part_sees_what_another_has_to_tell() -> None:
    recipe = forecast.Forecast(forecast.Forecast.Params(dataset="csv", season=2, seasons=2), seed=0)
    recipe.series = _recorded.Recorded(torch.arange(40.0), [*map(float, range(40))], 0, "count", 0)
    recipe.steps, recipe.window = 2, 4
    windows, following = recipe._windows(range(30, 33))
    assert windows[0].tolist() == [26, 27, 28, 29] and following[0].tolist() == [30, 31]
    assert following[-1].tolist() == [32, 33]


def test_a_linear_forecast_of_a_straight_line_goes_on_with_it(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "line.csv"
    lines = (f"{day};{'' if day == 50 else day}" for day in range(120))
    file.write_text("day;value\n" + "\n".join(lines))
    values = {"dataset": "csv", "file": str(file), "column": "value", "season": 4, "ahead": "fed_back"}
    history = train("time_series/forecast", epochs=1, seasons=2, **values)
    assert isinstance(history.ended, Finished)
    assert history.ended.results["baseline/seasonal naive"] == pytest.approx(4)
    assert history.ended.results["baseline/seasonal naive, risen"] == pytest.approx(0, abs=1e-4)
    assert history.ended.results["baseline/linear"] < 0.5
    assert any("1 missing" in message.text for message in history.messages)


def test_a_series_that_is_too_short_or_has_no_season_is_refused(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("value\n" + "\n".join(map(str, range(20))))
    history = train("time_series/forecast", dataset="csv", file=str(file))
    assert isinstance(history.ended, Failed) and "season" in history.ended.title
    history = train("time_series/forecast", dataset="csv", file=str(file), season=5)
    assert isinstance(history.ended, Failed) and "20 values are too few" in history.ended.title


def test_months_are_means_of_weeks_and_gaps_are_bridged() -> None:
    found = _recorded.load("co2")
    assert len(found.values) == 526 and found.season == 12
    assert float(found.values[0]) == pytest.approx(316.1, abs=1e-3)
    assert found.when[0] == pytest.approx(1958 + 2.5 / 12) and 0 < found.filled < 10
    assert found.values.isfinite().all()


@pytest.mark.parametrize(
    ("text", "column", "title"),
    [
        ("", "", "no values"),
        ("a,b\n1,2\n1,x\n1,3", "b", "line 3, column b: 'x' is no number"),
        ("a,b\n1,2\n1,inf\n1,3", "b", "line 3, column b: 'inf' is not finite"),
        ("a,b\n1,x\n1,y", "b", "column b, in all 2 lines"),
        ("a,b\n1,2\n1,3", "a", "column a never changes"),
        ("a,b\n1,2", "b", "column b never changes"),
        ("a,b\n1,\n1,NA", "b", "column b holds no number"),
        ("a,b\n1,2\n1,3", "c", "'c'"),
        ("315.5\n316.1\n", "", "line 1 holds numbers (315.5)"),
    ],
)
def test_a_wrong_file_is_a_clear_error(tmp_path: Path, text: str, column: str, title: str) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _recorded.load("csv", str(file), column)
    assert title in str(raised.value) and raised.value.remedy
    with pytest.raises(WorkbenchError, match="dataset=co2 does not read file"):
        _recorded.load("co2", str(file))


def test_a_series_that_changes_only_in_the_test_part_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "late.csv"
    file.write_text("value\n" + "0\n" * 80 + "1\n2\n" * 10)
    params = forecast.Forecast.Params(dataset="csv", file=str(file), season=3)
    recipe = forecast.Forecast(params, seed=0)
    recipe.data()
    with pytest.raises(WorkbenchError, match="the first 60% of value"):
        recipe.model()


def test_what_is_missing_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkbenchError, match="needs a file"):
        _recorded.load("csv")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(WorkbenchError, match="comes with statsmodels") as raised:
        _recorded.load("co2")
    assert "--no-deps statsmodels" in raised.value.remedy
