"""`workbench inspect`, with a real worker forked from the shared standby."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.debugging.recipe_source import NO_TRAINING, PICTURES
from workbench.cli import inspecting
from workbench.cli.main import main
from workbench.debugging.client import Inspector
from workbench.workers.standby import Standby

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The option that finds the recipes of these tests."""
    root = tmp_path_factory.mktemp("inspected")
    (root / "looked_at").mkdir()
    (root / "looked_at" / "pictures.py").write_text(PICTURES)
    (root / "looked_at" / "counts.py").write_text(NO_TRAINING)
    return str(root)


@pytest.fixture(autouse=True)
def _warm(standby: Standby, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in a tenth of a second instead of five."""
    monkeypatch.setattr(inspecting, "Inspector", lambda: Inspector(standby))


def _inspect(looked_at: str, *words: str) -> int:
    return main(["inspect", "--recipes", looked_at, *words])


def test_layers_are_listed(looked_at: str, capsys: Capture) -> None:
    assert _inspect(looked_at, "pictures", "maps=6") == 0
    out = capsys.readouterr().out
    assert "looked_at/pictures  untrained, 40 samples of validation" in out
    row = next(line.split() for line in out.splitlines() if "Conv2d" in line)
    assert row[:3] == ["0", "Conv2d", "1x6x12x16"]
    assert "168" in row
    assert row[3:5] == ["3", "31.1"]  # its receptive field, and thousands of products
    assert "(12 + 2·1 − 1·(3−1) − 1)/1 + 1 = 12" in out
    assert "healthy" in out
    assert "\x1b" not in out


def test_maps_before_and_after_pooling_are_drawn(looked_at: str, capsys: Capture) -> None:
    assert _inspect(looked_at, "pictures", "--layer", "2", "--sample", "3") == 0
    out = capsys.readouterr().out
    assert "4x6x8" in out
    assert out.index("before 2 (MaxPool2d)") < out.index("\n2 (MaxPool2d)")
    assert any(set(line) <= set(" ░▒▓█") and line.strip() for line in out.splitlines())


def test_json_holds_the_pixels_and_the_ranges(looked_at: str, capsys: Capture) -> None:
    assert _inspect(looked_at, "pictures", "--layer", "0", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["network"]["classes"] == ["left", "right"]
    figure = told["maps"]["figure"]
    assert (figure["kind"], len(figure["images"]), len(told["maps"]["ranges"])) == ("images", 4, 4)
    assert len(base64.b64decode(figure["images"][0]["pixels"])) == 12 * 16


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--layer", "2"], ["2-maps-0-before.png", "2-maps-0.png"]),
        (["--method", "grad_cam", "--class", "1"], ["2-class_map-0.png"]),
        (["--kernels", "--layer", "0"], ["0-kernels.png"]),
        (["--mistakes"], ["mistakes.png"]),
        (["--sample", "2"], ["sample-2-probabilities.png", "sample-2.png"]),
    ],
)
def test_pictures_are_written(
    looked_at: str, words: list[str], names: list[str], tmp_path: Path, capsys: Capture
) -> None:
    assert _inspect(looked_at, "pictures", *words, "--png", str(tmp_path / "made")) == 0
    files = sorted((tmp_path / "made").iterdir())
    assert [file.name for file in files] == names
    said = capsys.readouterr().out
    for file in files:
        assert str(file) in said
        with Image.open(io.BytesIO(file.read_bytes())) as image:
            assert image.format == "PNG"
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 3


def test_a_picture_of_ones_own_is_looked_at(looked_at: str, tmp_path: Path, capsys: Capture) -> None:
    Image.new("RGB", (64, 48), (255, 0, 0)).save(tmp_path / "own.png")
    assert _inspect(looked_at, "pictures", "--image", str(tmp_path / "own.png"), "--layer", "0") == 0
    out = capsys.readouterr().out
    assert "resized from 64 x 48 to 16 x 12" in out
    assert "true:" not in out
    assert "4x12x16" in out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["pictures", "--layer", "00"], 2, "no layer '00'; did you mean 0?"),
        (["pictures", "--layer", "0", "--sample", "40"], 2, "there is no sample 40"),
        (["pictures", "--image", "/nowhere.png"], 2, "there is no file /nowhere.png"),
        (["pictures", "--sample", "1", "--image", "a.png"], 2, "both say what is looked at"),
        (["pictures", "--kernels"], 2, "the kernels of which layer?"),
        (["pictures", "--png", "here"], 2, "a table is no picture"),
        (["pictures", "mapps=3"], 2, "no parameter 'mapps'; did you mean maps?"),
        (["pictures", "--checkpoint", "best"], 2, "is a recipe, which has no checkpoints"),
        (["counts"], 1, "looked_at/counts is no Training"),
        (["looked-at-pictures-0001"], 2, "no run 'looked-at-pictures-0001'"),
        (["pictures", "--attention"], 1, "nothing in this network gives attention weights"),
    ],
)
def test_what_cannot_be_looked_at_is_said(
    looked_at: str, words: list[str], status: int, said: str, capsys: Capture
) -> None:
    assert _inspect(looked_at, *words) == status
    assert said in capsys.readouterr().err
