"""Warm workers, forked by a real standby."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import paths, schema
from workbench.catalog import RecipeInfo, discover, read_recipe
from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby, StandbyGoneError

Write = Callable[[str], Path]


def test_a_warm_worker_runs_as_a_cold_one_does(
    standby: Standby, count_recipe: RecipeInfo, checkpoints: Path, ended: Callable[[RunFolder], Status]
) -> None:
    folder = launch.launch(Order(count_recipe, {"steps": 4}), checkpoints, standby)
    assert ended(folder).state is State.FINISHED
    history = History(folder).read_all()
    assert history.started[0].warm
    assert list(history.series["count"].values) == [1, 2, 3, 4]
    assert folder.output_file.read_text() == "at 1\nat 2\nat 3\nat 4\n"


def test_parameters_are_read_once_and_then_come_from_the_cache(standby: Standby) -> None:
    info = discover().find("images/cnn")
    assert schema.cached(info) is None
    told = launch.schema_of(info, standby)
    assert schema.cached(info) == told
    by_name = {parameter.name: parameter for parameter in told.parameters}
    assert by_name["lr"].live and by_name["lr"].log
    assert by_name["dataset"].choices[0] == by_name["dataset"].default == "mnist_5k"
    assert told.monitor == "val/accuracy"


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("import missing_module_of_this_test\nclass A(Recipe): pass\n", "needs the module"),
        ("class A(Recipe):\n    x = 1 / 0\n", "ZeroDivisionError"),
        ("import os\nos._exit(3)\nclass A(Recipe): pass\n", "ended its process"),
    ],
)
def test_a_broken_recipe_harms_neither_the_standby_nor_the_next(
    standby: Standby, recipe_file: Write, count_recipe: RecipeInfo, source: str, title: str
) -> None:
    file = recipe_file("from workbench import Recipe\n" + source)
    with pytest.raises(WorkbenchError, match=title):
        launch.schema_of(read_recipe(file, file.parent.parent), standby)
    assert standby.ready
    assert launch.schema_of(count_recipe, standby).parameters


def test_without_its_standby_a_launch_goes_the_cold_way(
    count_recipe: RecipeInfo, checkpoints: Path, ended: Callable[[RunFolder], Status]
) -> None:
    gone = Standby()
    folder = launch.launch(Order(count_recipe), checkpoints, gone)
    assert ended(folder).state is State.FINISHED
    assert not History(folder).read_all().started[0].warm


def test_a_worker_outlives_the_standby_that_forked_it(
    count_recipe: RecipeInfo, checkpoints: Path, until: Callable[..., Status], standby: Standby
) -> None:
    folder = launch.launch(Order(count_recipe, {"steps": 50, "pace_s": 0.02}), checkpoints, standby)
    pid = until(folder, lambda status: status.step >= 2).pid
    assert standby._process is not None
    assert os.getsid(pid) not in {os.getsid(0), os.getsid(standby._process.pid)}
    os.killpg(os.getpgid(standby._process.pid), 0)
    os.kill(pid, signal.SIGHUP)
    assert until(folder, lambda status: status.state.ended).state is State.FINISHED


HANGING = """
import os, time
from workbench.workers.standby_server import in_child

answers = os.dup(1)
print(in_child(lambda: time.sleep(300) or b"", answers, {limit}).decode(), flush=True)
"""


def test_a_recipe_that_hangs_is_given_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING.format(limit=0.3)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert b"longer than 0.3 s" in process.stdout.read()


def test_a_recipe_that_hangs_does_not_hold_up_a_client_that_leaves() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING.format(limit=None)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        output, _ = process.communicate(timeout=30)  # closes its input; its output ends with the child
        assert (process.returncode, output) == (0, b"")


def test_a_closed_standby_answers_nobody_and_nothing_is_imported_the_cold_way(
    recipe_file: Write,
) -> None:
    file = recipe_file(
        "import time; time.sleep(300)\nfrom workbench import Recipe\nclass A(Recipe): ..."
    )
    early = Standby()
    early.start()
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            launch.schema_of(read_recipe(file, file.parent.parent), early)
        except StandbyGoneError as fault:
            faults.append(fault)

    asker = threading.Thread(target=ask)
    asker.start()
    early.close()
    asker.join(timeout=20)
    assert len(faults) == 1


def test_without_a_cache_to_write_to_it_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    early = Standby()
    early.start()
    assert early.started
    early.close()


def test_whoever_waits_for_a_standby_that_is_closed_is_let_go() -> None:
    early = Standby()
    early.start()
    waited: list[bool] = []
    waiter = threading.Thread(target=lambda: waited.append(early.wait(timeout_s=60)))
    waiter.start()
    early.close()
    waiter.join(timeout=10)
    assert waited == [False]


def test_a_cancelled_rehearsal_is_answered_and_leaves_the_standby_to_the_next(
    recipe_file: Write, count_recipe: RecipeInfo, standby: Standby
) -> None:
    order = Order(count_recipe, {"pace_s": 60})
    launch.schema_of(count_recipe, standby)
    told: list[str] = []

    def rehearse() -> None:
        with pytest.raises(WorkbenchError) as refused:
            launch.rehearse(order, standby)
        told.append(refused.value.title)

    asker = threading.Thread(target=rehearse)
    asker.start()
    while not standby._talking.locked():
        time.sleep(0.01)
    while not told:
        standby.cancel_rehearsal()
        asker.join(timeout=0.05)
    assert told == ["the rehearsal was cancelled"]
    standby.cancel_rehearsal()  # nothing goes on: nothing happens
    file = recipe_file('"""A."""\nfrom workbench import Recipe\nclass A(Recipe): ...\n')
    assert launch.schema_of(read_recipe(file, file.parent.parent), standby).parameters == ()
