"""Results are measured by real runs, once for each text of a recipe; what is missed is named."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import msgspec
import pytest

from benchmarks.results import __main__ as command
from benchmarks.results import kept, page, plan, running
from benchmarks.results.kept import Measured
from benchmarks.results.plan import Variant
from benchmarks.results.running import Task
from benchmarks.results.standing import Standing
from workbench import at_least, at_most
from workbench.catalog import RecipeInfo, read_recipe
from workbench.runs.folder import all_runs
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.schema import Schema
from workbench.workers.standby import Standby

SCORING = '''"""Scores what its seed says."""

from topic import _shared
from workbench import Recipe, at_least, number


class Scoring(Recipe):
    class Params(Recipe.Params):
        bonus: float = number(0.0, low=0, high=1)

    marks = (
        at_least("score", 0.5, baseline="base"),
        at_least("score", 1.2, values={"bonus": 0.5}),
    )

    def run(self, run):
        for _ in run.steps(1):
            run.log(score=_shared.FIRST + self.seed / 10 + self.params.bonus, base=0.25)
'''
FAILING = '''"""Fails."""

from workbench import Recipe


class Failing(Recipe):
    def run(self, run):
        raise ValueError("so it is")
'''


SLOW = '''"""Takes its time."""

import time

from workbench import Recipe


class Slow(Recipe):
    def run(self, run):
        for step in run.steps(10_000):
            run.log(step=step)
            time.sleep(0.05)
'''


class Borrowed:
    """The session's standby, which is warm already and outlives whoever closes it."""

    def __init__(self, standby: Standby) -> None:
        self._standby = standby

    def __getattr__(self, name: str) -> object:
        return getattr(self._standby, name)

    def start(self) -> None: ...
    def close(self) -> None: ...


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standby: Standby) -> Path:
    """A folder with a recipe that misses one of its marks, and one that fails."""
    for module in ("__main__", "running"):
        monkeypatch.setattr(f"benchmarks.results.{module}.Standby", lambda: Borrowed(standby))
    topic = tmp_path / "mine" / "topic"
    topic.mkdir(parents=True)
    (topic / "_shared.py").write_text("FIRST = 0.5\n")
    (topic / "scoring.py").write_text(SCORING)
    (topic / "failing.py").write_text(FAILING)
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path / "mine"))
    return topic


def measured(seed: int, seconds: float = 5, **results: float) -> Measured:
    machine = "A processor, 2 cores"
    return Measured("topic/one", "text", {}, seed, "cpu", machine, seconds, {**results}, seed + 0.5)


def standing(*found: Measured, marks: tuple[plan.Mark, ...], faults: tuple[str, ...] = ()) -> Standing:
    info = RecipeInfo("topic/one", Path("one.py"), Path())
    return Standing(Variant(info, marks=marks), {one.seed: one for one in found}, faults)


