"""Autoencoders: what PCA and the distance of codes are, and that each kind shows what it is about."""

from __future__ import annotations

import pytest
import torch
from sklearn.decomposition import PCA
from torch.distributions import Normal, kl_divergence

from recipes.generative import _codes
from tests.recipes.conftest import Train
from workbench.figures import data
from workbench.runs.events import Finished

SHOWN = {
    "deep": {"reconstructions", "codes"},
    "shallow": {"reconstructions", "codes"},
    "convolutional": {"reconstructions", "codes"},
    "denoising": {"reconstructions", "codes", "cleaned"},
    "variational": {"reconstructions", "codes", "drawn", "between"},
}


def test_pca_draws_again_what_scikit_learns_does() -> None:
    pixels = torch.randn(40, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = PCA(3).fit(pixels.numpy())
    known = theirs.inverse_transform(theirs.transform(pixels.numpy()))
    assert torch.allclose(_codes.PCA(pixels, 3).restored(pixels), torch.from_numpy(known))


def test_the_distance_is_the_divergence_of_torchs_normal_distributions() -> None:
    mean, log_variance = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    given = Normal(mean, (0.5 * log_variance).exp())
    theirs = kl_divergence(given, Normal(torch.zeros(4), torch.ones(4))).sum(1)
    assert torch.allclose(_codes.distance_to_normal(mean, log_variance), theirs)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_codes_of_any_width_are_drawn_in_two_dimensions(width: int) -> None:
    codes = torch.randn(12, width, generator=torch.Generator().manual_seed(0))
    drawn = _codes.scatter(codes, torch.arange(12) % 3, ["a", "b", "c"])
    assert [len(group.x) for group in drawn.groups] == [4, 4, 4]


@pytest.mark.parametrize("kind", SHOWN)
def test_each_kind_learns_and_shows_what_it_is_about(train: Train, kind: str) -> None:
    history = train("generative/autoencoder", kind=kind, epochs=2, width=64, code=8)
    assert isinstance(history.ended, Finished)
    assert set(history.figures) == SHOWN[kind]
    errors = history.series["val/mse"].values
    assert errors[-1] < errors[0] < 0.2
    drawn = history.figures["reconstructions"][-1]
    raw = (history.folder.figures_dir / drawn.file).read_bytes() if drawn.file else bytes(drawn.figure)
    shown = data.decode(raw)
    assert isinstance(shown, data.ImageGrid)
    assert {*shown.captions} == {"picture", kind, "PCA"}
