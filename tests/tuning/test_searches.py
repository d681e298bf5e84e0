"""scikit-learn's searches and cross-validated trials, driven with real workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest
import torch
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - has to be imported first
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV

from tests.tuning.cloud_source import CLOUDS
from tests.tuning.conftest import kill, opened
from workbench.catalog import RecipeInfo, read_recipe
from workbench.errors import UsageError
from workbench.runs import control
from workbench.runs.folder import Manifest, create, write_atomically
from workbench.runs.history import History
from workbench.runs.jsonl import Appender
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.schema import Schema
from workbench.training.folds import splitter
from workbench.tuning import distributions, hands_on, launching
from workbench.tuning.driver import Driver
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import ENDED, TrialReader, TrialRecord, winner
from workbench.workers import launch
from workbench.workers.calling import start_worker
from workbench.workers.loading import load
from workbench.workers.standby import Standby

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]
Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecipeInfo]:
    """The recipe of all studies here, which has torch use one thread."""
    threads = torch.get_num_threads()
    root = tmp_path_factory.mktemp("recipes")
    file = root / "demo" / "clouds.py"
    file.parent.mkdir()
    file.write_text(CLOUDS)
    yield read_recipe(file, root)
    torch.set_num_threads(threads)


@pytest.fixture
def study(clouds: RecipeInfo, checkpoints: Any) -> Make:
    """A study's folder, as a client makes it, with no driver yet."""

    def make(words: dict[str, str], **wish: Any) -> StudyFolder:
        recipe = load(clouds.file)
        schema = Schema(recipe.Params.parameters, recipe.monitor, recipe.monitor_mode)
        planned = launching.plan(launching.Wish(clouds, words, **wish), schema)
        run, _ = create(Manifest(name="", recipe=planned.recipe), checkpoints)
        folder = StudyFolder(run)
        write_atomically(folder.plan_file, msgspec.json.encode(planned))
        control.ask(run.control_file, control.Launch())
        return folder

    return make


@pytest.fixture
def drive(standby: Standby) -> Drive:
    """Drives a study in this process to its end; its workers have torch from the start."""
    return lambda folder: Driver(folder, standby).run()


def by_hand(clouds: RecipeInfo, folder: StudyFolder) -> Any:
    """The same search with skorch and scikit-learn alone."""
    plan = folder.plan()
    recipe_class = load(clouds.file)
    fixed = {**plan.space.fixed, "pace_s": 0.0}
    recipe = recipe_class(recipe_class.Params(**fixed), seed=plan.seed)
    net = recipe.estimator()
    common: dict[str, Any] = {"cv": splitter(net, plan.folds, plan.seed), "refit": False}
    match plan.search:
        case "grid":
            search = GridSearchCV(net, distributions.grid(plan.space), **common)
        case "random":
            drawn = distributions.distributions(plan.space)
            search = RandomizedSearchCV(
                net, drawn, n_iter=plan.trials, random_state=plan.seed, **common
            )
        case _:
            search = HalvingRandomSearchCV(
                net,
                distributions.distributions(plan.space),
                n_candidates=plan.candidates,
                factor=3,
                resource="epochs",
                max_resources=int(plan.space.fixed["epochs"]),
                min_resources="exhaust",
                random_state=plan.seed,
                **common,
            )
    return search.fit(*recipe.samples())


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ({"width": "4,8", "lr": "0.003,0.03", "epochs": "3"}, {"search": "grid", "jobs": 2}),
        ({"width": "2..16", "lr": "1e-3..1e-1"}, {"search": "random", "trials": 3, "seed": 5}),
        ({"lr": "1e-4..1e-1", "epochs": "9"}, {"search": "halving", "trials": 9, "jobs": 2}),
    ],
)
def test_a_search_equals_the_same_one_written_by_hand(
    study: Make, drive: Drive, clouds: RecipeInfo, words: dict[str, str], options: dict[str, Any]
) -> None:
    folder = study(words, folds=3, **options)
    assert drive(folder) == 0
    won = equals_by_hand(folder, clouds)
    results = History(folder.run).read_all().ended.results  # type: ignore[union-attr]
    assert results["best trial"] == won.run


def equals_by_hand(folder: StudyFolder, clouds: RecipeInfo) -> TrialRecord:
    """Whether what the study found is what scikit-learn finds alone; the best trial."""
    trials = sorted(TrialReader(folder).read().values(), key=lambda trial: trial.number)
    expected = by_hand(clouds, folder)
    rows = expected.cv_results_
    assert len(trials) == len(rows["params"]) == folder.plan().trials
    for trial, params in zip(trials, rows["params"], strict=True):
        assert {name: trial.parameters[name] for name in params} == params
    for fold in range(folder.plan().folds):
        assert [trial.folds[fold] for trial in trials] == rows[f"split{fold}_test_score"].tolist()
    assert [trial.value for trial in trials] == pytest.approx(rows["mean_test_score"])
    assert [trial.spread for trial in trials] == pytest.approx(rows["std_test_score"])
    won = winner(trials, folder.plan())
    assert won is not None and won.number == expected.best_index_
    return won


