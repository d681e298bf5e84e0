"""The benchmarks measure, at a reduced size; what was not measured never passes; the page says it."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import (
    listing,
    measuring,
    memory,
    numbers,
    opening,
    page,
    recording,
    tui_start,
    tuning_overhead,
)
from benchmarks.measuring import AtMost, Holds, Measured, Result
from benchmarks.terminal import Terminal
from workbench.runs.folder import Manifest, RecipeReference, create
from workbench.tuning.study import StudyFolder


def result(*checks: measuring.Check, values: tuple[float, ...] = (0.25, 0.5, 0.3)) -> Result:
    ours = Measured("ours", values)
    return Result("listing", "A title", "How it was done.", "at most 1 s", (ours,), checks, ("a note",))


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0, 1.001])
def test_only_a_measured_value_within_the_limit_passes(value: float) -> None:
    assert not AtMost("time", value, 1.0, "s").ok
    assert AtMost("time", 1.0, 1.0, "s").ok


def test_a_result_without_checks_or_measurements_is_a_miss() -> None:
    nothing = Measured("nothing", ())
    assert not result().ok
    assert not result(measuring.ratio("a / b", nothing, nothing, 3.0)).ok
    assert not result(AtMost("time", 0.5, 1.0), Holds("torch was imported", False)).ok


def test_ratio_is_that_of_the_medians() -> None:
    ours, theirs = Measured("ours", (1.0, 9.0, 2.0)), Measured("theirs", (4.0, 0.5, 4.0))
    assert measuring.ratio("ours / theirs", ours, theirs, 1.0).value == 0.5


def test_measurements_take_turns() -> None:
    calls: list[str] = []

    def one(name: str, value: float) -> float:
        calls.append(name)
        return value

    values = measuring.interleave(3, lambda: one("a", 1.0), lambda: one("b", 2.0))
    assert calls == ["a", "b"] * 3
    assert values == [(1.0, 1.0, 1.0), (2.0, 2.0, 2.0)]


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="left with 3:\nso it is"):
        measuring.seconds_of(
            [sys.executable, "-c", "import sys; print('so it is', file=sys.stderr); sys.exit(3)"]
        )


def test_folders_are_apart_from_the_users_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CHECKPOINTS", "/the/users")
    monkeypatch.delenv("WORKBENCH_CACHE", raising=False)
    with measuring.own_folders() as checkpoints:
        inside = dict(os.environ)
        checkpoints.mkdir()
    assert inside["WORKBENCH_CHECKPOINTS"] == str(checkpoints)
    assert Path(inside["WORKBENCH_CACHE"]).parent == checkpoints.parent
    assert os.environ["WORKBENCH_CHECKPOINTS"] == "/the/users"
    assert "WORKBENCH_CACHE" not in os.environ
    assert not checkpoints.parent.exists()


def test_listing_sees_what_the_command_imports() -> None:
    assert listing.imports_no_torch([*measuring.workbench_command(), "list"]).ok


def test_listing_sees_torch_even_in_a_child_and_silence(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("")
    child = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import torch"]
    parent = f"import subprocess, workbench.catalog; subprocess.run({child!r}); print('cnn')"
    assert not listing.imports_no_torch([sys.executable, "-c", parent]).ok
    assert not listing.imports_no_torch([sys.executable, "-c", "print('cnn')"]).ok


def test_recording_counts_what_was_written(checkpoints: Path) -> None:
    with recording.open_run(checkpoints) as run:
        assert 0 < recording.microseconds_a_call(run, 300) < 5_000
        assert recording.grows_with_each_call(run, 50).ok
        assert not recording.grows_with_each_call(run, 0).ok


def test_a_reading_of_the_whole_run_costs_time_and_memory(checkpoints: Path) -> None:
    folder = opening.write_run(checkpoints, 5_000)
    cost = opening.opened(folder, 5_000)
    assert cost["s"] > 0
    assert cost["MB"] > 0
    assert cost["peak_MB"] >= cost["MB"]
    with pytest.raises(RuntimeError, match="15001 points were read instead of 15004"):
        opening.opened(folder, 5_001)


def test_peak_memory_is_of_this_process() -> None:
    assert memory.peak_mb() >= memory.resident_mb() * 0.99 > 1


def test_a_terminal_tells_when_a_text_came(monkeypatch: pytest.MonkeyPatch) -> None:
    late = "import time; print('one', flush=True); time.sleep(0.3); print('two'); time.sleep(60)"
    monkeypatch.setattr("benchmarks.terminal.CLOSE_PATIENCE_S", 0.1)
    with Terminal([sys.executable, "-c", late]) as terminal:
        both = terminal.wait_for("one", "two")
        assert "one" in terminal.text.splitlines()[0]
        assert both - terminal.began >= 0.3
        process = terminal.process
    assert not process.is_running()


def test_a_terminal_gives_up_with_its_screen() -> None:
    with pytest.raises(TimeoutError, match="all there is"):
        tui_start.shown_after([sys.executable, "-c", "print('all there is')"], ["more"])


def test_the_page_tells_target_numbers_verdict_and_command() -> None:
    good = result(AtMost("time", 0.3, 1.0, "s"))
    bad = result(AtMost("time", 1.3, 1.0, "s"))
    text = page.render([good, bad], {"Processor": "a fast one"}, "2025-01-31", "make it")
    assert "| Date | 2025-01-31 |" in text
    assert "| Processor | a fast one |" in text
    assert "| A title | at most 1 s | time 0.300 s | pass |" in text
    assert "| A title | at most 1 s | time 1.30 s | MISS |" in text
    assert "| ours | 0.300 s | 0.250 s | 0.500 s | 3 |" in text
    assert "- MISS: time 1.30 s, at most 1 s" in text
    assert "`python -m benchmarks listing`" in text


def test_every_number_has_a_benchmark_and_the_call_is_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = Path(measuring.__file__).parent
    assert all("def measure(" in (root / f"{name}.py").read_text() for name in numbers.NAMES)
    for call, said in ((["listin"], "no number listin"), (["listing", "--write", "x"], "all numbers")):
        with pytest.raises(SystemExit) as left:
            command.main(call)
        assert left.value.code == 2
        assert said in capsys.readouterr().err


def test_a_study_is_timed_only_where_all_of_its_trials_ended_well(checkpoints: Path) -> None:
    reference = RecipeReference(id="demo/nothing", file=__file__)
    run, _ = create(Manifest(name="", recipe=reference), checkpoints)
    study = StudyFolder(run)
    create(Manifest(name="", recipe=reference), study.trials_dir)
    with pytest.raises(RuntimeError, match="demo-nothing-0001 did not finish"):
        tuning_overhead.seconds_beyond(study)
