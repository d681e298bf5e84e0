"""The trials of a study as lines of a table."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tests.tuning.written import plan_of, trials_of
from workbench.tui.study.facts import StudyFacts
from workbench.tui.study.trial_lines import NOTED, TrialLines, TrialOrder, trial_words

PLAN = plan_of()
TRIALS = {one.number: one for one in trials_of(PLAN, 12)}
NOTES = {2: "the [i]good[/i] seed", 3: "again?"}
FACTS = StudyFacts(PLAN, trials=TRIALS, outstanding=frozenset({2, 5}), notes=NOTES)
LINES = TrialLines(FACTS, PLAN)


def test_a_line_tells_all_of_a_trial_as_text() -> None:
    failed = LINES.line(TRIALS[10]).plain
    assert failed.split()[:3] == ["10", "✗", "failed"]
    assert "no [b]luck" in failed
    assert "8.0s" in failed
    assert "–" in failed
    assert any("[b]tanh[/b]" in LINES.line(one).plain for one in TRIALS.values())
    lengths = {LINES.line(one).cell_length for one in TRIALS.values()}
    assert lengths == {LINES.heading(TrialOrder()).cell_length} == {LINES.length - 1}


def test_what_is_noted_has_a_mark_and_stands_behind_the_reason() -> None:
    assert [one.number for one in TRIALS.values() if NOTED in LINES.line(one).plain[:2]] == [2, 3]
    assert "the [i]good[/i] seed" in LINES.line(TRIALS[2]).plain
    sorted_by_remark = LINES.sort(TRIALS, TrialOrder(LINES.count - 1))
    assert [one.number for one in sorted_by_remark[:3]] == [10, 3, 2]


def test_remarks_are_as_wide_as_the_longest_and_told_in_full() -> None:
    long = msgspec.structs.replace(TRIALS[1], reason="the storage was gone when it was to begin")
    facts = replace(FACTS, trials={1: long})
    assert long.reason in TrialLines(facts, PLAN).line(long).plain
    told = trial_words(msgspec.structs.replace(long, worker=2, pid=7, device="cuda:0"), {1: "so"})
    assert told.plain == f"trial-0001  worker 2 on cuda:0 pid 7\n{long.reason}; so"


def test_folds_have_their_spread_and_their_count() -> None:
    plan = plan_of(folds=3)
    one = msgspec.structs.replace(TRIALS[0], value=0.75, folds=(0.5, 1.0))
    lines = TrialLines(replace(FACTS, trials={0: one}), plan)
    assert "0.75  ± 0.25" in lines.line(one).plain
    assert "2/3" in lines.line(one).plain
    assert "spread" in lines.heading(TrialOrder()).plain
    assert "0.5 1" in trial_words(one, {}).plain


def test_trials_of_others_say_whose_they_are() -> None:
    other = msgspec.structs.replace(TRIALS[0], study="tune-demo-0002")
    assert trial_words(other, {}).plain.startswith("tune-demo-0002/trial-0000")
    assert "in tune-demo-0002" in trial_words(other, {}).plain
    nobodys = msgspec.structs.replace(TRIALS[0], run="")
    assert trial_words(nobodys, {}).plain.startswith("trial 0  \nby another program")


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
