"""Folders of pictures: what is refused, all of it at once, and what is handled and said."""

from __future__ import annotations

import io
import random
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recipes import _photo
from recipes.images import _folder, _pictures
from workbench.errors import WorkbenchError
from workbench.paths import data_dir


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of four pictures of 64 x 64 pixels."""
    for name, shade in (("dark", 20), ("light", 230)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for number in range(4):
            picture(shade).save(tmp_path / "mine" / name / f"{number}.png")
    return tmp_path / "mine"


def picture(shade: int, mode: str = "RGB", size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, (shade, shade, shade)).convert(mode)


def refused(folder: Path | str) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as raised:
        _folder.load(str(folder))
    assert raised.value.remedy
    return raised.value


def test_a_good_folder_has_nothing_to_say(root: Path) -> None:
    found = _folder.load(str(root))
    assert found.images.shape == (8, 3, 64, 64) and found.classes == ["dark", "light"]
    assert found.notes == ()
    assert [len(part.labels) for part in _pictures.load("folder", str(root), 0)] == [4, 2, 2]


def test_unreadable_pictures_and_small_classes_are_told_together(root: Path) -> None:
    raw = (root / "dark" / "0.png").read_bytes()
    (root / "dark" / "0.png").write_bytes(raw[: len(raw) // 2])
    (root / "dark" / "1.png").write_bytes(b"")
    (root / "few").mkdir()
    (root / "few" / "a.jpg").write_text("no picture")
    told = refused(root)
    assert told.title == f"{root} has 4 faults"
    lines = told.remedy.splitlines()
    assert "few' has 1" in lines[0]
    assert [line.partition(" ")[0] for line in lines[1:4]] == ["dark/0.png", "dark/1.png", "few/a.jpg"]
    assert "mend or remove" in lines[-1]


def test_wrong_places_are_told_apart(root: Path) -> None:
    assert "needs a folder" in refused("").title
    assert "is a file, not a folder" in refused(root / "dark" / "0.png").title
    gone = refused(root.with_name("mime"))
    assert "there is no folder" in gone.title and "has mine" in gone.remedy
    assert "its 4 pictures lie in no subfolder" in refused(root / "dark").title
    (root / "empty" / "class").mkdir(parents=True)
    (root / "empty" / "class" / "a.heic").touch()
    told = refused(root / "empty")
    assert "no pictures in subfolders" in told.title and "there are .heic" in told.title
    for place in (root / "light").iterdir():
        place.unlink()
    assert "only one class: 'dark'" in refused(root).title


def test_parts_are_not_taken_for_classes(root: Path) -> None:
    (root / "light").rename(root / "test")
    (root / "dark").rename(root / "Train")
    told = refused(root)
    assert "Train, test are parts, not classes" in told.title and "folder=" in told.remedy


def test_what_is_passed_over_or_changed_is_said(root: Path) -> None:
    (root / "notes").mkdir()
    (root / "dark" / "list.txt").touch()
    (root / "dark" / "._0.png").write_bytes(b"of another program")
    (root / ".cache").mkdir()
    picture(1).save(root / "alone.png")
    picture(20, "L", (20, 70)).save(root / "dark" / "grey.png")
    picture(20, "P").save(root / "dark" / "palette.gif")
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(root / "light" / "clear.png")
    found = _folder.load(str(root))
    assert len(found.labels) == 11 and found.images[-1].min() == 255  # laid on white
    said = "\n".join(found.notes)
    for part in (
        "subfolders without pictures are passed over: notes",
        "no pictures by their names are passed over: .txt",
        "outside of subfolders are passed over: alone.png",
        "1 pictures of other sizes are scaled to 64 x 64 pixels, whatever their proportions",
        "1 grey, 1 with a palette, 1 transparent",
    ):
        assert part in said


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_greys_of_16_bits_keep_their_levels(tmp_path: Path, suffix: str) -> None:
    levels = np.linspace(0, 65_535, 256).astype(np.uint16)[None].repeat(4, axis=0)  # (4, 256)
    file = tmp_path / f"deep.{suffix}"
    Image.fromarray(levels).save(file)
    read, kinds = _photo.read(file, 64)
    assert kinds == ["grey of 16 bits"]
    assert np.abs(np.asarray(read)[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    picture(50, size=(30, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert _photo.load(str(tmp_path / "turned.jpg"), 64).size == (10, 30)


def test_real_numbers_for_greys_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "real.tiff")
    with pytest.raises(WorkbenchError, match="real numbers"):
        _photo.load(str(tmp_path / "real.tiff"), 64)


@pytest.mark.filterwarnings("ignore")  # of Pillow's, about what is damaged
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path, kind: str) -> None:
    dice, noise = random.Random(0), np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).convert("P" if kind == "GIF" else "RGB").save(whole, kind)
    refusals = 0
    for turn in range(60):
        raw = bytearray(whole.getvalue())
        raw = raw[: dice.randrange(len(raw))] if turn % 2 else raw
        for _ in range(3 if turn % 2 == 0 else 0):
            raw[dice.randrange(min(len(raw), 120))] = dice.randrange(256)
        file = tmp_path / f"{turn}.{kind.lower()}"
        file.write_bytes(raw)
        try:
            assert _photo.read(file, 8)[0].mode == "RGB"
        except _photo.UnreadableError as fault:
            refusals += bool(str(fault))
    assert refusals >= 20


def test_a_folder_that_no_data_set_reads_is_refused(root: Path) -> None:
    with pytest.raises(WorkbenchError, match="dataset=mnist_5k does not read folder=") as raised:
        _pictures.load("mnist_5k", str(root), 0)
    assert "set dataset=folder" in raised.value.remedy


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_standard_set_that_cannot_be_had_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(WorkbenchError, match="nor downloaded") as raised:
        _pictures.load(name, "", 0)
    assert "dataset=mnist_5k" in raised.value.remedy


@pytest.mark.parametrize("raw", [b"", b"no numbers", b"\0\0\x08\x03\0\0\0\x09"])
def test_a_damaged_standard_set_says_so(raw: bytes) -> None:
    place = data_dir() / "MNIST" / "raw"
    place.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            (place / f"{part}-{kind}").write_bytes(raw)
    with pytest.raises(WorkbenchError, match="mnist can neither be read") as raised:
        _pictures.load("mnist", "", 0)
    assert "remove what is damaged" in raised.value.remedy
