"""One batch before the launch, over a real worker."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from textual.content import Content
from textual.pilot import Pilot

from workbench.rehearsal import Layer, Rehearsal
from workbench.runs.folder import all_runs
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.launch import LaunchScreen
from workbench.tui.screens.rehearsal import RehearsalScreen, report
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.layer_table import LayerTable, LayerView
from workbench.tui.widgets.parameter_form import ParameterForm
from workbench.workers.standby import Standby

from .driving import SMALL, drive, press, screen, sees, until
from .test_launch_screen import field, open_form

NET = '''
"""Learns [b]little[/b]."""
import torch
from torch import nn
from workbench import number
from workbench.training import Data, Tensors, Training

class Net(Training):
    class Params(Training.Params):
        width: int = number(8, low=1, high=64, help="units")
        wait_s: float = number(0.0, low=0, high=600)

    def data(self):
        import time
        time.sleep(self.params.wait_s)
        x = torch.randn(64, 4)
        return Data(train=Tensors(x, x.sum(1, keepdim=True)))

    def model(self):
        if self.params.width == 13:
            raise RuntimeError("no [b]luck")
        layers = [nn.Linear(4, self.params.width), nn.Tanh(), nn.Linear(self.params.width, 1)]
        return nn.Sequential(*layers, *(nn.Identity() for _ in range(30)))

    def training_step(self, batch):
        x, y = batch
        return (self.net(x) - y).square().mean()
'''

MEASURED = Rehearsal(
    layers=(
        Layer("encoder.[b]conv[/b]", "Conv2d", "64x16x28x28", 160),
        Layer("a.very.deep.path.to.the.last.layer.of.all", "Linear", "64x10", 1_234_567),
    ),
    weights=1_234_727,
    device="cpu",
    batch="(64x1x28x28, 64)",
    first_step_s=0.4,
    step_s=0.0261,
    steps=4690,
    peak_memory_bytes=412_000_000,
    fitting_batch=1024,
)


@pytest.fixture
def net_app(checkpoints: Path, tmp_path: Path, standby: Standby) -> WorkbenchApp:
    """The application with a network that can be told to wait or to fail."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "net.py").write_text(NET)
    return WorkbenchApp(checkpoints, [tmp_path], standby=standby)


def test_a_report_tells_time_and_memory_before_the_layers() -> None:
    shown = report(MEASURED).plain
    assert "whole run     about 2m02s  4,690 steps" in shown
    assert "a step        26.1 ms  the first 0.4s" in shown
    assert "peak memory   412.0 MB  on cpu" in shown
    assert shown.index("1,024") < shown.index("Layers  2")


def test_the_text_of_a_rehearsal_holds_the_same_facts() -> None:
    text = MEASURED.text()
    for fact in (
        "64x16x28x28",
        "1,234,727",
        "26.1 ms a step",
        "4,690 steps",
        "412.0 MB",
        "about 1,024",
    ):
        assert fact in text


def test_a_rehearsal_shows_layers_and_times_scrolls_and_launches(
    net_app: WorkbenchApp, checkpoints: Path
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "net")
        assert "^r rehearse" in screen(pilot)
        await press(pilot, "1 6 ctrl+r")
        await sees(pilot, "64x16")
        shown = screen(pilot)
        assert "Linear" in shown and "whole run" in shown
        assert "peak memory" in shown
        assert "^l launch" in shown and "esc back" in shown
        assert "total" not in shown
        await sees(pilot, "4 → 16 in the last of 2 dimensions")
        await press(pilot, "j")
        await sees(pilot, "output 4.1 kB")
        await press(pilot, "G")
        await sees(pilot, "total")
        assert not checkpoints.exists() or not list(all_runs(checkpoints))
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: isinstance(net_app.screen, RunScreen))
        (folder,) = all_runs(checkpoints)
        assert folder.manifest().parameters["width"] == 16

    drive(net_app, script, SMALL)


def test_three_thousand_layers_are_shown_and_walked_through_at_once(
    app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Layer("a.[b]layer", "Conv2d", "64x16x28x28", 160, field=(3, 3), jump=(1.0, 1.0))
    layers = tuple(msgspec.structs.replace(one, name=f"{number}.[b]layer") for number in range(3000))

    async def script(pilot: Pilot[None]) -> None:
        view = LayerView()
        await app.screen.mount(view)
        table = view.query_one(LayerTable)
        made: list[int] = []
        real = table.make_line
        monkeypatch.setattr(table, "make_line", lambda row: made.append(row) or real(row))
        view.show(Content("above"), layers, 3000 * 160)
        table.focus()
        await sees(pilot, "0.[b]layer")
        await press(pilot, "G")
        await sees(pilot, "480,000")
        await press(pilot, "k")
        await sees(pilot, "2999.[b]layer")
        await sees(pilot, "receptive field 3x3, 1x1 from place to place")
        assert len(set(made)) < 200

    drive(app, script, SMALL)


def test_a_plain_recipe_tells_of_its_step(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "ctrl+r")
        await sees(pilot, "one step of 400 done")

    drive(warm_app, script)


def test_a_batch_that_fails_is_the_result(net_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "net")
        await press(pilot, "1 3 ctrl+r")
        await sees(pilot, "✗ RuntimeError: no [b]luck")
        await press(pilot, "escape")
        assert isinstance(net_app.screen, LaunchScreen)

    drive(net_app, script)


def test_the_arrows_go_from_field_to_field_in_a_form_longer_than_the_screen(
    net_app: WorkbenchApp,
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "net")
        assert net_app.screen.query_one(ParameterForm).max_scroll_y > 0
        await press(pilot, "down down down up")
        assert net_app.focused is field(pilot, "epochs").control
        await press(pilot, "up up up")
        assert net_app.focused is field(pilot, "wait").control
        await sees(pilot, "free: it starts at once")

    drive(net_app, script)


def test_nothing_is_rehearsed_while_a_field_is_faulty(net_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "net")
        await press(pilot, "0 ctrl+r")
        await sees(pilot, "out of bounds")
        assert isinstance(net_app.screen, LaunchScreen)

    drive(net_app, script)


def test_keys_are_answered_meanwhile_and_leaving_frees_the_worker(net_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "net")
        await press(pilot, "down 3 0 0 ctrl+r")
        await sees(pilot, "rehearsing…")
        assert isinstance(net_app.screen, RehearsalScreen)
        await press(pilot, "escape")
        assert isinstance(net_app.screen, LaunchScreen)
        began_s = time.monotonic()
        await press(pilot, "backspace backspace backspace 0 ctrl+l")
        await until(pilot, lambda: isinstance(net_app.screen, RunScreen))
        assert time.monotonic() - began_s < 60

    drive(net_app, script)