def test_a_killed_driver_of_a_search_costs_no_trial_and_changes_nothing(
    study: Make, wait: Wait, clouds: RecipeInfo
) -> None:
    # Of halving, whose rounds depend on the scores of those before.
    words = {"lr": "1e-4..1e-1", "epochs": "3", "pace_s": "0.2"}
    folder = study(words, search="halving", trials=3, folds=2, jobs=2)
    start_worker(folder.run, None)
    wait(lambda: bool(known(folder, "complete") and at_work(folder)))
    kill(folder.run)
    before = dict(TrialReader(folder).read())
    *live, dies = known(folder, "running")
    kill(folder.trial(dies))  # the worker of another one fits its folds to their end
    wait(lambda: status_of(folder.run).state is State.LOST)

    launch.resume(folder.run)
    wait(lambda: status_of(folder.run).state is State.FINISHED)
    equals_by_hand(folder, clouds)
    after = TrialReader(folder).read()
    assert all(after[number] == before[number] for number in known(folder, "complete", before))
    lines = folder.trials_file.read_bytes().splitlines()
    records = [msgspec.json.decode(line, type=TrialRecord) for line in lines]
    once = Counter(record.number for record in records if record.state in ENDED)
    assert set(once.values()) == {1} and len(once) == folder.plan().trials
    attempts = {n: len(control.launches(folder.trial(n).control_file)) for n in after}
    assert attempts == {n: 2 if n == dies else 1 for n in after}
    assert all(after[number].began == before[number].began for number in live)


def known(folder: StudyFolder, state: str, trials: dict[int, TrialRecord] | None = None) -> list[int]:
    """The numbers of the trials in that state."""
    there = TrialReader(folder).read() if trials is None else trials
    return sorted(number for number, trial in there.items() if trial.state == state)


def at_work(folder: StudyFolder) -> list[int]:
    """The trials that run and have most of their steps before them."""
    running = {number: status_of(folder.trial(number)) for number in known(folder, "running")}
    return [number for number, one in running.items() if 0 < one.step < one.total / 3]


def test_a_search_whose_driver_died_is_taken_up_and_repeats_nothing(
    study: Make, drive: Drive, clouds: RecipeInfo
) -> None:
    folder = study({"width": "4,8,16"}, search="grid", folds=2)
    # As a driver left it that died behind its first trial and in its second.
    first = TrialRecord(number=0, state="complete", run="trial-0000", value=0.75, folds=(0.5, 1.0))
    file = Appender(folder.trials_file)
    for record in (first, TrialRecord(number=1, state="running", run="trial-0001")):
        file.write(msgspec.json.encode(record))
    assert drive(folder) == 0
    trials = TrialReader(folder).read()
    assert trials[0].folds == (0.5, 1.0)
    assert not folder.trial(0).path.exists()
    assert [trials[n].state for n in (1, 2)] == ["complete", "complete"]
    rows = by_hand(clouds, folder).cv_results_
    assert trials[2].folds == tuple(rows[f"split{fold}_test_score"][2] for fold in (0, 1))


def test_folds_are_the_objective_of_optunas_study(study: Make, drive: Drive) -> None:
    folder = study({"lr": "1e-3..1e-1"}, trials=3, folds=3, sampler="random")
    assert folder.plan().pruner == "wilcoxon"
    assert drive(folder) == 0
    found = opened(folder)
    trials = TrialReader(folder).read()
    for frozen in found.trials:
        assert frozen.state is optuna.trial.TrialState.COMPLETE
        folds = list(frozen.intermediate_values.values())
        assert list(frozen.intermediate_values) == [1, 2, 3]
        assert frozen.value == pytest.approx(fmean(folds))
        assert trials[frozen.number].folds == tuple(folds)
        history = History(folder.trial(frozen.number)).read_all()
        assert folds[1] == max(history.series["fold-2/val/accuracy"].values)
    with pytest.raises(UsageError, match="no weights to go on from"):
        hands_on.train_on(folder, "trial-0000", {"epochs": 9})
    lines = [msgspec.json.decode(line) for line in folder.trials_file.read_bytes().splitlines()]
    known = [len(line.get("folds", ())) for line in lines if line["number"] == 0]
    assert (known[0], known[-1]) == (0, 3)
    assert len(known) >= 3 and known == sorted(known)  # also while the trial was at work


def test_what_cannot_be_cross_validated_ends_the_study_with_the_reason(
    study: Make, drive: Drive
) -> None:
    folder = study({"lr": "1e-3..1e-1", "loss": "none"}, trials=20, folds=3)
    assert drive(folder) == 1
    status = status_of(folder.run)
    assert status.state is State.FAILED
    assert status.reason.startswith(
        "demo/clouds cannot be cross-validated: the loss of Clouds does not"
    )
    assert len(TrialReader(folder).read()) == 1


def test_wilcoxon_prunes_a_trial_whose_folds_are_worse(study: Make, drive: Drive) -> None:
    folder = study({"lr": "0.05,1e-7", "epochs": "8"}, sampler="grid", folds=6)
    assert drive(folder) == 0
    by_lr = {trial.parameters["lr"]: trial for trial in TrialReader(folder).read().values()}
    assert by_lr[0.05].state == "complete"
    assert by_lr[1e-7].state == "pruned"
    assert 2 < len(by_lr[1e-7].folds) < 6
    assert by_lr[1e-7].value == pytest.approx(np.mean(by_lr[1e-7].folds))
