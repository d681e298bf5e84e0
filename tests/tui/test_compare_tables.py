"""The tables of a comparison."""

from __future__ import annotations

from workbench.runs.comparison import Outcome, Reading
from workbench.tui.compare_facts import Compared
from workbench.tui.widgets.compare_tables import parameters_table, results_table


def run(letter: str, monitor: str = "val/loss", mode: str = "min", **values: float | str) -> Compared:
    return Compared(f"run-{letter}", letter, 0, values=values, monitor=monitor, mode=mode)


def course(final: float, low: float, high: float) -> Outcome:
    return Outcome(Reading(final, 9), Reading(low, 5), Reading(high, 2))


def emphasised(shown: object) -> set[str]:
    """The texts that stand out as the better ones."""
    plain, spans = shown.plain, shown.spans
    return {plain[span.start : span.end].strip() for span in spans if "$success" in str(span.style)}


def test_the_better_of_what_the_recipe_watches_stands_out() -> None:
    outcomes = [{"val/loss": course(0.5, 0.2, 0.9)}, {"val/loss": course(0.4, 0.3, 0.8)}]
    table = results_table([run("a"), run("b")], outcomes)
    assert emphasised(table) == {"0.4", "0.2 @ 5"}
    table = results_table([run("a", mode="max"), run("b", mode="max")], outcomes)
    assert emphasised(table) == {"0.5", "0.9 @ 2"}


def test_where_recipes_disagree_or_say_nothing_no_value_is_called_better() -> None:
    outcomes = [{"val/loss": course(0.5, 0.2, 0.9)}, {"val/loss": course(0.4, 0.3, 0.8)}]
    for mode in ("max", ""):
        runs = [run("a", mode="min" if mode else ""), run("b", mode=mode)]
        table = results_table(runs, outcomes)
        assert emphasised(table) == set()
        assert "lowest" in table.plain
        assert "highest" in table.plain


def test_a_run_without_a_metric_or_parameter_has_a_dash() -> None:
    table = results_table([run("a"), run("b")], [{"loss": course(1, 1, 1)}, {}])
    assert table.plain.splitlines()[2].split() == ["loss", "1", "–"]
    table = parameters_table([run("a", lr=0.1), run("b")], every=False)
    assert table.plain.splitlines()[1].split() == ["lr", "0.1", "–"]


def test_names_and_values_with_markup_and_escapes_are_text_and_long_ones_are_cut() -> None:
    values = {"[b]x[/b]\x1b[2J": "v" * 99}
    table = parameters_table([run("a", **values), run("b")], every=True)
    line = table.plain.splitlines()[1]
    assert "[b]x[/b]␛[2J" in line
    assert "\x1b" not in line
    assert "…" in line
    assert len(line) < 80


def test_that_nothing_differs_is_said() -> None:
    said = parameters_table([run("a", lr=0.1), run("b", lr=0.1)], every=False).plain
    assert said == "no parameter differs; e shows all of them"
