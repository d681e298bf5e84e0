"""A living training is looked into from the command line; what has no network says so."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from workbench.catalog import read_recipe
from workbench.cli.main import main
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

from .waiting import wait_for_step

ENDLESS = '''
"""Trains a small network, slowly, with a unit that is dead from the start."""
import time

import torch
from torch import nn

from workbench.training import Data, Tensors, Training


class Endless(Training):
    class Params(Training.Params):
        epochs = 100_000
        batch_size = 32

    def data(self):
        inputs = torch.randn(64, 3)
        return Data(Tensors(inputs, inputs.sum(1)))

    def model(self):
        net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
        net[0].bias.data[:2] = -100.0
        return net

    def training_step(self, batch):
        time.sleep(0.02)
        return (self.net(batch[0])[:, 0] - batch[1]).square().mean()
'''


@pytest.fixture
def endless(standby: Standby, checkpoints: Path, tmp_path: Path) -> RunFolder:
    """A training that is alive and has done its first step."""
    file = tmp_path / "own" / "lessons" / "endless.py"
    file.parent.mkdir(parents=True)
    file.write_text(ENDLESS)
    order = Order(read_recipe(file, file.parent.parent), device="cpu")
    folder = launch.launch(order, checkpoints, standby)
    wait_for_step(folder)
    return folder


def test_a_living_training_is_probed_on_request_and_every_so_many_steps(
    endless: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", endless.name]) == 0
    shown = capsys.readouterr().out
    assert f"{endless.name}: after step" in shown and "inputs 32x3" in shown
    relu = next(line for line in shown.splitlines() if "ReLU" in line)
    assert relu.split()[:3] == ["1", "ReLU", "32x8"] and "2 of 8" in relu
    assert main(["set", endless.name, "probe_every=3"]) == 0
    assert "probe_every: 0 → 3 from step" in capsys.readouterr().out
    history, end = History(endless), time.monotonic() + 60
    while len(history.read_all().probes) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert [one.step % 3 for one in history.probes[1:3]] == [0, 0]
    assert main(["stop", endless.name]) == 0
    capsys.readouterr()
    assert main(["probe", endless.name, "--last", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["step"] == History(endless).read_all().probes[-1].step
    assert [layer["name"] for layer in told["layers"]] == ["0", "1", "2"]
    assert 0 < told["layers"][0]["update"] < 1 and told["layers"][1]["dead"] == 2
    assert main(["probe", endless.name]) == 2
    assert f"workbench probe {endless.name} --last" in capsys.readouterr().err


def test_a_run_without_a_network_refuses(
    recipes: Path, standby: Standby, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = read_recipe(recipes / "lessons" / "count.py", recipes)
    order = Order(count, {"steps": "5000", "pause_s": "0.02"}, device="cpu")
    folder = launch.launch(order, checkpoints, standby)
    wait_for_step(folder)
    assert main(["probe", folder.name]) == 1
    assert "no network is being trained here" in capsys.readouterr().err
    assert main(["probe", folder.name, "--last"]) == 2
    assert "has recorded no probe" in capsys.readouterr().err
