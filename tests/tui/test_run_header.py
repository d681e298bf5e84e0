"""The three lines above a run's tabs."""

from __future__ import annotations

import pytest

from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.run_facts import Facts
from workbench.tui.widgets.run_header import header


@pytest.mark.parametrize("width", [40, 80, 200])
def test_name_state_and_device_stand_in_the_first_line(width: int) -> None:
    facts = Facts(status=Status(state=State.RUNNING, device="cpu", attempt=2))
    first = header("images-cnn-0001", facts, width).plain.splitlines()[0]
    assert first.startswith("images-cnn-0001")
    assert "running" in first
    assert len(first) <= width
    assert first.endswith("cpu · attempt 2") == (width > 40)


def test_what_a_queued_run_waits_for_is_said_once() -> None:
    waiting = Status(state=State.QUEUED, reason="waits for cuda:0, held by other-0001")
    last = header("images-cnn-0001", Facts(status=waiting), 80).plain.splitlines()[-1]
    assert last == "waits for cuda:0, held by other-0001"
