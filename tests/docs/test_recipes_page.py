"""What docs/recipes.md says is true: its recipes run, its commands exist, its tables are complete."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from tests.docs import page
from tests.docs.conftest import Done, Train
from workbench import params, paths
from workbench.catalog import RecipeInfo, offers
from workbench.cli import arguments, output, parser
from workbench.errors import WorkbenchError
from workbench.figures import data as figures
from workbench.params import check_all
from workbench.recipe import Recipe
from workbench.runs.folder import step_file
from workbench.training import Data, Training
from workbench.training.guard import NonFiniteError
from workbench.training.loop import EVALUATION_BATCH_FACTOR
from workbench.workers.fitting import what_fits
from workbench.workers.loading import load
from workbench.workers.protocol import Rehearse
from workbench.workers.rehearsing import rehearse

Recipes = dict[str, RecipeInfo]

SPLITS = {"train", "validation", "test"}
DECLARATIONS = (params.number, params.choice, params.switch, params.text, params.path)
NAMES = [Path(path).stem for path in page.files() if path.startswith("my_recipes/")]


def test_every_block_of_python_is_a_file_that_is_tried() -> None:
    assert len(page.files()) == page.TEXT.count("```python")
    assert len(NAMES) == len(page.files()) - 2  # all but the test and the script


def test_the_catalogue_finds_every_recipe_sound(recipes: Recipes) -> None:
    assert sorted(recipes) == sorted(NAMES)
    for name, info in recipes.items():
        assert (info.id, info.error, info.missing) == (f"lessons/{name}", "", ())
        assert info.title.endswith(".")
    assert recipes["euler"].summary.startswith("Each step adds")


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_rehearses(name: str, recipes: Recipes) -> None:
    file = recipes[name].file
    values = {**load(file).Params().as_dict(), **({"workers": 0} if name == "sums" else {})}
    report = rehearse(Rehearse(str(file), values, 0, "cpu"))
    assert not report.error, report.traceback or report
    assert "step" in report.text


def test_every_command_exists_and_its_values_are_accepted(recipes: Recipes) -> None:
    known = {parameter.name for name in recipes for parameter in _params(recipes[name]).parameters}
    assert page.named_commands() <= set(parser.COMMANDS)
    for words in page.calls():
        args = parser.parse(words)
        values = arguments.assignments([word for word in words if "=" in word])
        if args.function == "run_recipe":
            _, faults = check_all(_params(recipes[args.words[0].rpartition("/")[2]]).parameters, values)
            assert not faults, words
        assert set(values) <= known, words


def test_variables_and_entry_points_are_those_that_are_read() -> None:
    exported = [words[1] for words in page.shell_lines() if words[0] == "export"]
    assert exported == [f"{paths.RECIPES_VARIABLE}=my_recipes"]
    assert f"`{offers.ENTRY_POINTS}`" in page.prose()


def test_the_table_of_parameters_is_that_of_the_code() -> None:
    wanted = [
        [
            f"`{one.name}`",
            output.number(one.default),
            one.bounds(),
            "yes" if one.live else "",
            one.help,
        ]
        for one in Training.Params.parameters
    ]
    assert page.rows("parameter") == wanted


def test_no_hook_is_left_out() -> None:
    own = {
        name
        for base in (Training, Recipe)
        for name, member in vars(base).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    called = {"run", "minimize", "measure"}
    in_table = set(re.findall(r"`(\w+)\(", " ".join(row[0] for row in page.rows("hook"))))
    assert in_table == own - called
    assert all(f"self.{verb}(" in page.prose() for verb in called - {"run"})
    assert all(f"`{name}`" in page.prose() for name in ("monitor", "monitor_mode", "self.run_handle"))


def test_nothing_of_data_parameters_and_figures_is_left_out() -> None:
    assert all(
        f"`{name}" in page.prose() for name in inspect.signature(Data).parameters if name not in SPLITS
    )
    kinds = {kind.__name__ for kind in get_args(figures.Figure)}
    shown = page.files()["my_recipes/lessons/gallery.py"]
    assert all(f"{kind}(" in shown for kind in kinds)
    declared = page.files()["my_recipes/lessons/walk.py"]
    assert all(f"= {kind.__name__}(" in declared for kind in DECLARATIONS)


def test_ten_lines_count_and_report(train: Train) -> None:
    done = train("euler")
    assert done.run.step == 20
    assert done.last("e") == pytest.approx(np.e, abs=1e-15)


def test_the_walk_obeys_its_parameters(train: Train, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("5")
    done = train("walk", steps=4, stride=2, direction="up", name="height", start=str(place))
    assert list(done.history.series["height"].values) == [7, 9, 11, 13]
    assert min(train("walk", floor=True).history.series["place"].values) == 0
    with pytest.raises(WorkbenchError, match="no place to start from"):
        train("walk", start=str(tmp_path / "nowhere"))


def test_the_line_is_found_also_by_lbfgs(train: Train) -> None:
    done = train("line")
    assert list(done.history.series) == ["train/loss", "lr", "val/loss"]
    assert done.last("val/loss") < 0.02
    assert EVALUATION_BATCH_FACTOR == 4
    by_lbfgs = train("line", optimizer="lbfgs", batch_size=400, lr=1, epochs=5)
    assert by_lbfgs.run.step == 5
    assert by_lbfgs.last("val/loss") < 0.02


def test_digits_are_checked_changed_measured_and_drawn(train: Train) -> None:
    done = train("digits", epochs=6)
    assert done.last("val/accuracy") > 0.85 and done.last("test/accuracy") > 0.85
    assert {"val/loss", "test/loss"} <= set(done.history.series)
    assert "val/confusion" not in done.history.series
    assert len(done.history.figures["confusion"]) == 6 + 1
    (mark,) = done.recipe.marks
    assert mark.metric == "test/accuracy" and mark.bound == 0.93  # 0.96 after all epochs
    best = done.run.meter.best
    assert best is not None and best.metric == "val/accuracy"
    assert best.value == max(done.history.series["val/accuracy"].values)


def test_workers_change_nothing(train: Train) -> None:
    values = {"epochs": 2, "log_every": 1}
    by_workers, here = train("sums", workers=2, **values), train("sums", workers=0, **values)
    assert _curves(by_workers) == _curves(here)


def test_the_gallery_shows_every_kind_of_figure(train: Train) -> None:
    shown = train("gallery").history.figures
    kinds = {figures.decode(bytes(one[0].figure)).__class__ for one in shown.values()}
    assert kinds == set(get_args(figures.Figure))
    assert [one.step for one in shown["sample"]] == [1, 2, 3]


def test_two_networks_learn_from_each_other(train: Train) -> None:
    done = train("gan")
    assert {"train/critic", "train/generator"} <= set(done.history.series)
    assert done.last("train/mean") == pytest.approx(3, abs=0.7)


def test_points_on_a_sphere_become_a_tetrahedron(train: Train) -> None:
    assert train("sphere").last("train/energy") == pytest.approx(3.674234614, abs=1e-5)


def test_the_teacher_is_the_students_average(train: Train) -> None:
    done = train("teacher", epochs=3)
    net = done.recipe.net
    assert not any(weight.requires_grad for weight in net["teacher"].parameters())
    assert not torch.equal(net["teacher"][0].weight, net["student"][0].weight)
    assert {"val/accuracy", "test/accuracy", "test/student"} <= set(done.history.series)
    assert done.history.series["lr"].values[1] == pytest.approx(0.02 * 10 / 20)
    done.recipe.params.dropout = 0.5
    done.recipe.parameter_changed("dropout")
    assert net["student"][2].p == 0.5
    assert "dropout is 0.5" in done.history.read_all().messages[-1].text


@pytest.mark.parametrize(
    ("name", "most_steps", "values"),
    [
        ("line", 11, {"epochs": 4, "log_every": 1}),
        ("digits", 30, {"epochs": 3, "log_every": 1}),
        ("sums", 11, {"epochs": 2, "log_every": 1, "workers": 0}),
        ("gan", 21, {"epochs": 3, "log_every": 1}),
        ("sphere", 7, {"log_every": 1}),
        ("teacher", 13, {"epochs": 3, "log_every": 1}),
        ("search", 70, {}),
    ],
)
def test_what_was_cut_ends_bit_for_bit_as_what_was_not(
    train: Train, name: str, most_steps: int, values: dict[str, Any]
) -> None:
    whole = _curves(train(name, **values))
    cut = train(name, most_steps=most_steps, **values)
    assert cut.run.step == most_steps
    resumed = _curves(train(name, after=cut, **values))
    assert resumed
    for metric, points in resumed.items():
        assert points == [point for point in whole[metric] if point[0] > most_steps], metric


def test_a_checkpoint_holds_what_the_page_says(train: Train) -> None:
    done = train("line", epochs=3, keep=2)
    saved = torch.load(done.run.folder.path / "best.pt", weights_only=True)
    assert all(f"`{key}`" in page.prose() for key in [*saved, *saved["state"]])
    assert f"`{step_file(1000)}`" in page.prose()
    assert sorted(file.name for file in done.run.folder.path.glob("*.pt")) == [
        "best.pt",
        "last.pt",
        f"{step_file(14)}",
        f"{step_file(21)}",
    ]


def test_the_search_saves_its_best_and_halves_what_does_not_fit(train: Train) -> None:
    done = train("search")
    best = done.run.meter.best
    assert best is not None
    saved = done.run.load(done.run.folder.path / "best.pt")
    assert (saved["step"], saved["state"]["lowest"]) == (best.step, best.value)
    assert len(list(done.run.folder.path.glob("step-*.pt"))) == 3
    assert "places=50 fits" in what_fits(done.recipe, "workbench resume RUN")


def test_what_is_not_finite_stops_the_run_or_is_skipped(train: Train) -> None:
    with pytest.raises(NonFiniteError, match=r"became infinite in step \d+"):
        train("line", optimizer="sgd", lr=10)
    assert train("line", optimizer="sgd", lr=10, on_nan="skip").run.step == 210
    assert train("line", optimizer="sgd", lr=10, clip_norm=1).run.step == 210


def test_the_pages_own_test_passes(written: Path, tmp_path: Path) -> None:
    (file,) = (path for path in page.files() if path.startswith("tests/"))
    runpy.run_path(str(written / file))["test_the_line_is_found"](tmp_path)


def test_the_pages_script_finds_the_better_learning_rate(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(written)
    done = runpy.run_path(str(written / "search_digits.py"))
    assert done["search"].best_params_["lr"] == 0.03
    assert done["scores"].min() > 0.5


def test_links_lead_somewhere() -> None:
    for link in page.links():
        leads = link in page.anchors() if link[0] == "#" else (page.PAGE.parent / link).exists()
        assert leads, link


def _params(info: RecipeInfo) -> type[params.Params]:
    return load(info.file).Params


def _curves(done: Done) -> dict[str, list[tuple[int, bytes]]]:
    """Every recorded number with its step, bit for bit."""
    return {
        name: [
            (int(step), np.float64(value).tobytes())
            for step, value in zip(one.steps, one.values, strict=True)
        ]
        for name, one in done.history.series.items()
    }
