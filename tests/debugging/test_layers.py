"""The table of layers: against torch's own counter, published totals, and counts by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.models.googlenet import Inception

from workbench.debugging.layers import recorded_layers
from workbench.rehearsal import Layer

N, F = 4, 3  # samples, features

PUBLISHED = {
    "resnet18": (models.resnet18, models.ResNet18_Weights.IMAGENET1K_V1),
    "vgg16": (models.vgg16, models.VGG16_Weights.IMAGENET1K_V1),
    "densenet121": (models.densenet121, models.DenseNet121_Weights.IMAGENET1K_V1),
}


def layers_of(net: nn.Module, *inputs: Any) -> list[Layer]:
    with recorded_layers(net) as layers:
        net(*inputs)
    return layers


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_networks_have_their_published_weights_and_multiply_adds(name: str) -> None:
    build, weights = PUBLISHED[name]
    shapes: list[tuple[int, ...]] = []
    with torch.device("meta"):  # shapes alone: nothing is computed
        net = build()
        for module in net.modules():
            if not list(module.children()):
                module.register_forward_hook(lambda _m, _i, output: shapes.append(tuple(output.shape)))
        given = torch.empty(1, 3, 224, 224)
        with FlopCounterMode(display=False) as counter:
            layers = layers_of(net, given)
    assert [layer.shape for layer in layers] == shapes
    assert sum(layer.weights - layer.shared for layer in layers) == weights.meta["num_params"]
    total = sum(layer.multiply_adds for layer in layers)
    assert 2 * total == counter.get_total_flops()
    assert round(total / 1e9, 2) == round(weights.meta["_ops"], 2)


def test_each_layer_of_an_inception_block_multiplies_as_often_as_torch_counts() -> None:
    net = nn.Sequential(Inception(8, 4, 3, 5, 2, 3, 4), nn.Conv2d(16, 6, 3, groups=2))
    with FlopCounterMode(display=False) as counter:
        layers = layers_of(net, torch.zeros(2, 8, 9, 7))
    told = {layer.name: layer.multiply_adds for layer in layers if layer.multiply_adds}
    counted = {
        name.partition("Sequential.")[2]: sum(flops.values()) // 2
        for name, flops in counter.get_flop_counts().items()
    }
    assert len(told) == 7
    assert told == {name: counted[name] for name in told}
    assert 2 * sum(told.values()) == counter.get_total_flops()


def _attention(given: Tensor) -> tuple[nn.Module, tuple[Tensor, ...]]:
    return nn.MultiheadAttention(6, 2, batch_first=True), (given, given, given)


# Counted by hand for a batch of 2 with 5 steps and 6 features.
BY_HAND: dict[str, tuple[Callable[[Tensor], tuple[nn.Module, tuple[Tensor, ...]]], int]] = {
    "linear": (lambda given: (nn.Linear(6, 4), (given,)), 2 * 5 * 6 * 4),
    "transposed": (
        lambda given: (nn.ConvTranspose1d(5, 3, 4, stride=2), (given,)),
        2 * 6 * 4 * 5 * 3,
    ),
    "lstm": (
        lambda given: (nn.LSTM(6, 3, batch_first=True, bidirectional=True), (given,)),
        2 * 5 * 2 * (4 * 3 * (6 + 3)),
    ),
    "gru": (lambda given: (nn.GRU(6, 3, batch_first=True), (given,)), 2 * 5 * 3 * 3 * (6 + 3)),
    "attention": (_attention, 2 * 5 * (4 * 6 * 6) + 2 * (2 * 5 * 5 * 6)),
    "embedding": (lambda given: (nn.Embedding(10, 4), (given[:, :, 0].long(),)), 0),
    "norm": (lambda given: (nn.LayerNorm(6), (given,)), 0),
}


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", BY_HAND)
def test_multiply_adds_are_those_counted_by_hand(name: str, mode: Callable[[], Any]) -> None:
    build, count = BY_HAND[name]
    net, inputs = build(torch.zeros(2, 5, 6))
    net.eval()
    with mode():
        (layer,) = layers_of(net, *inputs)
    assert layer.multiply_adds == count
    assert layer.weights == sum(weight.numel() for weight in net.parameters())
    assert layer.weight_bytes == 4 * layer.weights


class Twice(nn.Module):
    """A layer used twice, one that shares its weight, an activation in place, a product by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(F, F), nn.Linear(F, F, bias=False)
        self.second.weight = self.first.weight
        self.relu = nn.ReLU(inplace=True)
        self.scale = nn.Parameter(torch.ones(F, F))

    def forward(self, given: Tensor) -> dict[str, Any]:
        once = self.first(self.relu(self.first(given)))  # (N, F)
        return {"out": self.second(once) @ self.scale, "all": (once, given)}


