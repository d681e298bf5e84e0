"""The words that choose runs: `recipe:cnn state:failed lr>0.01 -star`, joined by and."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbench.errors import UsageError, unknown
from workbench.params import Value
from workbench.runs.listing import RunSummary
from workbench.runs.states import State

Test = Callable[[RunSummary], bool]

BEST = "best"
STAR = "star"

_COMPARISON = re.compile(r"([^<>=!:]+)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)
_TEXTS: dict[str, Callable[[RunSummary], str]] = {
    "name": lambda run: run.name,
    "recipe": lambda run: run.manifest.recipe.id,
    "device": lambda run: run.status.device,
    "host": lambda run: run.status.host or run.manifest.host,
    "note": lambda run: run.marks.note,
}
_TRAITS: dict[str, Test] = {
    STAR: lambda run: run.marks.starred,
    "note": lambda run: bool(run.marks.note),
    "alive": lambda run: not run.status.state.ended,
    "ended": lambda run: run.status.state.ended,
}
FIELDS = ("state", "is", *_TEXTS)
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class RunFilter:
    """Which runs are meant.

    Attributes:
        tests: all of them hold for a run that is meant.
        words: those that are looked for in names, recipes and notes.
    """

    tests: tuple[Test, ...] = ()
    words: tuple[str, ...] = ()

    def keep(self, runs: Iterable[RunSummary]) -> tuple[RunSummary, ...]:
        """The runs that are meant, in their order."""
        return tuple(run for run in runs if all(test(run) for test in self.tests))


def parse(text: str, runs: Sequence[RunSummary]) -> RunFilter:
    """Read what was typed; `runs` tells which parameters there are.

    Names of states that stand alone are alternatives: `failed lost` means either.

    Raises:
        UsageError: naming every term that cannot be read, and what is known in its place.
    """
    chosen, faults = read(text, runs)
    if faults:
        raise UsageError("; ".join(faults))
    return chosen


def read(text: str, runs: Sequence[RunSummary]) -> tuple[RunFilter, list[str]]:
    """As `parse`, for who still types: the terms that can be read, and the faults of the others."""
    terms = text.split()
    states = {State(term) for term in terms if term in set(State)}
    tests: list[Test] = [lambda run: run.status.state in states] if states else []
    known = {BEST}.union(*(run.manifest.parameters for run in runs))
    faults, words = [], []
    for term in terms:
        if term in states:
            continue
        try:
            tests.append(_term(term, known))
        except UsageError as fault:
            faults.append(fault.title)
        if _is_word(term):
            words.append(term)
    return RunFilter(tuple(tests), tuple(words)), faults


def _is_word(term: str) -> bool:
    return not (term == STAR or term.startswith("-") or ":" in term or _COMPARISON.fullmatch(term))


def _term(term: str, known: set[str]) -> Test:
    if term.startswith("-") and len(term) > 1:
        refused = _term(term[1:], known)
        return lambda run: not refused(run)
    if term == STAR:
        return _TRAITS[STAR]
    if term in set(State):
        return lambda run: run.status.state == term
    comparison = _COMPARISON.fullmatch(term)
    if comparison:
        return _comparison(comparison[1], comparison[2], comparison[3], known)
    field, colon, value = term.partition(":")
    return _field(field, value.lower()) if colon else _word(term.lower())


def _word(word: str) -> Test:
    return lambda run: any(word in _TEXTS[field](run).lower() for field in ("name", "recipe", "note"))


def _field(field: str, value: str) -> Test:
    if field in _TEXTS:
        text_of = _TEXTS[field]
        return lambda run: value in text_of(run).lower()
    if field == "is":
        if value not in _TRAITS:
            raise UsageError(unknown("trait", value, _TRAITS))
        return _TRAITS[value]
    if field == "state":
        meant = {state for state in State if state.startswith(value)}
        if not meant:
            raise UsageError(unknown("state", value, list(State)))
        return lambda run: run.status.state in meant
    raise UsageError(unknown("field", field, FIELDS))


def _comparison(name: str, sign: str, wanted: str, known: set[str]) -> Test:
    if name not in known:
        raise UsageError(unknown("parameter", name, known))
    if not wanted:
        raise UsageError(f"{name}{sign} lacks the value it is compared with")
    if sign in _ORDERS:
        bound, order = _number(name, sign, wanted), _ORDERS[sign]
        return lambda run: (
            (number := _as_number(_value(run, name))) is not None and order(number, bound)
        )
    if sign == "!=":
        return lambda run: (value := _value(run, name)) is not None and not _equal(value, wanted)
    return lambda run: (value := _value(run, name)) is not None and _equal(value, wanted)


def _number(name: str, sign: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name}{sign}{text}: {text!r} is not a number") from None


def _value(run: RunSummary, name: str) -> Value | None:
    if name == BEST:
        return None if run.status.best is None else run.status.best.value
    return run.manifest.parameters.get(name)


def _as_number(value: Value | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _equal(value: Value, wanted: str) -> bool:
    number = _as_number(value)
    if number is None:
        return str(value).lower() == wanted.lower()
    try:
        return math.isclose(number, float(wanted))
    except ValueError:
        return False
