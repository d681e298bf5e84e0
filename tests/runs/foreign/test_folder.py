"""What a foreign folder tells without its curves."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.runs.foreign.folder import ForeignFolder, Kind, kind_of, read_parameters
from workbench.runs.foreign.lightning import LightningHistory
from workbench.runs.foreign.opening import open_history
from workbench.runs.foreign.tensorboard import TensorBoardHistory


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("events.out.tfevents.1700000000.host.1.0", Kind.TENSORBOARD),
        ("tfevents.1", Kind.TENSORBOARD),
        ("metrics.csv", Kind.LIGHTNING_CSV),
        ("my_metrics.csv", None),
        ("about_tfevents.md", None),
    ],
)
def test_kinds_by_name(name: str, kind: Kind | None) -> None:
    assert kind_of(name) is kind


def test_parameters_are_lines_of_text_and_nothing_is_executed(tmp_path: Path) -> None:
    file = tmp_path / "hparams.yaml"
    file.write_text(
        "# made by hand\nlr: 0.001\nlayers: 3\ncompiled: true\nname: 'a b'\n"
        "optimizer:\n  name: adam\n  betas:\n  - 0.9\n"
        "evil: !!python/object/apply:os.system ['touch /tmp/no']\nnothing: null\n"
    )

    assert read_parameters(file) == {
        "lr": 0.001,
        "layers": 3,
        "compiled": True,
        "name": "a b",
        "optimizer": "name: adam, betas:, 0.9",
        "evil": "!!python/object/apply:os.system ['touch /tmp/no']",
        "nothing": "null",
    }


def test_without_parameters_there_are_none(tmp_path: Path) -> None:
    assert read_parameters(tmp_path / "hparams.yaml") == {}


def test_each_kind_has_its_reader(tmp_path: Path) -> None:
    assert isinstance(open_history(ForeignFolder(tmp_path, "", Kind.TENSORBOARD)), TensorBoardHistory)
    assert isinstance(open_history(ForeignFolder(tmp_path, "", Kind.LIGHTNING_CSV)), LightningHistory)
