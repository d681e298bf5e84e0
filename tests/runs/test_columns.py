"""Records read into columns hold what the records hold."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import events
from workbench.runs.columns import LARGEST_STEP, MOST_NAMES, ColumnDecoder

NAMES = [
    "time",
    "step",
    "values",
    "type",
    "metrics",
    "",
    "a",
    "train/loss",
    "größe",
    "x" * 40,
    "y" * 300,
]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RECORD = st.builds(
    events.Metrics,
    time=st.floats(0, 2e9),
    step=st.integers(-LARGEST_STEP, LARGEST_STEP),
    values=st.dictionaries(st.sampled_from(NAMES), NUMBERS | st.integers(-5, 5).map(float)),
)


def encoded(records: list[events.Metrics]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


@given(st.lists(RECORD, min_size=1, max_size=12), st.permutations(NAMES))
def test_columns_hold_what_the_records_hold(records: list[events.Metrics], names: list[str]) -> None:
    decoder = ColumnDecoder(names)
    columns = decoder.columns(decoder.decode(encoded(records)))
    np.testing.assert_array_equal(columns.steps, [record.step for record in records])
    np.testing.assert_array_equal(columns.times, [record.time for record in records])
    assert list(columns.values) == names
    for name, values in columns.values.items():
        np.testing.assert_array_equal(values, [r.values.get(name, np.nan) for r in records])


@given(st.integers(1, MOST_NAMES), st.integers(1, 70_000))
def test_every_number_of_names_and_of_records_has_its_layout(names: int, count: int) -> None:
    decoder = ColumnDecoder([f"metric/{i}" for i in range(names)])
    (record,) = decoder.decode(
        encoded([events.Metrics(time=1.0, step=7, values={f"metric/{names - 1}": 3.0})])
    )
    columns = decoder.columns([record] * count)
    assert columns.steps.tolist() == [7] * count
    assert columns.values[f"metric/{names - 1}"].tolist() == [3.0] * count


def test_other_records_come_between_in_their_order() -> None:
    decoder = ColumnDecoder(["loss"])
    paused = events.Paused(time=1.0, step=1)
    metrics = events.Metrics(time=1.0, step=1, values={"loss": 1.0})
    first, second, third = decoder.decode(
        b"".join(msgspec.json.encode(record) + b"\n" for record in (metrics, paused, metrics))
    )
    assert [decoder.is_metrics(record) for record in (first, second, third)] == [True, False, True]
    assert second == paused


@pytest.mark.parametrize(
    "values", [b'{"other":1}', b'{"loss":"NaN"}', b'{"loss":null}', b'{"loss":1,"other":1}']
)
def test_other_names_and_words_are_left_to_the_reader_of_single_records(values: bytes) -> None:
    line = b'{"type":"metrics","time":1,"step":1,"values":' + values + b"}\n"
    with pytest.raises(ValueError, match=r"Expected|unknown field"):
        ColumnDecoder(["loss"]).decode(line)


@pytest.mark.parametrize("step", [b"1.5", b"1e300", b"9007199254740994"])
def test_a_step_that_would_be_changed_is_left_to_the_reader_of_single_records(step: bytes) -> None:
    decoder = ColumnDecoder(["loss"])
    line = b'{"type":"metrics","time":1,"step":' + step + b',"values":{"loss":1}}\n'
    with pytest.raises(ValueError, match="whole number"):
        decoder.columns(decoder.decode(line))


@pytest.mark.parametrize("names", [[], ["a"] * (MOST_NAMES + 1), ['"quoted"'], ["\x1b[31m"]])
def test_names_of_no_use_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"no use|must not contain"):
        ColumnDecoder(names)
