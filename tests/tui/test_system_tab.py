"""What a run uses of its machine: numbers now, curves over time, on a tab of its own."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.tui.app import WorkbenchApp

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees

SAMPLE = {
    "worker/CPU %": 12.5,
    "machine/CPU %": 31.0,
    "worker/RAM GB": 1.9,
    "machine/RAM GB": 9.4,
    "GPU %": 97.0,
    "GPU memory GB": 7.5,
    "GPU power W": 310.0,
    "GPU °C": 64.0,
}


def sample(living: LivingRun, at: int) -> None:
    living.recorder.record(events.Progress(time=1e9 + at, step=60 + at, total=100))
    living.recorder.record(events.System(time=1e9 + at, values=SAMPLE | {"GPU %": 90.0 + at % 9}))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_numbers_and_curves(app: WorkbenchApp, living: LivingRun, size: tuple[int, int]) -> None:
    for at in range(0, 30, 5):
        sample(living, at)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "step 85/100")
        await press(pilot, "6")
        await sees(pilot, "GPU      97 %")
        for told in (
            "worker   CPU 12.5 %   RAM 1.9 GB",
            "machine  CPU 31 %     RAM 9.4 GB",
            "power 310 W   64 °C",
        ):
            assert told in screen(pilot)
        assert "pace     1 steps/s" in screen(pilot)
        await sees(pilot, "20 s")
        await sees(pilot, "machine")
        sample(living, 31)
        await sees(pilot, "GPU      94 %")
        if size == SMALL:
            await press(pilot, "right_square_bracket")
            await sees(pilot, "page 2/")

    drive(app, script, size)


def test_metrics_stay_apart(app: WorkbenchApp, living: LivingRun) -> None:
    sample(living, 0)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "train")
        assert "RAM" not in screen(pilot)

    drive(app, script, LARGE)


def test_without_samples_it_says_so(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await press(pilot, "6")
        await sees(pilot, "no samples; a worker takes one every 5 s")

    drive(app, script)
