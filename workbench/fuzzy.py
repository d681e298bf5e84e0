"""Finding by a few letters: how well they fit a name or a text, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_LONGEST_SPREAD = 3  # letters of a name a letter typed may take up, jumps to words left out
_WHOLE_WORD, _WORD_START, _INSIDE, _WITH_GAPS = 4.0, 3.0, 2.0, 1.0
# Of a match with gaps: a whole word of a text is better, as of "ctc" for spectrogram_cnn.
_BEGINS_INSIDE = 0.05
_NAME_WEIGHT = 10.0
_START = re.compile(r"(?<![^\W_])[^\W_]")


@dataclass(frozen=True)
class Match:
    """Where letters were found (indices into the text), and how well: more is better."""

    score: float
    at: tuple[int, ...]


@dataclass(frozen=True)
class Hit:
    """All words were found; `at` holds, a text, where their letters stand."""

    score: float
    at: tuple[tuple[int, ...], ...]


def search(wanted: str, name: str, texts: Sequence[str] = ()) -> Hit | None:
    """Find every word of `wanted` in the name, its letters with gaps, or else as it is in a text.

    Each text counts half of the one before; None where a word is nowhere.
    """
    score = 0.0
    at: list[set[int]] = [set() for _ in range(1 + len(texts))]
    for word in folded(wanted).split():
        found = _best(word, name, texts)
        if found is None:
            return None
        place, match = found
        score += match.score
        at[place].update(match.at)
    return Hit(score, tuple(tuple(sorted(places)) for places in at))


def in_name(word: str, name: str) -> Match | None:
    """The letters of `word` in their order in `name`, near one another or at starts of its words."""
    low = folded(name)
    if word in low:
        return _as_it_is(word, low)
    if not _has_in_order(word, low):
        return None
    starts = {match.start() for match in _START.finditer(low)}
    tries = (_from(first, word, low, starts) for first in _places(word[0], low))
    return max((match for match in tries if match), key=lambda match: match.score, default=None)


def in_text(word: str, text: str) -> Match | None:
    """`word` as it is in `text`, best as a whole word, then at the start of one."""
    return _as_it_is(word, folded(text))


def folded(text: str) -> str:
    """Small letters, and never more of them than there were."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _best(word: str, name: str, texts: Sequence[str]) -> tuple[int, Match] | None:
    """In which of the name (0) and the texts (from 1) a word is found best."""
    found: list[tuple[int, Match]] = []
    match = in_name(word, name)
    if match is not None:
        shorter = len(word) / len(name)  # of two names that fit, the one with less beside it
        found.append((0, Match(match.score * _NAME_WEIGHT + shorter, match.at)))
    for place, text in enumerate(texts, 1):
        match = in_text(word, text)
        if match is not None:
            found.append((place, Match(match.score / 2**place, match.at)))
    return max(found, key=lambda one: one[1].score, default=None)


def _as_it_is(word: str, low: str) -> Match | None:
    best: Match | None = None
    at = low.find(word)
    while at >= 0:
        score = _rank(at, at + len(word), low)
        if best is None or score > best.score:
            best = Match(score, tuple(range(at, at + len(word))))
        if score == _WHOLE_WORD:
            break
        at = low.find(word, at + 1)
    return best


def _rank(begin: int, end: int, low: str) -> float:
    if begin and low[begin - 1].isalnum():
        return _INSIDE
    return _WORD_START if end < len(low) and low[end].isalnum() else _WHOLE_WORD


def _has_in_order(word: str, low: str) -> bool:
    at = -1
    return all((at := low.find(letter, at + 1)) >= 0 for letter in word)


def _places(letter: str, low: str) -> Iterator[int]:
    at = low.find(letter)
    while at >= 0:
        yield at
        at = low.find(letter, at + 1)


def _from(first: int, word: str, low: str, starts: Iterable[int]) -> Match | None:
    """The letters from `first` on; None where they lie too far apart to be meant."""
    at, spread = [first], 1
    for letter in word[1:]:
        after = at[-1] + 1
        start = next((s for s in sorted(starts) if s >= after and low[s] == letter), -1)
        found = after if low[after : after + 1] == letter else start
        if found < 0:
            found = low.find(letter, after)
        if found < 0:
            return None
        spread += 1 if found in {after, start} else found - at[-1]
        at.append(found)
    if spread > _LONGEST_SPREAD * len(word):
        return None
    tight = len(word) / spread
    return Match(tight * _WITH_GAPS * (1 if first in starts else _BEGINS_INSIDE), tuple(at))
