"""Numbers and texts as a person reads them."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (12345, "12,345"),
        (0.0, "0"),
        (0.03125, "0.03125"),
        (1.2e-5, "1.20e-05"),
        (99999.9, "100,000"),
        (-1234567.0, "-1.23e+06"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert units.number(value) == text


@given(st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf, -math.inf]))
def test_a_number_is_short_and_true_to_a_thousandth(value: float) -> None:
    text = units.number(value)
    assert len(text) <= 10
    if math.isfinite(value):
        assert float(text.replace(",", "")) == pytest.approx(value, rel=5e-3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.inf, "–"),
        (-1.0, "0.0s"),
        (0.44, "0.4s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (185, "3m05s"),
        (3599.7, "1h00m"),
        (7620, "2h07m"),
        (86399.9, "1d00h"),
        (385200, "4d11h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert units.duration(seconds) == text


@given(st.floats(0, 99 * 86400))
def test_a_duration_is_at_most_six_characters(seconds: float) -> None:
    assert len(units.duration(seconds)) <= 6


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1m ago"),
        (3600, "1h ago"),
        (86400, "1d ago"),
        (1e7, "115d ago"),
    ],
)
def test_age(seconds: float, text: str) -> None:
    assert units.age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (4_700_000, "4.7 MB"),
        (5e15, "5000.0 TB"),
    ],
)
def test_size(count: float, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("many", "text"),
    [
        (0, "0"),
        (9999, "9,999"),
        (10_000, "10.0 k"),
        (99_960, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_814_073_344, "1.81 G"),
        (15_470_264_320, "15.5 G"),
        (10**18, "1000 P"),
    ],
)
def test_count(many: int, text: str) -> None:
    assert units.count(many) == text


def test_terminal_escapes_become_visible_text() -> None:
    assert units.plain("\x1b[31mred\x07\r\x7f\x9b") == "␛[31mred␇␍␡�"


def test_text_that_would_reorder_the_line_becomes_visible() -> None:
    assert units.plain("a\u202eb\u2028c\ud800") == "a�b�c�"


def test_letters_of_all_scripts_and_joined_emoji_stay() -> None:
    assert units.plain("Größe 損失 👩\u200d🔬") == "Größe 損失 👩\u200d🔬"


def test_newlines_stay_only_where_asked_and_tabs_become_spaces() -> None:
    assert units.plain("a\n\tb") == "a␊ b"
    assert units.plain("a\n\tb", keep_newlines=True) == "a\n b"


@given(st.text(st.characters()))
def test_no_control_character_survives_and_plain_text_is_left_as_it_is(text: str) -> None:
    shown = units.plain(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}]
    assert units.plain(shown) == shown
    assert len(shown) == len(text)
