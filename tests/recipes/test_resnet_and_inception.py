"""Skip connections and inception blocks: what they do to gradients, sizes and cost."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from recipes.advanced import inception, resnet
from tests.recipes.conftest import Train
from workbench.errors import WorkbenchError
from workbench.runs.events import Finished

PICTURES = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_a_residual_block_begins_as_if_it_were_not_there() -> None:
    maps = PICTURES.abs().repeat(1, 3, 1, 1)  # (4, 3, 28, 28), as a ReLU leaves them
    block = resnet.Block(3, skip=True, norm=False)
    last = block.layers[3]
    assert isinstance(last, nn.Conv2d) and last.bias is not None
    assert torch.allclose(block(maps), (maps + last.bias[:, None, None]).relu())
    assert not torch.allclose(resnet.Block(3, skip=False, norm=False)(maps), maps)


def test_gradients_reach_the_first_block_past_the_others() -> None:
    torch.manual_seed(0)
    sizes: dict[bool, float] = {}
    for skip in (True, False):
        net = resnet.DeepNet(1, 10, width=8, blocks=12, skip=skip, norm=False)
        net(PICTURES).square().sum().backward()
        first = net.first.weight.grad
        assert first is not None
        sizes[skip] = float(first.norm())
    assert sizes[True] > 1e3 * sizes[False]


@pytest.mark.parametrize("blocks", [1, 2, 12])
def test_maps_halve_at_thirds_whatever_the_depth(blocks: int) -> None:
    net = resnet.DeepNet(1, 10, width=4, blocks=blocks, skip=True, norm=True)
    assert sum(isinstance(layer, resnet.Block) for layer in net.blocks) == blocks
    assert net(PICTURES).shape == (4, 10)


def test_an_inception_block_puts_its_branches_side_by_side_and_costs_what_the_table_says() -> None:
    block = inception.Inception(6, 4).eval()
    maps = torch.randn(1, 6, 14, 14)
    with FlopCounterMode(display=False) as counter:
        found = block(maps)
    assert found.shape == (1, 16, 14, 14)
    assert torch.equal(found[:, 4:8], block.branches["3 x 3"](maps))
    assert 2 * inception._multiplications(block, 14 * 14) == counter.get_total_flops()


@pytest.mark.parametrize("blocks", [1, 3])
def test_the_plain_net_has_about_as_many_weights(blocks: int) -> None:
    recipe = inception.InceptionNet(inception.InceptionNet.Params(blocks=blocks))
    recipe.channels, recipe.classes = 1, [str(digit) for digit in range(10)]
    nets = recipe.model()
    ours, plain = (sum(p.numel() for p in nets[name].blocks.parameters()) for name in nets)
    assert plain == pytest.approx(ours, rel=0.1)


@pytest.mark.parametrize(
    ("recipe", "small", "figures"),
    [
        ("advanced/resnet", {"blocks": 3, "width": 4}, ["gradients", "skips"]),
        ("advanced/inception", {"width": 4}, ["cost", "branches", "maps"]),
    ],
)
def test_both_nets_are_trained_side_by_side(
    train: Train, recipe: str, small: dict[str, object], figures: list[str]
) -> None:
    history = train(recipe, epochs=1, **small)
    assert isinstance(history.ended, Finished)
    assert [*history.figures] == figures
    assert {"test/accuracy", "test/accuracy/plain"} <= set(history.ended.results)


def test_more_halvings_than_a_picture_has_room_for_are_refused() -> None:
    recipe = inception.InceptionNet(inception.InceptionNet.Params(dataset="digits", blocks=4), seed=0)
    with pytest.raises(WorkbenchError, match="of 8 pixels to nothing") as raised:
        recipe.data()
    assert "blocks=3" in raised.value.remedy
