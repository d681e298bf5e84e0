from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from recipes.style import _features, _pictures, _weights
from recipes.style.transfer_style import TransferStyle
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.training import checkpoints as checkpoint_files
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]

# The network is named: which one `auto` takes depends on the machine.
TINY = {"network": "efficientnet_lite0", "size": 32, "epochs": 2, "show_every": 4, "log_every": 1}


def figure(history: History, name: str, which: int = -1) -> data.Figure:
    shown = history.figures[name][which]
    raw = (history.folder.figures_dir / shown.file).read_bytes() if shown.file else bytes(shown.figure)
    return data.decode(raw)


def saved(folder: RunFolder) -> dict[str, object]:
    state = checkpoint_files.read(folder.path / "last.pt")["state"]
    assert isinstance(state, dict)
    return state


def prepared(**values: object) -> TransferStyle:
    """The recipe as it is before its first step, in this process."""
    recipe = TransferStyle(TransferStyle.Params(**{**TINY, **values}))
    recipe.data()
    recipe.net = recipe.model()
    return recipe


@pytest.fixture(scope="module")
def tiny(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """Eight steps on a small picture, shared by the tests that only read it."""
    order = Order(discover().find("style/transfer_style"), TINY, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("tiny"), standby))


@pytest.fixture(scope="module")
def vgg16_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG16's convolutional part with random weights, as torchvision names them."""
    file = tmp_path_factory.mktemp("weights") / "vgg16-random.pth"
    weights = make_layers(cfgs["D"]).state_dict()
    torch.save({f"features.{key}": weight for key, weight in weights.items()}, file)
    return file


@pytest.mark.slow
@pytest.mark.timeout(330)  # 20 s on two free cores, ten times that on busy ones
def test_the_loss_falls_tenfold_and_the_picture_grows(train: Train) -> None:
    history = train("style/transfer_style", network="efficientnet_lite0")
    assert isinstance(history.ended, Finished)
    loss = history.series["train/loss"]
    assert loss.values[0] >= 10 * loss.last
    pictures = [figure(history, "picture", i) for i in range(len(history.figures["picture"]))]
    assert len({p.images[2].pixels for p in pictures if isinstance(p, data.ImageGrid)}) == 20


def test_content_and_style_are_followed_apart(tiny: History) -> None:
    assert isinstance(tiny.ended, Finished)
    series = tiny.series
    content, style = series["train/content"].values, series["train/style"].values
    assert content[0] == 0 and content[-1] > 0  # it begins with the content picture
    assert style[-1] < style[0]
    assert series["val/loss"].last < series["train/loss"].values[0]
    assert tiny.folder.path.joinpath("best.pt").exists()


def test_the_figures_show_the_pictures_their_grams_and_the_network(tiny: History) -> None:
    assert [shown.step for shown in tiny.figures["picture"]] == [4, 8]
    grid = figure(tiny, "picture")
    assert isinstance(grid, data.ImageGrid)
    assert [*grid.captions] == ["content", "style", "picture so far"]
    assert "efficientnet_lite0" in grid.title
    assert any("efficientnet_lite0" in message.text for message in tiny.messages)
    for name in ("gram of the style", "gram of the picture"):
        gram = figure(tiny, name)
        assert isinstance(gram, data.Matrix) and len(gram.values) == 32
        assert np.allclose(gram.values, np.transpose(gram.values))


def test_a_checkpoint_holds_the_picture_alone_and_as_it_is_shown(tiny: History) -> None:
    weights = saved(tiny.folder)["model"]
    assert isinstance(weights, dict) and [*weights] == ["pixels"]
    assert weights["pixels"].min() >= 0 and weights["pixels"].max() <= 1
    grid = figure(tiny, "picture")
    assert isinstance(grid, data.ImageGrid)
    shown = np.frombuffer(grid.images[2].pixels, np.uint8).reshape(32, 32, 3)
    assert np.array_equal(shown, np.round(255 * weights["pixels"][0].permute(1, 2, 0).numpy()))


