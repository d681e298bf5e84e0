"""The feature that tells most of the labels by itself, beside a count by hand."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from workbench.debugging.features import most_telling, telling_feature

N, F, K = 120, 20, 5  # samples, features, classes


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(N, F, generator=torch.Generator().manual_seed(0))


def test_a_label_among_the_features_tells_all(noise: torch.Tensor) -> None:
    labels = torch.arange(N) % K
    noise[:, 7] = 3.0 * labels - 4
    found = most_telling(noise, labels)
    assert found is not None and (found.number, found.of, found.share) == (7, F, 1.0)


def test_its_share_is_that_of_samples_nearest_to_their_class(noise: torch.Tensor) -> None:
    labels = torch.arange(N) % 2
    noise[:, 3] = labels + 0.4 * noise[:, 3]
    column = noise[:, 3]
    means = torch.stack([column[labels == 0].mean(), column[labels == 1].mean()])
    by_hand = ((column[:, None] - means).abs().argmin(1) == labels).float().mean()
    found = most_telling(noise, labels)
    assert found is not None and found.number == 3
    assert found.share == pytest.approx(float(by_hand))


def test_of_numbers_it_is_the_square_of_the_correlation(noise: torch.Tensor) -> None:
    targets = noise[:, 4] + 0.2 * noise[:, 5]
    found = most_telling(noise, targets[:, None])
    by_hand = torch.corrcoef(torch.stack([noise[:, 4], targets]))[0, 1] ** 2
    assert found is not None and found.number == 4
    assert found.share == pytest.approx(float(by_hand), abs=1e-5)


def test_a_pixel_that_one_sample_alone_has_tells_nothing(noise: torch.Tensor) -> None:
    labels = torch.arange(N) % K
    labels[0] = K  # a class of one sample
    noise[:, 2] = 0.0
    noise[0, 2] = 1.0
    found = most_telling(noise, labels)
    assert found is not None and found.share < 0.6


def test_pictures_of_whole_numbers_are_flattened() -> None:
    pictures = torch.zeros(64, 1, 4, 4, dtype=torch.uint8)
    labels = torch.arange(64) % 4
    pictures[:, 0, 2, 1] = labels
    found = most_telling(pictures, labels)
    assert found is not None and (found.number, found.of, found.share) == (9, 16, 1.0)


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (torch.rand(31, 9), torch.arange(31) % 2),  # too few samples
        (torch.rand(64), torch.arange(64) % 2),  # no features
        (torch.rand(64, 9), torch.rand(64, 3)),  # several targets
        (torch.rand(64, 9), torch.arange(65) % 2),
        (torch.rand(64, 9), torch.zeros(64, dtype=torch.long)),  # one class
        (torch.rand(64, 9), torch.arange(64)),  # a class a sample
        (torch.rand(64, 9).to_sparse(), torch.arange(64) % 2),
        (torch.rand(64, 9, dtype=torch.complex64), torch.arange(64) % 2),
        (torch.rand(64, 0), torch.arange(64) % 2),
    ],
)
def test_where_nothing_can_be_told_nothing_is(inputs: torch.Tensor, targets: torch.Tensor) -> None:
    assert most_telling(inputs, targets) is None


@pytest.mark.parametrize(
    "batch", [None, torch.rand(64, 9), (torch.rand(64, 9),), (torch.rand(64, 9), "label"), {"x": 1}]
)
def test_a_batch_that_is_no_pair_of_tensors_tells_nothing(batch: object) -> None:
    assert telling_feature(batch) is None


def test_a_huge_batch_is_looked_at_in_part() -> None:
    labels = torch.arange(50_000) % 500
    found = telling_feature((labels[:, None].expand(-1, 10).float(), labels))
    assert found is not None and found.share == 1.0


def test_features_that_are_no_numbers_hide_no_other(noise: torch.Tensor) -> None:
    labels = torch.arange(N) % K
    noise[:, 1], noise[5, 2], noise[:, 7] = torch.nan, torch.inf, labels
    found = most_telling(noise, labels)
    assert found is not None and (found.number, found.share) == (7, 1.0)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_no_feature_of_real_data_tells_all(load: object) -> None:
    inputs, labels = load(return_X_y=True)  # type: ignore[operator]
    found = most_telling(torch.tensor(inputs), torch.tensor(labels))
    assert found is not None and found.share < 0.965
