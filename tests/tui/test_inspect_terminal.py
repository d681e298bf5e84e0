"""From a curve that went flat to the layer that died, by keys in a real terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import paths
from workbench.workers.standby import Standby

from .networks import SOURCES
from .terminals import Terminal
from .training import finished


@pytest.mark.timeout(300)
def test_two_keys_lead_from_a_flat_curve_to_the_layer_that_died(
    terminal: Callable[..., Terminal],
    standby: Standby,
    checkpoints: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every key is one that the screen shows."""
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "died.py").write_text(SOURCES["died"])
    monkeypatch.setenv(paths.RECIPES_VARIABLE, str(tmp_path))
    run = finished(folder / "died.py", {}, standby, checkpoints)

    one = terminal(120, 34)
    one.sees("? help")
    one.press("2")
    one.sees(run.name)
    one.press_shown("open")
    one.sees("━━ train")
    one.press_shown("inside")
    one.sees("1. dead ReLUs   in second.1")
    one.press_shown("its maps")
    one.sees("! second.1  ReLU → 1x8x12x12")
    one.sees("dead 8/8!")
    one.sees("0 off")

    one.press_shown("before")
    one.sees("before and after it")
    one.press_shown("Samples")
    one.sees("predicted")
    one.press_shown("Over time")
    one.sees("no probes yet")
    one.press_shown("back")
    one.sees("━━ train")
    assert one.leave_after("\x1b") == 0
