"""The line of progress."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.cli import progress
from workbench.errors import FaultKind
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State


def test_the_line_tells_state_place_metrics_and_times(finished: RunFolder) -> None:
    status = Status(
        state=State.RUNNING, step=1200, total=5000, epoch=2, epochs=9, elapsed_s=61, eta_s=30
    )
    line = progress.line(History(finished).read_all(), status)

    assert line == "running  epoch 2/9  step 1,200/5,000  loss 0.25  1m01s, 30s left"


def test_a_run_in_the_queue_tells_what_it_waits_for(finished: RunFolder) -> None:
    status = Status(state=State.QUEUED, reason="waits for cuda:0, held by other-0001")

    assert progress.line(History(finished), status) == "queued  waits for cuda:0, held by other-0001"


def test_every_state_that_ends_has_an_exit_status() -> None:
    assert set(progress.EXIT_STATUS) == {state for state in State if state.ended}


def test_the_bar_is_empty_where_the_total_is_not_known() -> None:
    assert progress.bar(Status(step=5)) == ""
    assert progress.bar(Status(step=5, total=10)).endswith(" 50%")


@pytest.mark.parametrize(("kind", "traced"), [("error", True), ("disk_full", False)])
def test_a_traceback_is_told_where_the_words_do_not_tell_all(
    record: Callable[..., RunFolder],
    capsys: pytest.CaptureFixture[str],
    kind: FaultKind,
    *,
    traced: bool,
) -> None:
    failed = events.Failed(time=4.0, step=3, title="it broke", traceback="in line 7", kind=kind)
    history = History(record(failed)).read_all()
    progress.say_outcome(history, Status(state=State.FAILED, reason="it broke"))
    told = capsys.readouterr().err
    assert "it broke" in told
    assert ("in line 7" in told) is traced