@pytest.mark.parametrize(("optimizer", "epochs"), [("adam", 20), ("lbfgs", 4)])
def test_a_killed_run_ends_with_the_very_same_picture(
    train: Train, standby: Standby, tmp_path: Path, optimizer: str, epochs: int
) -> None:
    values = {**TINY, "size": 24, "show_every": 2, "epochs": epochs, "optimizer": optimizer}
    whole = train("style/transfer_style", **values)
    folder = launch.launch(
        Order(discover().find("style/transfer_style"), values, device="cpu"), tmp_path, standby
    )
    deadline = time.monotonic() + 120
    while not ((folder.path / "last.pt").exists() and status_of(folder).step > 2):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(status_of(folder).pid, signal.SIGKILL)
    assert wait_until_ended(folder).ended is None
    launch.resume(folder, standby=standby)
    resumed = wait_until_ended(folder)
    assert isinstance(resumed.ended, Finished) and resumed.started[-1].step >= 2
    for name in ("train/loss", "train/content", "train/style", "val/loss"):
        assert list(resumed.series[name].values) == list(whole.series[name].values), name
    ours, theirs = (saved(history.folder)["model"] for history in (resumed, whole))
    assert isinstance(ours, dict) and isinstance(theirs, dict)
    assert torch.equal(ours["pixels"], theirs["pixels"])


def test_vgg16_from_a_file_is_recognised_and_used(train: Train, vgg16_file: Path) -> None:
    history = train("style/transfer_style", **{**TINY, "network": "auto", "weights": str(vgg16_file)})
    assert isinstance(history.ended, Finished)
    grid = figure(history, "picture")
    assert "vgg16" in grid.title
    assert history.series["train/loss"].last < history.series["train/loss"].values[0]


def test_a_picture_of_your_own_of_any_size_and_kind(train: Train, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (1500, 3000, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "huge.jpg")
    Image.new("LA", (20, 20), (90, 10)).save(tmp_path / "small.png")
    files = {"content_file": str(tmp_path / "huge.jpg"), "style_file": str(tmp_path / "small.png")}
    history = train("style/transfer_style", **{**TINY, **files})
    assert isinstance(history.ended, Finished)
    grid = figure(history, "picture")
    assert isinstance(grid, data.ImageGrid)
    assert [(image.height, image.width) for image in grid.images] == [(16, 32), (32, 32), (16, 32)]


def test_a_wrong_picture_ends_the_run_with_a_clear_error(train: Train, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    history = train("style/transfer_style", **{**TINY, "content_file": str(tmp_path / "a.png")})
    assert isinstance(history.ended, Failed) and history.ended.kind == "refused"
    assert "a.png cannot be read as a picture" in history.ended.title and history.ended.remedy


@pytest.mark.parametrize("name", _pictures.INSTALLED)
def test_the_pictures_that_come_installed(name: str) -> None:
    picture = _pictures.load(name, "", 48)
    assert picture.shape[:2] == (1, 3) and max(picture.shape[2:]) == 48
    assert 0 <= picture.min() < picture.max() <= 1


@pytest.mark.parametrize(
    ("size", "title"),
    [
        ((1, 1), "has 1 x 1 pixels"),
        ((15, 400), "has 15 x 400 pixels"),
        ((20, 400), "size=64, has 3 x 64"),
    ],
)
def test_a_picture_too_small_or_narrow_is_refused(
    tmp_path: Path, size: tuple[int, int], title: str
) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    with pytest.raises(WorkbenchError, match=title) as refused:
        _pictures.load("chelsea", str(tmp_path / "a.png"), 64)
    assert refused.value.remedy


def test_a_file_that_is_not_there_and_one_cut_short_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="there is no file"):
        _pictures.load("chelsea", str(tmp_path / "gone.png"), 64)
    whole = tmp_path / "whole.png"
    Image.effect_noise((100, 100), 50).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(WorkbenchError, match=r"half\.png cannot be read as a picture"):
        _pictures.load("chelsea", str(tmp_path / "half.png"), 64)


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the camera was held upright
    Image.new("RGB", (400, 200)).save(tmp_path / "a.jpg", exif=exif)
    assert _pictures.load("chelsea", str(tmp_path / "a.jpg"), 64).shape == (1, 3, 64, 32)


def test_the_losses_are_what_they_say() -> None:
    recipe = prepared(style="astronaut")
    losses = recipe.training_step(None)
    assert losses["content"] == 0 and losses["style"] == 0
    picture = recipe.content
    features = recipe.features(picture)["stem"][0]  # (C, h, w)
    gram = torch.einsum("ahw,bhw->ab", features, features) / features[0].numel()
    assert torch.allclose(recipe.style_grams["stem"], gram, rtol=1e-4, atol=1e-5)
    steps = [(picture[..., 1:] - picture[..., :-1]), (picture[..., 1:, :] - picture[..., :-1, :])]
    variation = sum(float(step.pow(2).mean()) for step in steps)
    assert losses["variation"].item() == pytest.approx(variation, rel=1e-5)
    assert losses["loss"].item() == pytest.approx(variation, rel=1e-5)  # its weight is 1
    with torch.no_grad():
        recipe.net.pixels.zero_()
        blank, content = recipe.features(recipe.net())["block4"], recipe.content_features["block4"]
    relative = float((blank - content).pow(2).sum() / content.pow(2).sum())
    assert recipe.training_step(None)["content"].item() == pytest.approx(relative, rel=1e-5)


def test_only_the_picture_learns() -> None:
    recipe = prepared()
    recipe.training_step(None)["loss"].backward()
    assert not recipe.features.training
    assert all(weight.grad is None for weight in recipe.features.parameters())
    assert recipe.net.pixels.grad.abs().max() > 0


def test_noise_comes_from_the_seed() -> None:
    pictures = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        pictures.append(prepared(start="noise").net.pixels)
    assert torch.equal(pictures[0], pictures[1]) and not torch.equal(pictures[1], pictures[2])


def test_a_resumed_run_keeps_its_network_unless_another_is_asked_for() -> None:
    recipe = TransferStyle(TransferStyle.Params(network="auto"))
    recipe.load_state_dict({"network": "vgg16"})
    assert recipe.params.network == "vgg16"
    recipe = TransferStyle(TransferStyle.Params(network="vgg19"))
    recipe.load_state_dict({"network": "vgg16"})
    assert recipe.params.network == "vgg19"


def test_layers_are_chosen_by_name(vgg16_file: Path) -> None:
    features = _features.load("vgg16", str(vgg16_file), "conv2_2", "relu1_1, pool2")
    found = features(torch.rand(1, 3, 32, 32))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "relu1_1": (1, 64, 32, 32),
        "conv2_2": (1, 128, 16, 16),
        "pool2": (1, 128, 8, 8),
    }
    assert found["conv2_2"].min() < 0  # before its activation
    with pytest.raises(WorkbenchError, match="no layer 'relu9_1'; did you mean"):
        _features.load("vgg16", str(vgg16_file), "relu9_1", "")


