"""Event files, as they grow, as they are damaged, and as tensorboard itself reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.foreign import tfrecord
from workbench.runs.foreign.folder import ForeignFolder, Kind
from workbench.runs.foreign.tensorboard import TensorBoardHistory

from .conftest import event, framed, session_start

Write = Callable[..., ForeignFolder]

REAL = """
import json, pathlib, sys, warnings
warnings.simplefilter("ignore")
import torch
from torch.utils.tensorboard import SummaryWriter
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

folder = sys.argv[1]
writer = SummaryWriter(folder)
for step in range(3000):
    writer.add_scalar("train/loss", 1 / (step + 1), step)
    if step % 7 == 0:
        writer.add_scalar("val/loss", float("nan") if step == 70 else -step, step, walltime=step / 3)
        writer.add_scalar("new/style", step * 0.1, step * 100_000, new_style=True)
        writer.add_scalar("double", step * 0.1, step, new_style=True, double_precision=True)
writer.add_scalar("once [b]bold[/b]", 3.5, -4)
writer.add_histogram("weights", torch.arange(1000.0), 5)
writer.add_text("words", "hello", 5)
writer.add_image("picture", torch.zeros(3, 64, 64), 5)
writer.add_hparams({"lr": 0.1, "optimizer": "adam"}, {"score": 0.5}, run_name=".")
writer.close()
read = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0}).Reload()
found = {}
for tag in read.Tags()["scalars"]:
    found[tag] = [(e.step, e.wall_time, e.value) for e in read.Scalars(tag)]
for tag in ("new/style", "double"):
    found[tag] = [(e.step, e.wall_time, float(make_ndarray(e.tensor_proto))) for e in read.Tensors(tag)]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[ForeignFolder, dict[str, Any]]:
    """What torch's writer wrote, and what tensorboard's own reader found in it."""
    pytest.importorskip("tensorboard")
    path = tmp_path_factory.mktemp("real")
    call = [sys.executable, "-c", REAL, str(path)]
    told = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    return ForeignFolder(path, "real", Kind.TENSORBOARD), json.loads(told)


def curves(folder: ForeignFolder) -> dict[str, list[tuple[int, float]]]:
    history = TensorBoardHistory(folder).read_all()
    return {
        name: list(zip(series.steps.tolist(), series.values.tolist(), strict=True))
        for name, series in history.series.items()
    }


def test_every_scalar_is_as_tensorboard_reads_it(real: tuple[ForeignFolder, dict[str, Any]]) -> None:
    folder, expected = real
    history = TensorBoardHistory(folder).read_all()

    assert set(history.series) == set(expected)
    for tag, points in expected.items():
        steps, times, values = map(np.array, zip(*points, strict=True))
        series = history.series[tag]
        np.testing.assert_array_equal(series.steps, steps)
        np.testing.assert_array_equal(series.times, times)
        np.testing.assert_array_equal(series.values, values)
    assert not history.faults
    assert history.parameters == {"lr": 0.1, "optimizer": "adam"}


scalars = st.tuples(
    st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300),
    st.sampled_from(["a", "b", "long/name"]),
    st.floats(width=32),
)


@given(st.lists(scalars, min_size=1, max_size=80))
def test_records_read_together_are_as_if_each_were_read_alone(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[int, str, float]]
) -> None:
    path = tmp_path_factory.mktemp("run")
    records = [event(step, tag, value) for step, tag, value in points]
    (path / "tfevents.1").write_bytes(framed(*records))
    history = TensorBoardHistory(ForeignFolder(path, "run", Kind.TENSORBOARD)).read_all()

    for tag in {tag for _, tag, _ in points}:
        mine = [(step, value) for step, name, value in points if name == tag]
        np.testing.assert_array_equal(history.series[tag].steps, [step for step, _ in mine])
        np.testing.assert_array_equal(history.series[tag].values, [value for _, value in mine])
    assert not history.faults


def test_a_half_written_record_waits(write: Write) -> None:
    records = [event(step, "loss", step) for step in range(40)]
    folder = write()
    file, whole = folder.files()[0], framed(*records)
    history = TensorBoardHistory(folder)
    for size in range(0, len(whole) + 1, 5):
        file.write_bytes(whole[:size])
        history.read_all()
        complete = size // (len(whole) // 40 + 1)
        assert sum(map(len, history.series.values())) >= complete
    file.write_bytes(whole)
    history.read_all()

    assert history.series["loss"].values.tolist() == list(range(40))
    assert not history.faults


