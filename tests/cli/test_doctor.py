"""`workbench doctor`."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from workbench.catalog import pip
from workbench.cli import examination
from workbench.cli.main import main


def test_the_report_tells_versions_devices_and_recipes(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["packages"]["torch"] == importlib.metadata.version("torch")
    assert report["devices"][-1]["name"] == "cpu"
    assert report["devices"][-1]["memory_total"] > report["devices"][-1]["memory_free"] > 0
    assert report["checkpoints"]["path"] == str(checkpoints)
    assert report["checkpoints"]["writable"]
    assert set(report["recipes"]["broken"]) == {"lessons/broken"}
    missing = report["recipes"]["missing"]
    assert missing == {"lessons/needs": f"{pip()} install no-such-module-anywhere"}
    assert report["faults"] == []


def test_the_text_names_the_command_for_each_optional_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0

    out = capsys.readouterr().out
    for extra in examination.extras():
        row = next(r for r in out.splitlines() if r.startswith(f"extra {extra.name} "))
        assert ("installed" in row) is not bool(extra.missing)
        assert (extra.install in row) is bool(extra.missing)
    assert "extra dev" not in out


def test_checkpoints_that_cannot_be_written_to_are_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["doctor", "--checkpoints", str(tmp_path / "file")]) == 1

    assert "cannot be written to" in capsys.readouterr().out