def test_auto_takes_the_best_that_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vgg16_file: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert _weights.choose("auto", "")[0] == "efficientnet_lite0"
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "vgg16-397923af.pth").symlink_to(vgg16_file)
    assert _weights.choose("auto", "")[0] == "vgg16"
    (cache / "vgg19-dcbb9e9d.pth").symlink_to(vgg16_file)
    assert _weights.choose("auto", "")[0] == "vgg19"
    assert _weights.choose("auto", str(vgg16_file))[0] == "vgg16"


def test_without_a_network_a_download_says_what_else_can_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it would remember other proxies
    with pytest.raises(WorkbenchError, match="vgg19 are not on this disk and cannot be") as refused:
        _weights.choose("vgg19", "")
    assert str(tmp_path) in refused.value.remedy and "efficientnet_lite0" in refused.value.remedy


def without(weights: dict[str, Tensor], key: str) -> dict[str, Tensor]:
    return {name: weight for name, weight in weights.items() if name != key}


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda w: without(w, "features.5.bias"), "features.5.bias is missing"),
        (lambda w: {**w, "features.1.weight": torch.ones(64)}, "features.1.weight is unknown"),
        (
            lambda w: {**w, "features.0.weight": torch.ones(64, 1, 3, 3)},
            r"features.0.weight has the shape \(64, 1, 3, 3\), not \(64, 3, 3, 3\)",
        ),
    ],
)
def test_weights_that_are_not_vggs_are_refused_with_what_differs(
    tmp_path: Path,
    vgg16_file: Path,
    spoil: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    named: str,
) -> None:
    file = tmp_path / "other.pth"
    torch.save(spoil(torch.load(vgg16_file, weights_only=True)), file)
    with pytest.raises(WorkbenchError, match=rf"other\.pth are not those of vgg16\n{named}"):
        _features.load("auto", str(file), "", "")


def test_files_that_hold_no_weights_are_refused(tmp_path: Path) -> None:
    names = ("garbage", "table", "code", "list", "other")
    garbage, table, code, list_, other = (tmp_path / name for name in names)
    garbage.write_bytes(b"no weights")
    table.write_text("a,b\n0,1\n")
    torch.save(nn.Linear(2, 2), code)
    torch.save([1, 2], list_)
    torch.save(nn.Linear(2, 2).state_dict(), other)
    for file, title in (
        (garbage, "cannot be read as weights"),
        (table, "cannot be read as weights"),
        (code, "cannot be read as weights"),
        (list_, "holds no weights by name"),
        (other, "holds weights of none of vgg19, vgg16, efficientnet_lite0"),
        (tmp_path / "gone", "there is no file"),
    ):
        with pytest.raises(WorkbenchError, match=title) as refused:
            _weights.choose("auto", str(file))
        assert refused.value.remedy