def test_a_damaged_record_is_reported_and_the_rest_read(write: Write) -> None:
    folder = write(*[event(step, "loss", step) for step in range(1, 100)])
    file = folder.files()[0]
    data = bytearray(file.read_bytes())
    size = len(data) // 99
    data[size * 50 + 40] ^= 1
    file.write_bytes(data)
    history = TensorBoardHistory(folder).read_all()

    assert history.series["loss"].steps.tolist() == [*range(1, 51), *range(52, 100)]
    (fault,) = history.faults
    assert file.name in fault
    assert f"byte {size * 50 + tfrecord.HEADER_BYTES:,}" in fault


@pytest.mark.parametrize("damage", [b"\xff" * 8, bytes(8), b"garbage!"])
def test_after_a_damaged_length_the_next_sound_one_is_found(write: Write, damage: bytes) -> None:
    folder = write(*[event(step, "loss", step) for step in range(1, 100)])
    file = folder.files()[0]
    data = bytearray(file.read_bytes())
    size = len(data) // 99
    data[size * 50 : size * 50 + 8] = damage
    file.write_bytes(data)
    history = TensorBoardHistory(folder).read_all()

    assert history.series["loss"].steps.tolist() == [*range(1, 51), *range(52, 100)]
    assert len(history.faults) == 1
    assert f"byte {size * 50:,}" in history.faults[0]


def test_a_file_that_is_none_is_reported_once_and_never_read_in_circles(write: Write) -> None:
    folder = write()
    folder.files()[0].write_bytes(b"no event file at all, but a long text" * 100_000)
    history = TensorBoardHistory(folder).read_all()
    history.read_all()

    assert not history.series
    assert len(history.faults) == 1


def test_what_follows_a_tail_of_zeros_is_read(write: Write) -> None:
    folder = write(*[event(step, "loss", step) for step in range(5)])
    file = folder.files()[0]
    with file.open("ab") as stream:
        stream.write(bytes(5000))
    history = TensorBoardHistory(folder).read_all()
    with file.open("ab") as stream:
        stream.write(framed(event(7, "loss", 7.0)))
    history.read_all()

    assert history.series["loss"].steps.tolist() == [0, 1, 2, 3, 4, 7]
    assert len(history.faults) == 1


def test_a_record_too_long_to_hold_a_scalar_is_passed_over(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfrecord, "MOST_RECORD_BYTES", 1000)
    folder = write(event(1, "loss", 1.0), b"\x1a" + b"x" * 2000, event(2, "loss", 2.0))

    assert curves(folder) == {"loss": [(1, 1.0), (2, 2.0)]}


def test_a_later_file_that_begins_earlier_leaves_no_zigzag(write: Write) -> None:
    write(*[event(step, "loss", step) for step in range(10)], name="1.host.0")
    folder = write(*[event(step, "loss", -step) for step in range(6, 9)], name="2.host.0")

    assert [step for step, _ in curves(folder)["loss"]] == [*range(9)]
    assert curves(folder)["loss"][-1] == (8, -8.0)


def test_a_session_voids_what_came_after_its_step(write: Write) -> None:
    before = [event(step, "loss", step) for step in range(10)]
    folder = write(*before, session_start(4), event(4, "loss", -4.0))

    assert curves(folder)["loss"] == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0), (4, -4.0)]


def test_a_file_that_appears_later_is_read(write: Write) -> None:
    folder = write(event(1, "loss", 1.0))
    history = TensorBoardHistory(folder).read_all()
    write(event(2, "loss", 2.0), name="2.host.0")
    history.read_all()

    assert history.series["loss"].steps.tolist() == [1, 2]


def test_a_file_that_is_another_one_is_read_from_its_start(write: Write) -> None:
    folder = write(*[event(step, "loss", step) for step in range(50)])
    history = TensorBoardHistory(folder).read_all()
    write(event(1, "other", 1.0))
    history.read_all()

    assert list(history.series) == ["other"]


def test_reading_keeps_to_its_budget(write: Write) -> None:
    folder = write()
    folder.files()[0].write_bytes(framed(event(1, "loss", 1.0)) * 60_000)
    history = TensorBoardHistory(folder)

    assert history.read(budget_s=0.0)
    assert 0 < len(history.series["loss"]) < 60_000
    assert len(history.read_all().series["loss"]) == 60_000


def test_a_folder_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    history = TensorBoardHistory(ForeignFolder(tmp_path / "gone", "gone", Kind.TENSORBOARD))

    assert not history.read()
    assert history.status().step == 0