def test_shared_weights_count_once_and_what_a_module_does_itself_is_its_own() -> None:
    layers = layers_of(Twice(), torch.randn(N, F))
    rows = [(layer.name, layer.call, layer.weights, layer.shared) for layer in layers]
    assert rows == [
        ("first", 0, 12, 0),
        ("relu", 0, 0, 0),
        ("first", 1, 12, 12),
        ("second", 0, 9, 9),
        ("", 0, 9, 0),
    ]
    assert sum(layer.weights - layer.shared for layer in layers) == 21
    assert [layer.multiply_adds for layer in layers] == [36, 0, 36, 36, 36]
    assert layers[-1].output == "(4x3, 4x3, 4x3)"
    assert (layers[-1].output_bytes, layers[0].weight_bytes) == (3 * N * F * 4, 12 * 4)


def test_a_training_is_bit_for_bit_the_same_with_and_without_the_table() -> None:
    def train(*, looks: bool) -> list[Tensor]:
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.ReLU(inplace=True)
        )
        given = torch.randn(N, 2, 8)
        if looks:
            with recorded_layers(net):
                net(given).square().sum().backward()
        else:
            net(given).square().sum().backward()
        return [weight.grad for weight in net.parameters() if weight.grad is not None]

    gradients = zip(train(looks=True), train(looks=False), strict=True)
    assert all(torch.equal(one, other) for one, other in gradients)


class Checkpointed(nn.Module):
    """A part that the backward pass computes again."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Linear(F, F)

    def forward(self, given: Tensor) -> Any:
        return checkpoint(self.part, given, use_reentrant=False)


def test_what_a_backward_pass_computes_again_is_no_layer() -> None:
    net = Checkpointed()
    with recorded_layers(net) as layers:
        net(torch.randn(N, F, requires_grad=True)).sum().backward()
    assert [(layer.name, layer.multiply_adds) for layer in layers] == [("part", N * F * F)]


def test_an_encoder_is_seen_layer_by_layer_where_it_would_run_as_one_kernel() -> None:
    inner = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.TransformerEncoder(inner, 1, enable_nested_tensor=False).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        layers = layers_of(net, torch.zeros(2, 5, 8))
    names = [layer.name for layer in layers if layer.multiply_adds]
    assert names == ["layers.0.self_attn", "layers.0.linear1", "layers.0.linear2"]
    assert torch.backends.mha.get_fastpath_enabled()
    attention = 2 * 2 * 5 * 5 * 8  # whose kernel torch's counter does not know on the CPU
    told = sum(layer.multiply_adds for layer in layers)
    assert told == counter.get_total_flops() // 2 + attention


def test_a_graph_network_has_its_weights_and_products_and_no_field() -> None:
    geometric = pytest.importorskip("torch_geometric.nn")
    net = geometric.Sequential(
        "x, edges",
        [
            (geometric.GCNConv(F, 5), "x, edges -> x"),
            nn.ReLU(),
            (geometric.GATConv(5, 2), "x, edges -> x"),
        ],
    )
    edges = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
    layers = layers_of(net, torch.randn(N, F), edges)
    assert sum(layer.weights for layer in layers) == sum(w.numel() for w in net.parameters())
    assert sum(layer.multiply_adds for layer in layers) == N * F * 5 + N * 5 * 2
    assert {layer.field for layer in layers} == {()}
    assert layers[-1].shape == (N, 2)


def test_an_error_in_the_network_leaves_no_hook_and_passes_through() -> None:
    net = nn.Sequential(nn.Linear(F, F))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        layers_of(net, torch.randn(N, F + 1))
    assert not net[0]._forward_hooks and not net[0]._forward_pre_hooks


def test_a_network_of_3000_layers_takes_seconds() -> None:
    block = (nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU())
    net = nn.Sequential(*(block[number % 3] for number in range(3000)))
    began_s = time.process_time()
    layers = layers_of(net, torch.zeros(2, 2, 4, 4))
    assert time.process_time() - began_s < 10  # 1 s on an idle machine
    assert len(layers) == 3000
    assert (layers[-1].field, layers[-1].call) == ((2001, 2001), 999)
    assert sum(layer.weights - layer.shared for layer in layers) == 38 + 4
