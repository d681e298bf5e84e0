"""An inspecting worker: what it answers, and that nothing which is asked of it ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from workbench.debugging import protocol
from workbench.debugging.client import (
    InspectionError,
    Inspector,
    RefusedError,
    SupersededError,
    WorkerGoneError,
)
from workbench.debugging.protocol import (
    Asked,
    Examined,
    LayerTable,
    Opened,
    OpenRecipe,
    OpenRun,
    SampleView,
    View,
)
from workbench.debugging.server import Inbox
from workbench.errors import WorkbenchError
from workbench.figures.data import ImageGrid, Matrix
from workbench.runs.folder import RunFolder
from workbench.workers.standby import Standby


@pytest.fixture(scope="module")
def inspector(standby: Standby) -> Iterator[Inspector]:
    """One worker for all tests of this file: whatever one of them asked, it answers the next."""
    with Inspector(standby) as one:
        yield one


on_pictures = pytest.mark.usefixtures("opened")


@pytest.fixture
def opened(inspector: Inspector, recipe_files: dict[str, Path]) -> Opened:
    return inspector.ask(OpenRecipe(file=str(recipe_files["pictures"])), Opened)


def test_a_recipe_is_opened_untrained_and_its_layers_are_told(
    opened: Opened, inspector: Inspector
) -> None:
    assert (opened.recipe, opened.checkpoint, opened.input) == ("looked_at/pictures", "", "picture")
    assert (opened.split, opened.samples) == ("validation", 40)
    assert opened.classes == ("left", "right")
    told = inspector.ask(protocol.Layers(), LayerTable)
    names = [(one.name, one.kind, one.output) for one in told.layers]
    assert names[0] == ("0", "Conv2d", "1x4x12x16")
    assert told.weights == 112 + 48 * 4 * 2 + 2


def test_the_weights_of_a_runs_checkpoint_are_those_that_are_shown(
    inspector: Inspector, trained: RunFolder
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in trained.path.iterdir()}
    opened = inspector.ask(OpenRun(folder=str(trained.path), checkpoint="last"), Opened)
    assert (opened.title, opened.checkpoint, opened.step) == (trained.name, "last.pt", 2)
    shown = inspector.ask(protocol.Kernels(layer="0"), View)
    from workbench.training import checkpoints  # noqa: PLC0415 - brings torch

    weights = checkpoints.read(trained.checkpoint("last"))["state"]["model"]["0.weight"]
    assert shown.count == 5
    assert shown.ranges[2] == pytest.approx((float(weights[2].min()), float(weights[2].max())))
    assert {path.name: path.stat().st_mtime_ns for path in trained.path.iterdir()} == before


@on_pictures
def test_maps_come_with_what_was_before_the_pooling(inspector: Inspector) -> None:
    view = inspector.ask(protocol.Maps(layer="2", beside=True), View)
    assert isinstance(view.figure, ImageGrid)
    assert isinstance(view.beside, ImageGrid)
    assert [(one.height, one.width) for one in (view.figure.images[0], view.beside.images[0])] == [
        (6, 8),
        (12, 16),
    ]
    assert (view.kind, view.shape, view.count) == ("MaxPool2d", (4, 6, 8), 4)


@on_pictures
def test_a_sample_is_shown_with_its_classes_and_probabilities(inspector: Inspector) -> None:
    one = inspector.ask(protocol.Sample(index=3), SampleView)
    assert (one.index, one.count, one.true) == (3, 40, "right")
    assert one.predicted in {"left", "right"}
    assert one.probabilities is not None
    assert sum(value or 0 for value in one.probabilities.values) == pytest.approx(1)
    assert one.sure == pytest.approx(one.probabilities.values[0])


@on_pictures
def test_a_picture_of_ones_own_is_a_sample_like_others(inspector: Inspector, tmp_path: Path) -> None:
    Image.new("L", (200, 90), 255).save(tmp_path / "own.png")
    one = inspector.ask(protocol.OwnPicture(path=str(tmp_path / "own.png")), SampleView)
    assert (one.index, one.true) == (40, "")
    assert one.notes == (
        "resized from 200 x 90 to 16 x 12",
        "made RGB from L",
        "scaled to 0 … 1, as the recipe's are",
    )
    assert isinstance(one.figure, ImageGrid)
    assert set(one.figure.images[0].pixels) == {255}
    mapped = inspector.ask(protocol.ClassMap(sample=40, target=1), View)
    assert (mapped.target, mapped.layer) == (1, "2")


WRONG = [
    (protocol.Maps(layer="heads"), "no layer 'heads'"),
    (protocol.Maps(layer="00"), "did you mean 0"),
    (protocol.Maps(layer="0", call=1), "has no call 1"),
    (protocol.Maps(layer="0", page=1), "there is no page 1"),
    (protocol.Maps(layer="0", number=4), "there is no map 4"),
    (protocol.Maps(layer="0", sample=40), "there is no sample 40"),
    (protocol.Sample(index=-1), "there is no sample -1"),
    (protocol.Kernels(layer="1"), "has no kernels"),
    (protocol.ClassMap(target=2), "there is no class 2"),
    (protocol.ClassMap(layer="4"), "gives no maps"),
    (protocol.OwnPicture(path="/nowhere.png"), "there is no file"),
    (protocol.OwnPicture(path=__file__), "cannot be read as a picture"),
]


@on_pictures
@pytest.mark.parametrize(("request_", "said"), WRONG)
def test_what_is_wrong_is_refused_and_the_worker_lives(
    inspector: Inspector, request_: protocol.Request, said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        inspector.ask(request_, View)
    assert inspector.ask(protocol.Sample(), SampleView).index == 0


@on_pictures
def test_a_picture_that_is_far_too_wide_is_refused(inspector: Inspector, tmp_path: Path) -> None:
    Image.new("L", (20_000, 4)).save(tmp_path / "wide.png")
    with pytest.raises(RefusedError, match="20,000 x 4 pixels, more than 16,384 a side"):
        inspector.ask(protocol.OwnPicture(path=str(tmp_path / "wide.png")), SampleView)


@pytest.mark.parametrize(
    ("recipe", "request_", "said"),
    [
        ("tokens", protocol.ClassMap(), "inputs of this recipe are none: tokens"),
        ("pictures", protocol.Attention(), "nothing in this network gives attention weights"),
        ("series", protocol.Mistakes(), "tells no classes apart"),
        ("no_samples", protocol.Layers(), "this recipe has no samples"),
        ("fails", protocol.Layers(), "predict_step of Fails failed: RuntimeError: the lesson is over"),
    ],
)
def test_what_makes_no_sense_for_a_recipe_is_said(
    inspector: Inspector,
    recipe_files: dict[str, Path],
    recipe: str,
    request_: protocol.Request,
    said: str,
) -> None:
    inspector.ask(OpenRecipe(file=str(recipe_files[recipe])), Opened)
    with pytest.raises(InspectionError, match=said):
        inspector.ask(request_, View)


def test_a_network_is_examined_and_is_afterwards_as_it_was(
    inspector: Inspector, trained: RunFolder
) -> None:
    inspector.ask(OpenRun(folder=str(trained.path), checkpoint="last"), Opened)
    before = inspector.ask(protocol.Kernels(layer="0"), View).ranges
    told = inspector.ask(protocol.Examine(), Examined)
    assert told.probe is not None
    assert (told.probe.step, told.fault) == (2, "")
    assert (told.probe.layers[0].name, told.probe.layers[0].units) == ("0", 5)
    assert told.probe.layers[0].weight_gradient
    assert told.findings
    assert inspector.ask(protocol.Kernels(layer="0"), View).ranges == before


def test_what_cannot_be_probed_is_diagnosed_all_the_same(
    inspector: Inspector, recipe_files: dict[str, Path]
) -> None:
    inspector.ask(OpenRecipe(file=str(recipe_files["no_step"])), Opened)
    told = inspector.ask(protocol.Examine(), Examined)
    assert told.probe is None
    assert told.fault == "ValueError: no step today"
    assert told.findings


def test_a_recipe_that_is_no_training_is_refused(
    inspector: Inspector, recipe_files: dict[str, Path]
) -> None:
    with pytest.raises(InspectionError, match="looked_at/no_training is no Training"):
        inspector.ask(OpenRecipe(file=str(recipe_files["no_training"])), Opened)
    with pytest.raises(RefusedError, match="no network has been opened"):
        inspector.ask(protocol.Layers(), LayerTable)


def test_a_device_that_is_not_there_is_refused(
    inspector: Inspector, recipe_files: dict[str, Path]
) -> None:
    with pytest.raises(RefusedError, match="there is no device 'cuda:97'"):
        inspector.ask(OpenRecipe(file=str(recipe_files["pictures"]), device="cuda:97"), Opened)


def test_a_run_without_a_checkpoint_is_refused(
    inspector: Inspector, trained: RunFolder, tmp_path: Path
) -> None:
    bare = tmp_path / "looked_at-pictures-0001"
    shutil.copytree(trained.path, bare, ignore=shutil.ignore_patterns("*.pt"))
    with pytest.raises(RefusedError, match="has no checkpoint yet"):
        inspector.ask(OpenRun(folder=str(bare)), Opened)
    with pytest.raises(RefusedError, match=r"no checkpoint of .* '500.pt'|'step-00000500.pt'"):
        inspector.ask(OpenRun(folder=str(trained.path), checkpoint="500"), Opened)


def test_a_checkpoint_that_fits_the_code_no_more_names_what_differs(
    inspector: Inspector, trained: RunFolder, recipe_files: dict[str, Path], tmp_path: Path
) -> None:
    changed = tmp_path / "own" / "looked_at" / "pictures.py"
    changed.parent.mkdir(parents=True)
    source = recipe_files["pictures"].read_text()
    changed.write_text(source.replace("3, padding=1)", "5, padding=2, bias=False)"))
    run = tmp_path / "run-0001"
    shutil.copytree(trained.path, run)
    manifest = run / "run.json"
    manifest.write_text(manifest.read_text().replace(str(recipe_files["pictures"]), str(changed)))
    with pytest.raises(InspectionError, match="does not fit the network") as refused:
        inspector.ask(OpenRun(folder=str(run)), Opened)
    assert "0.weight: (5, 3, 3, 3) saved, (5, 3, 5, 5) wanted" in refused.value.remedy
    assert "0.bias: not in the network" in refused.value.remedy


def test_what_else_has_changed_since_a_run_is_said(
    inspector: Inspector, trained: RunFolder, tmp_path: Path
) -> None:
    run = tmp_path / "run-0001"
    shutil.copytree(trained.path, run)
    manifest = run / "run.json"
    manifest.write_text(manifest.read_text().replace('"depth": 1', '"depths": 1'))
    opened = inspector.ask(OpenRun(folder=str(run)), Opened)
    (note,) = opened.notes
    assert note.startswith("the recipe has changed since: no parameter 'depths'; did you mean depth")
    whole = (run / "last.pt").read_bytes()
    (run / "last.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InspectionError, match="is damaged or no checkpoint"):
        inspector.ask(OpenRun(folder=str(run), checkpoint="last"), Opened)


def test_four_thousand_maps_are_paged_and_three_thousand_layers_are_told(
    inspector: Inspector, recipe_files: dict[str, Path]
) -> None:
    file = str(recipe_files["pictures"])
    inspector.ask(OpenRecipe(file=file, parameters={"maps": 4096}), Opened)
    view = inspector.ask(protocol.Maps(layer="0", page=63), View)
    assert (view.pages, view.first, view.count) == (64, 4032, 4096)
    assert isinstance(view.figure, ImageGrid)
    assert len(view.figure.images) == protocol.MAPS_A_PAGE
    last = inspector.ask(protocol.Maps(layer="2", number=4095), View)
    assert (last.page, last.first) == (63, 4095)
    inspector.ask(OpenRecipe(file=file, parameters={"maps": 1, "depth": 3000}), Opened)
    assert len(inspector.ask(protocol.Layers(), LayerTable).layers) == 3004
    assert inspector.ask(protocol.Maps(layer="2999"), View).count == 1


def test_heads_over_time_and_nodes_are_matrices(
    inspector: Inspector, recipe_files: dict[str, Path]
) -> None:
    inspector.ask(OpenRecipe(file=str(recipe_files["tokens"])), Opened)
    heads = inspector.ask(protocol.Attention(), View)
    assert (heads.layer, heads.count, heads.shape) == ("encoder.layers.0.self_attn", 2, (2, 6, 6))
    inspector.ask(OpenRecipe(file=str(recipe_files["series"])), Opened)
    states = inspector.ask(protocol.Maps(layer="rnn", sample=5), View)
    assert isinstance(states.figure, Matrix)
    assert (len(states.figure.values), len(states.figure.values[0])) == states.shape == (5, 30)
    inspector.ask(OpenRecipe(file=str(recipe_files["graph"])), Opened)
    nodes = inspector.ask(protocol.Maps(layer="mix"), View)
    assert isinstance(nodes.figure, Matrix)
    assert (len(nodes.figure.values), len(nodes.figure.values[0])) == (7, 4)


@on_pictures
def test_of_requests_of_one_kind_the_newest_is_answered(inspector: Inspector) -> None:
    futures = [inspector.submit(protocol.ClassMap(method="occlusion", sample=i)) for i in range(30)]
    sample = inspector.submit(protocol.Sample(index=2))
    last = futures[-1].result(60)
    assert isinstance(last, View)
    assert last.sample == 29
    assert sample.result(60)
    faults = [future.exception(60) for future in futures]
    assert sum(isinstance(fault, SupersededError) for fault in faults) >= 25


def test_what_takes_long_waits_for_what_does_not_and_nothing_for_a_later_network() -> None:
    inbox = Inbox()
    requests = [
        protocol.Examine(),
        protocol.Mistakes(),
        protocol.Maps(layer="0"),
        OpenRecipe(file="a"),
        protocol.Maps(layer="1"),
        protocol.Sample(),
    ]
    for number, request in enumerate(requests, 1):
        inbox.put(Asked(number, request))
    taken = [inbox.take() for _ in range(5)]
    assert [asked.number for asked, _ in taken] == [1, 2, 4, 5, 6]  # the first maps are old
    assert taken[0][1] == [3]
    inbox.put(Asked(7, protocol.Examine()))
    inbox.put(Asked(8, protocol.Maps(layer="2")))
    assert inbox.take()[0].number == 8


def test_who_waits_learns_that_the_worker_was_killed(
    standby: Standby, recipe_files: dict[str, Path]
) -> None:
    with Inspector(standby) as own:
        own.ask(OpenRecipe(file=str(recipe_files["pictures"])), Opened)
        os.kill(own._pid, signal.SIGSTOP)
        waiting = own.submit(protocol.Sample())
        os.kill(own._pid, signal.SIGKILL)
        with pytest.raises(WorkerGoneError):
            waiting.result(20)
        assert not own.alive
        with pytest.raises(WorkerGoneError):
            own.ask(protocol.Layers(), LayerTable)


def test_closing_ends_a_worker_in_the_middle_of_its_work(
    standby: Standby, recipe_files: dict[str, Path]
) -> None:
    own = Inspector(standby)
    own.ask(OpenRecipe(file=str(recipe_files["pictures"]), parameters={"maps": 512}), Opened)
    waiting = own.submit(protocol.ClassMap(method="occlusion"))
    pid = own._pid
    own.close()
    with pytest.raises(WorkbenchError, match="closed"):
        waiting.result(20)
    _wait_for_end(pid)


CLIENT = """
import sys
from workbench.debugging.client import Inspector
from workbench.debugging.protocol import OpenRecipe, Opened

one = Inspector()
print(one.ask(OpenRecipe(file=sys.argv[1]), Opened).samples, one._pid, flush=True)
sys.stdin.read()
"""


def test_a_worker_started_cold_ends_with_the_client_that_dies(recipe_files: dict[str, Path]) -> None:
    command = [sys.executable, "-c", CLIENT, str(recipe_files["pictures"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        samples, pid = map(int, client.stdout.readline().split())
        assert samples == 40
        client.kill()
    _wait_for_end(pid)


@on_pictures
def test_it_may_be_asked_from_several_threads(inspector: Inspector) -> None:
    told: list[int] = []

    def look() -> None:
        for request in (protocol.Maps(layer="0"), protocol.Kernels(layer="0")):
            try:
                told.append(inspector.ask(request, View).count)
            except SupersededError:
                told.append(4)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told == [4] * 8


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while _lives(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
