"""Attention weights: those that were used, of every head, from modules of torch and of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from workbench.debugging import attention_maps
from workbench.debugging.protocol import OpenRecipe
from workbench.debugging.samples import One
from workbench.debugging.subject import of_recipe
from workbench.errors import UsageError
from workbench.figures.data import ImageGrid, Matrix


class _Own(nn.Module):
    """Attention that returns its weights beside its output, in front of torch's."""

    def __init__(self) -> None:
        super().__init__()
        self.torchs = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights = (x @ x.transpose(1, 2)).softmax(-1)  # (1, T, T)
        mixed, _ = self.torchs(weights @ x, x, x, None, False)
        return mixed, weights


class _Recipe:
    def __init__(self, net: nn.Module) -> None:
        self.net = net.eval()

    def predict_step(self, batch: tuple[Tensor]) -> Tensor:
        return self.net(batch[0])[0]  # type: ignore[no-any-return]


def test_weights_are_those_of_each_head_and_of_ones_own_module() -> None:
    net, x = _Own(), torch.rand(1, 5, 4)
    found = attention_maps.attending(_Recipe(net), One(0, (x,)))  # type: ignore[arg-type]
    assert [(one.name, one.weights.shape) for one in found] == [("torchs", (2, 5, 5)), ("", (1, 5, 5))]
    own = (x @ x.transpose(1, 2)).softmax(-1)
    _, theirs = net.torchs(own @ x, x, x, average_attn_weights=False)
    assert torch.allclose(found[0].weights, theirs[0], atol=1e-6)
    assert torch.allclose(found[1].weights, own, atol=1e-6)
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in net.modules())


def test_a_transformers_layers_are_found_and_chosen(recipe_files: dict[str, Path]) -> None:
    subject = of_recipe(OpenRecipe(file=str(recipe_files["tokens"])))
    found = attention_maps.attending(subject.recipe, subject.samples.at(0))
    names = [one.name for one in found]
    assert names == ["encoder.layers.0.self_attn", "encoder.layers.1.self_attn"]
    net = subject.recipe.net
    assert attention_maps.chosen(found, net, "", 1).name == names[1]
    assert attention_maps.chosen(found, net, names[1], 0).name == names[1]
    with pytest.raises(UsageError, match="head gives no attention weights"):
        attention_maps.chosen(found, net, "head", 0)
    with pytest.raises(UsageError, match="no layer 'hea'"):
        attention_maps.chosen(found, net, "hea", 0)


def test_heads_are_a_page_of_pictures_and_one_is_a_matrix() -> None:
    weights = torch.rand(70, 3, 300).softmax(-1)
    one = attention_maps.Attending("mix", 0, weights)
    page = attention_maps.drawn(one, page=1, head=-1)
    assert isinstance(page.figure, ImageGrid)
    assert page.figure.captions == [f"head {i}" for i in range(64, 70)]
    alone = attention_maps.drawn(one, page=0, head=69)
    assert isinstance(alone.figure, Matrix)
    assert alone.ranges[0] == pytest.approx((float(weights[69].min()), float(weights[69].max())))
    with pytest.raises(UsageError, match="there is no head 70"):
        attention_maps.drawn(one, page=0, head=70)