@pytest.mark.usefixtures("recipes")
def test_runs_are_made_once_and_what_is_missed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["scoring", "failing", "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert "topic/scoring bonus=0.5: score is 1.1, not at least 1.2\n" in said.err
    assert "topic/failing seed 0 failed: ValueError: so it is" in said.err
    assert "| topic/scoring | score | 0.6 ± 0.1 | at least 0.5 | base 0.25 |" in said.out
    runs = list(kept.folder().glob("topic-scoring-*"))
    assert len(runs) == 6

    assert command.main(["scoring", "--jobs", "1"]) == 1
    assert list(kept.folder().glob("topic-scoring-*")) == runs
    assert "| topic/scoring bonus=0.5 | score | 1.1 ± 0.1 | at least 1.2 |" in capsys.readouterr().out


@pytest.mark.timeout(90)
def test_interrupted_it_stops_the_run_that_goes_on(recipes: Path) -> None:
    (recipes / "slow.py").write_text(SLOW)
    info = read_recipe(recipes / "slow.py", recipes.parent)
    tasks = [Task(Variant(info), seed) for seed in range(2)]
    heard: list[tuple[Task, Measured | str]] = []

    def interrupt_once_it_runs() -> None:
        while not any(status_of(run).step for run in all_runs(kept.folder())):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C does

    threading.Thread(target=interrupt_once_it_runs, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        running.run_all(tasks, jobs=1, device="cpu", report=lambda *said: heard.append(said))
    (run,) = all_runs(kept.folder())
    assert status_of(run).state is State.STOPPED
    assert len(heard) == 1 and str(heard[0][1]).startswith("stopped: stopped by")
    assert not kept.of(tasks[0].variant, "cpu")


def test_a_change_of_the_text_or_of_what_it_imports_is_measured_anew(recipes: Path) -> None:
    info = read_recipe(recipes / "scoring.py", recipes.parent)
    before = plan.fingerprint(info)
    (recipes / "_other.py").write_text("FIRST = 1\n")
    assert plan.fingerprint(info) == before
    # A recipe of a folder imports it as `topic._shared`: from the root, not from a package.
    (recipes / "_shared.py").write_text("FIRST = 0.75\n")
    after = plan.fingerprint(info)
    told = SCORING.replace("what its seed says", "0.6") + "\n# a comment\n"
    (recipes / "scoring.py").write_text(told)
    assert plan.fingerprint(info) == after
    (recipes / "scoring.py").write_text(SCORING.replace("seed / 10", "seed / 9"))
    assert len({before, after, plan.fingerprint(info)}) == 3


def test_a_recipe_is_run_as_it_is_and_once_for_each_other_set_of_values() -> None:
    info = RecipeInfo("topic/one", Path("one.py"), Path())
    lstm = at_least("a", 0.9, values={"model": "lstm"})
    marks = (at_least("a", 0.98), at_most("b", 1), lstm)
    plain, other = plan.variants(info, Schema(marks=marks, within_s=120))
    assert (plain.values, plain.marks, [*plain.seeds]) == ({}, marks[:2], [0, 1, 2])
    assert (other.name, other.marks, other.within_s) == ("topic/one model=lstm", (lstm,), 120)
    (without,) = plan.variants(info, Schema())
    assert [*without.seeds] == [0]


def test_what_took_too_long_on_a_busy_machine_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.machine.cores", lambda: [0, 1])
    slow, quick = measured(0, seconds=61), measured(0, seconds=59)
    busy = msgspec.structs.replace(slow, load=9.5)
    assert busy.was_disturbed(60) and not slow.was_disturbed(60)
    assert not msgspec.structs.replace(quick, load=9.5).was_disturbed(60)


def test_the_mean_over_the_seeds_counts() -> None:
    runs = [measured(seed, a=value) for seed, value in enumerate((0.97, 0.98, 0.99))]
    assert standing(*runs, marks=(at_least("a", 0.98),)).shortcomings() == []
    short = standing(*runs, marks=(at_least("a", 0.981),))
    assert short.shortcomings() == ["topic/one: a is 0.98, not at least 0.981"]
    assert short.rows()[0].verdict == "MISSED"


def test_too_slow_too_few_and_without_the_metric_fall_short() -> None:
    mark = at_least("a", 0)
    slow = standing(*(measured(seed, 61, a=1) for seed in range(3)), marks=(mark,))
    assert slow.shortcomings() == ["topic/one took 1m01s, more than 1m00s"]
    assert slow.rows()[0].verdict == "reached, TOO SLOW"
    few = standing(measured(0, a=1), marks=(mark,))
    assert few.shortcomings() == ["topic/one was not measured"]
    assert few.rows()[0].verdict == "not measured"
    without = standing(*(measured(seed, b=1) for seed in range(3)), marks=(mark,))
    assert without.shortcomings() == ["topic/one records no a in each of its runs"]
    failed = standing(marks=(mark,), faults=("seed 0 failed: why",))
    assert failed.shortcomings() == ["topic/one seed 0 failed: why"]


def test_the_page_tells_marks_machine_and_what_is_not_installed() -> None:
    runs = [measured(seed, a=0.9, base=0.5) for seed in range(3)]
    reached = standing(*runs, marks=(at_least("a", 0.8, baseline="base"),))
    lacking = RecipeInfo("topic/two", Path("two.py"), Path(), missing=("sklearn",))
    text = page.render([reached], [lacking])
    assert "| topic/one | a | 0.9 ± 0 | at least 0.8 | base 0.5 | 5.0s of 1m00s | reached |" in text
    assert "Measured on: A processor, 2 cores. The load average was 0.5 to 2.5 when runs" in text
    assert f"`topic/two`: `{lacking.remedy}`" in text


def test_each_job_has_two_cores_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.machine.cores", lambda: [0, 1, 2, 3])
    assert [[*share] for share in running.shares(2)] == [[0, 1], [2, 3]]
    assert running.most_jobs() == 2
    monkeypatch.setattr("benchmarks.machine.cores", lambda: [5])
    assert [[*share] for share in running.shares(2)] == [[5], [5]]
    assert running.most_jobs() == 1
