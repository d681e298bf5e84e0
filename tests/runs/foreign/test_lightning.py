"""Lightning's `metrics.csv`: blanks, growth, a header that grows, damage."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from workbench.runs.foreign.folder import ForeignFolder, Kind
from workbench.runs.foreign.lightning import LightningHistory

HEADER = "epoch,step,train_loss,val_loss\n"
ROWS = ["0,9,0.5,\n", "0,9,,0.75\n", "1,19,0.25,\n", "1,19,,0.5\n"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "metrics.csv"


@pytest.fixture
def history(file: Path) -> LightningHistory:
    return LightningHistory(ForeignFolder(file.parent, "version_0", Kind.LIGHTNING_CSV))


def points(history: LightningHistory, name: str) -> list[tuple[int, float]]:
    series = history.series[name]
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def test_blanks_are_no_points(file: Path, history: LightningHistory) -> None:
    file.write_text(HEADER + "".join(ROWS))
    history.read_all()

    assert points(history, "train_loss") == [(9, 0.5), (19, 0.25)]
    assert points(history, "val_loss") == [(9, 0.75), (19, 0.5)]
    assert "step" not in history.series
    assert (history.status().step, history.status().epoch) == (19, 1)


def test_a_half_written_row_waits(file: Path, history: LightningHistory) -> None:
    whole = HEADER + "".join(ROWS)
    for size in range(len(whole) + 1):
        file.write_text(whole[:size])
        history.read_all()

    assert points(history, "train_loss") == [(9, 0.5), (19, 0.25)]
    assert not history.faults


def test_a_header_that_grew_is_read_from_the_start(file: Path, history: LightningHistory) -> None:
    file.write_text(HEADER + "".join(ROWS))
    history.read_all()
    longer = HEADER.replace("\n", ",acc\n")
    file.write_text(longer + "".join(row.replace("\n", ",\n") for row in ROWS) + "2,29,0.125,,0.9\n")
    history.read_all()

    assert points(history, "train_loss") == [(9, 0.5), (19, 0.25), (29, 0.125)]
    assert points(history, "acc") == [(29, 0.9)]
    assert not history.faults


def test_a_file_that_shrank_is_read_from_the_start(file: Path, history: LightningHistory) -> None:
    file.write_text(HEADER + "".join(ROWS))
    history.read_all()
    file.write_text(HEADER + "0,1,4.0,\n")
    history.read_all()

    assert points(history, "train_loss") == [(1, 4.0)]


def test_damage_is_reported_with_its_line_and_the_rest_read(
    file: Path, history: LightningHistory
) -> None:
    file.write_text(HEADER + ROWS[0] + "1,2\n" + "1,12,tensor(1),\n" + ROWS[2])
    history.read_all()

    assert points(history, "train_loss")[0] == (9, 0.5)
    assert points(history, "train_loss")[-1] == (19, 0.25)
    assert math.isnan(points(history, "train_loss")[1][1])
    assert [fault.partition(":")[0] for fault in history.faults] == [
        "metrics.csv, line 3",
        "metrics.csv, line 4",
    ]


def test_names_with_commas_and_numbers_that_are_not_finite(
    file: Path, history: LightningHistory
) -> None:
    file.write_text('step,"loss, mean"\r\n1,nan\r\n2,inf\r\n')
    history.read_all()

    (first, second) = points(history, "loss, mean")
    assert math.isnan(first[1])
    assert second == (2, math.inf)


def test_without_a_step_the_epoch_counts_and_without_both_the_row(tmp_path: Path) -> None:
    for number, (text, steps) in enumerate(
        [("epoch,loss\n3,1\n4,2\n", [3, 4]), ("loss\n1\n2\n", [0, 1]), ("step,loss\n,1\nx,2\n", [0, 1])]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "metrics.csv").write_text(text)
        history = LightningHistory(ForeignFolder(folder, "", Kind.LIGHTNING_CSV))
        history.read_all()
        assert history.series["loss"].steps.tolist() == steps


@pytest.mark.parametrize("step", ["9" * 30, "1e30", "-1e30", "inf", '"', "\0", "3.0"])
def test_no_step_ends_the_reading(file: Path, history: LightningHistory, step: str) -> None:
    file.write_text(f"step,loss,loss\n{step},1,2\n5,2,2\n")
    history.read_all()

    assert history.series["loss"].steps.tolist()[-1] == 5


def test_a_file_that_may_not_be_read_is_a_fault_said_once(
    file: Path, history: LightningHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(HEADER)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)
    history.read_all()
    history.read_all()

    assert history.faults == [f"{file} cannot be read: Permission denied"]


def test_reading_keeps_to_its_budget(file: Path, history: LightningHistory) -> None:
    file.write_text(HEADER + "".join(f"0,{step},0.5,\n" for step in range(200_000)))

    assert history.read(budget_s=0.0)
    assert 0 < len(history.series["train_loss"]) < 200_000
    assert not history.read(budget_s=60.0)
    assert len(history.series["train_loss"]) == 200_000


def test_the_state_follows_from_the_age_of_the_file(file: Path, history: LightningHistory) -> None:
    file.write_text(HEADER)
    assert history.status().state.value == "live"

    os.utime(file, (1.0, 1.0))
    assert history.status().state.value == "recorded"
    assert history.status().state.ended


@pytest.mark.slow
def test_real_logger_is_read(tmp_path: Path) -> None:
    """Lightning's writer itself, without its trainer."""
    writer = pytest.importorskip("lightning.fabric.loggers.csv_logs", exc_type=ImportError)
    logs = writer._ExperimentWriter(str(tmp_path))
    for step in range(5):
        logs.log_metrics({"loss": 1.0 / (step + 1)}, step)
        logs.save()
    history = LightningHistory(ForeignFolder(tmp_path, "", Kind.LIGHTNING_CSV))
    history.read_all()
    logs.log_metrics({"loss": 0.1, "acc": 0.9}, 5)
    logs.save()
    history.read_all()

    assert [step for step, _ in points(history, "loss")] == [*range(6)]
    assert points(history, "acc") == [(5, 0.9)]
