"""The screen that looks into networks, with a real worker behind it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.params import Value
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.inspect.subject import Subject
from workbench.tui.screens.inspect import InspectScreen
from workbench.workers.standby import Standby

from .conftest import LivingRun
from .driving import LARGE, drive, press, screen, sees, toasts, until
from .networks import SOURCES
from .training import finished

TINY = (40, 12)
Script = Callable[[Pilot[None]], object]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the recipes, by name."""
    folder = tmp_path_factory.mktemp("recipes") / "inner"
    folder.mkdir()
    for name, source in SOURCES.items():
        (folder / f"{name}.py").write_text(source)
    return {name: folder / f"{name}.py" for name in SOURCES}


@pytest.fixture(scope="module")
def died(
    networks: dict[str, Path], standby: Standby, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A finished run whose network has a dead layer, with probes of it."""
    return finished(networks["died"], {"probe_every": 2}, standby, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def trained(
    networks: dict[str, Path], standby: Standby, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A finished run, with its checkpoints."""
    return finished(networks["halves"], {}, standby, tmp_path_factory.mktemp("runs"))


def of_run(folder: RunFolder, checkpoint: str = "") -> Subject:
    return Subject(folder.full_name, folder, checkpoint)


def of_recipe(file: Path) -> Subject:
    return Subject(f"inner/{file.stem}", recipe_file=str(file))


def worker_of(pilot: Pilot[None]) -> int:
    """The process that has the network."""
    shown = pilot.app.screen
    assert isinstance(shown, InspectScreen)
    assert shown.looker is not None
    return shown.looker._inspector._pid


async def opened(pilot: Pilot[None], subject: Subject) -> None:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    app.show_inspect(subject)
    await sees(pilot, "40 samples")


def test_one_walks_through_layers_and_samples(warm_app: WorkbenchApp, trained: RunFolder) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        assert f"{trained.name}   last.pt · step 2" in screen(pilot)
        await press(pilot, "2")
        await sees(pilot, "1x4x12x16")
        assert "MaxPool2d" in screen(pilot)
        await press(pilot, "j j enter")
        await sees(pilot, "sample 0")
        assert "MaxPool2d → 1x4x6x8" in screen(pilot)
        await press(pilot, "full_stop k")
        await sees(pilot, "ReLU → 1x4x12x16")
        await sees(pilot, "· sample 1")
        await press(pilot, "i i")
        await sees(pilot, "map 1")
        assert "map 0" not in screen(pilot)
        titles = [one.title for one in warm_app.get_system_commands(warm_app.screen)]
        assert len(titles) == len(set(titles)), "the palette offers each key once"
        assert {"The next sample", "The next page of maps"} & set(titles) == {"The next sample"}
        await press(pilot, "escape 4")
        await sees(pilot, "weight of 0")
        await press(pilot, "5")
        await sees(pilot, "Grad-CAM of 2")
        await press(pilot, "m")
        await sees(pilot, "integrated gradients")
        await press(pilot, "7")
        await sees(pilot, "true       right")

    drive(warm_app, script, (100, 30))


def test_findings_lead_to_the_layer_that_died(warm_app: WorkbenchApp, died: RunFolder) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_run(died)
        await sees(pilot, "━━ train")
        await press(pilot, "D")
        await sees(pilot, "1. dead ReLUs   in second.1")
        await press(pilot, "2")
        await sees(pilot, "8/8!")
        assert "second.1  ReLU" in screen(pilot), "the table's cursor stands on it"
        await press(pilot, "1 enter")
        await sees(pilot, "! second.1  ReLU")
        await sees(pilot, "0 off")
        await press(pilot, "9")
        await sees(pilot, "4 probes, the last at step 8")
        await sees(pilot, "second.1: gradient by the output")
        await press(pilot, "m j")
        await sees(pilot, "gradient by the weights, norm")

    drive(warm_app, script, (120, 40))


def test_before_and_after_a_pooling_stand_beside_each_other(
    warm_app: WorkbenchApp, trained: RunFolder
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        await press(pilot, "2 j j enter v")
        await sees(pilot, "before and after it")
        await press(pilot, "z")
        await until(pilot, lambda: "1 Findings" not in screen(pilot))
        await press(pilot, "escape")
        await sees(pilot, "1 Findings")

    drive(warm_app, script, LARGE)


def test_an_untrained_recipe_is_opened_from_its_page(
    checkpoints: Path, networks: dict[str, Path], standby: Standby
) -> None:
    app = WorkbenchApp(checkpoints, [networks["halves"].parent.parent], standby=standby)

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "from_scratch")
        await press(pilot, "slash")
        await pilot.press(*"inner/halves", "enter")
        await sees(pilot, "D inside")
        await press(pilot, "D")
        await sees(pilot, "inner/halves   untrained")
        await press(pilot, "9")
        await sees(pilot, "an untrained network has no course")
        await press(pilot, "escape")
        await sees(pilot, "esc show all")

    drive(app, script, (100, 30))


def test_the_checkpoint_under_the_cursor_is_the_one_that_is_opened(
    warm_app: WorkbenchApp, trained: RunFolder
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_run(trained)
        await sees(pilot, "✓ finished")
        await press(pilot, "5")
        await sees(pilot, "--checkpoint last.pt")
        await press(pilot, "j")
        await sees(pilot, "--checkpoint best.pt")
        await press(pilot, "D")
        await sees(pilot, f"{trained.name}   best.pt · step 2")

    drive(warm_app, script)


def test_a_worker_that_dies_is_told_and_another_one_is_a_key_away(
    warm_app: WorkbenchApp, trained: RunFolder
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        await press(pilot, "3")
        await sees(pilot, "sample 0")
        os.kill(worker_of(pilot), signal.SIGKILL)
        await press(pilot, "full_stop")
        await sees(pilot, "the inspecting worker has ended")
        assert "r tries again" in screen(pilot)
        await press(pilot, "r")
        await sees(pilot, "sample 1")
        assert "has ended" not in screen(pilot)

    drive(warm_app, script)


def test_leaving_the_page_ends_the_worker(warm_app: WorkbenchApp, trained: RunFolder) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        pid = worker_of(pilot)
        assert psutil.pid_exists(pid)
        await press(pilot, "escape")
        await sees(pilot, "1 Recipes")
        await until(pilot, lambda: not psutil.pid_exists(pid))

    drive(warm_app, script)


def test_a_checkpoint_that_does_not_fit_any_more_says_what_differs(
    warm_app: WorkbenchApp, trained: RunFolder, tmp_path: Path
) -> None:
    """The recipe's code makes another network than the one that was saved."""
    other = RunFolder(Path(shutil.copytree(trained.path, tmp_path / trained.name)))
    changed = tmp_path / "inner" / "halves.py"
    changed.parent.mkdir()
    wrong = SOURCES["halves"].replace("nn.Conv2d(3, self.params.maps", "nn.Conv2d(3, 9")
    manifest = other.manifest_file.read_text()
    other.manifest_file.write_text(manifest.replace(other.manifest().recipe.file, str(changed)))
    changed.write_text(wrong)

    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_inspect(of_run(other))
        await sees(pilot, "does not fit the network")
        assert "0.weight" in screen(pilot)
        assert "r tries again" in screen(pilot)
        changed.write_text(SOURCES["halves"])
        await press(pilot, "r")
        await sees(pilot, "40 samples")

    drive(warm_app, script)


def test_while_an_answer_is_awaited_keys_are_heard_and_the_newest_place_is_shown(
    warm_app: WorkbenchApp, trained: RunFolder
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        await press(pilot, "3")
        await sees(pilot, "sample 0")
        pid = worker_of(pilot)
        os.kill(pid, signal.SIGSTOP)
        try:
            await press(pilot, "full_stop full_stop full_stop j")
            await sees(pilot, "ReLU → 1x4x12x16")
            await sees(pilot, "asks for the maps of 1 …")
            await press(pilot, "2")
            await sees(pilot, "MaxPool2d")
            await press(pilot, "3")
        finally:
            os.kill(pid, signal.SIGCONT)
        await sees(pilot, "· sample 3")
        await sees(pilot, "1 (ReLU)")

    drive(warm_app, script, (100, 30))


def test_a_picture_of_ones_own_is_a_sample_behind_the_others(
    warm_app: WorkbenchApp, trained: RunFolder, tmp_path: Path
) -> None:
    Image.new("RGB", (50, 40), (250, 40, 40)).save(tmp_path / "red.png")
    (tmp_path / "poem.png").write_text("roses are red")

    async def typed(pilot: Pilot[None], path: Path) -> None:
        await press(pilot, "p")
        await sees(pilot, "A picture of your own")
        pilot.app.screen.query_one(Input).value = str(path)  # as if pasted
        await press(pilot, "enter")

    async def script(pilot: Pilot[None]) -> None:
        await opened(pilot, of_run(trained))
        await typed(pilot, tmp_path / "poem.png")
        await until(pilot, lambda: "poem.png" in toasts(pilot))
        await typed(pilot, tmp_path / "red.png")
        await sees(pilot, "sample 40 of 41   your own, red.png in ")  # however long its path is
        await press(pilot, "full_stop")
        await sees(pilot, "sample 0 of 4")
        await press(pilot, "comma")
        await sees(pilot, "sample 40 of 41")

    drive(warm_app, script, (100, 30))


def test_tabs_that_make_no_sense_say_why(warm_app: WorkbenchApp, networks: dict[str, Path]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_inspect(of_recipe(networks["series"]))
        await sees(pilot, "8 samples")
        await press(pilot, "5")
        await sees(pilot, "not here: its inputs are no pictures")
        assert "own picture" not in screen(pilot).splitlines()[-1]
        await press(pilot, "8")
        await sees(pilot, "not here: its samples have no classes")
        await press(pilot, "3")
        await sees(pilot, "rnn (GRU)")

    drive(warm_app, script, (100, 30))


def test_one_walks_through_all_that_attends(warm_app: WorkbenchApp, networks: dict[str, Path]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_inspect(of_recipe(networks["tokens"]))
        await sees(pilot, "10 samples")
        await press(pilot, "6")
        await sees(pilot, "call 1 of 2")
        assert "head 1" in screen(pilot)
        await press(pilot, "j")
        await sees(pilot, "call 2 of 2")
        await press(pilot, "i")
        await until(pilot, lambda: "head 1" not in screen(pilot))
        await press(pilot, "j")
        await sees(pilot, "call 1 of 2")

    drive(warm_app, script, (100, 30))


def test_a_network_that_is_given_nothing_can_be_opened_all_the_same(
    warm_app: WorkbenchApp, networks: dict[str, Path]
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_inspect(of_recipe(networks["no_samples"]))
        await sees(pilot, "inner/no_samples   untrained")
        for tab in "237":
            await press(pilot, tab)
            await sees(pilot, "not here: the recipe has no samples")

    drive(warm_app, script, (100, 30))


@pytest.mark.parametrize("size", [TINY, (80, 24)])
def test_it_can_be_read_in_little_room(
    warm_app: WorkbenchApp, trained: RunFolder, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        warm_app.show_inspect(of_run(trained))
        await sees(pilot, trained.name)
        await sees(pilot, "last.pt")
        await press(pilot, "2")
        await sees(pilot, "ReLU" if size != TINY else "1x4x12x16")
        await press(pilot, "3")
        await sees(pilot, "0 (Conv2d)")
        assert "▀" in screen(pilot) or "▄" in screen(pilot)
        assert "esc back" in screen(pilot)
        await press(pilot, "7")
        await sees(pilot, "predicted")

    drive(warm_app, script, size)


def test_a_living_training_is_asked_for_probes(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_inspect(of_run(living.folder))
        await press(pilot, "9")
        await sees(pilot, "no probes yet: a asks for one now")
        await press(pilot, "a")
        await until(pilot, lambda: any(isinstance(one, control.Probe) for one in living.requests()))
        await press(pilot, "e")
        await sees(pilot, "probe_every")
        await press(pilot, "5 0 enter")
        await until(pilot, lambda: living.requests()[-1:] and asked_every(living) is not None)
        assert asked_every(living) == 50

    drive(app, script)


def asked_every(living: LivingRun) -> Value | None:
    last = living.requests()[-1]
    return last.value if isinstance(last, control.SetParameter) else None
