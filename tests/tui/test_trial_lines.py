"""The trials of a study as lines of a table."""

from __future__ import annotations

import msgspec

from tests.tuning.written import plan_of, trials_of
from workbench.tui.study.trial_lines import TrialLines, TrialOrder

PLAN = plan_of()
TRIALS = {one.number: one for one in trials_of(PLAN, 12)}
LINES = TrialLines(PLAN, frozenset({2, 5}))


def test_a_line_tells_all_of_a_trial_as_text() -> None:
    failed = LINES.line(TRIALS[10]).plain
    assert failed.split()[:3] == ["10", "✗", "failed"]
    assert "no [b]luck" in failed
    assert "8.0s" in failed
    assert "–" in failed
    assert any("[b]tanh[/b]" in LINES.line(one).plain for one in TRIALS.values())
    lengths = {LINES.line(one).cell_length for one in TRIALS.values()}
    assert lengths == {LINES.heading(TrialOrder()).cell_length} == {LINES.length - 1}


def test_those_that_stand_out_have_a_mark() -> None:
    marked = [one.number for one in TRIALS.values() if LINES.line(one).plain.startswith("*")]
    assert marked == [2, 5]


def test_sorting_puts_what_has_no_value_last_either_way() -> None:
    value = 2
    for falling in (False, True):
        order = LINES.sort(TRIALS, TrialOrder(value, falling))
        values = [one.value for one in order]
        assert values[-1] is None
        known = [one for one in values if one is not None]
        assert known == sorted(known, reverse=falling)
        assert "▼" in LINES.heading(TrialOrder(value, falling)).plain or not falling


def test_choices_of_every_kind_can_be_sorted_by() -> None:
    mixed = {
        0: msgspec.structs.replace(TRIALS[0], parameters={"activation": "relu", "norm": True}),
        1: msgspec.structs.replace(TRIALS[1], parameters={"activation": 3, "norm": False}),
        2: msgspec.structs.replace(TRIALS[2], parameters={}, value=float("nan")),
    }
    for column in range(LINES.count):
        assert len(LINES.sort(mixed, TrialOrder(column))) == 3
