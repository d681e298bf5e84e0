"""Class maps: ours equals captum's, and each points at what the class depends on."""

from __future__ import annotations

import importlib.util

import captum.attr
import pytest
import torch
from torch import Tensor, nn

from workbench.catalog import install_command
from workbench.debugging import class_maps
from workbench.debugging.passes import Passes
from workbench.debugging.protocol import METHODS, Method
from workbench.debugging.samples import One
from workbench.debugging.subject import Subject
from workbench.errors import WorkbenchError


def _resnet() -> nn.Module:
    """Blocks, activations in place and a module used twice, as real networks have them."""
    from torchvision.models import resnet18  # noqa: PLC0415 - takes a second

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return resnet18(num_classes=4).eval()


class _Recipe:
    """What a class map needs of a recipe."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def predict_step(self, batch: tuple[Tensor]) -> Tensor:
        return self.net(batch[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("layer", ["conv1", "layer1", "layer2.0.conv2", "layer3.1.bn2", "layer4"])
@pytest.mark.parametrize("target", [0, 3])
def test_grad_cam_equals_captums(layer: str, target: int) -> None:
    net = _resnet()
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))  # (1, 3, 64, 64)
    one = One(0, (picture,))
    ours = class_maps.attributed(_Recipe(net), one, "grad_cam", layer=layer, target=target)  # type: ignore[arg-type]
    theirs = captum.attr.LayerGradCam(net, net.get_submodule(layer)).attribute(
        picture, target=target, relu_attributions=True
    )
    expected = theirs[0, 0].detach()
    assert expected.max() > 0
    assert (ours.shares - expected).abs().max() <= 1e-5 * expected.max()
    assert all(weight.grad is None for weight in net.parameters())


def test_without_a_layer_it_is_the_last_that_gives_maps(pictures: Subject) -> None:
    one = pictures.samples.at(0)
    layer = class_maps.last_with_maps(Passes(pictures.recipe).of(one))
    found = class_maps.attributed(pictures.recipe, one, "grad_cam", layer=layer, target=0)
    assert (found.layer, tuple(found.shares.shape)) == ("2", (6, 8))


class _RightHalf(nn.Module):
    """Class 1 is the brightness of the right half of the picture, and class 0 nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 2, 1, bias=False)
        nn.init.ones_(self.maps.weight)

    def forward(self, pictures: Tensor) -> Tensor:
        bright = self.maps(pictures)[..., pictures.shape[-1] // 2 :].mean((1, 2, 3))  # (N,)
        return torch.stack([0 * bright, bright], dim=1)  # (N, 2)


@pytest.mark.parametrize("method", METHODS[1:])
def test_captums_methods_point_at_the_half_that_counts(method: Method) -> None:
    one = One(0, (torch.rand(1, 3, 16, 16) + 0.5, torch.zeros(1, dtype=torch.long)))
    found = class_maps.attributed(_Recipe(_RightHalf()), one, method, layer="", target=1)  # type: ignore[arg-type]
    shares = class_maps.fitted(found.shares, 16, 16)
    assert shares.max() == 1
    assert shares[:, :7].abs().max() < 0.01
    assert shares[:, 9:].mean() > 0.3


def test_without_captum_it_says_how_to_get_it(
    pictures: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(class_maps, "find_spec", lambda name: None if name == "captum" else found(name))
    with pytest.raises(WorkbenchError, match="captum, which is not installed") as refused:
        class_maps.attributed(pictures.recipe, pictures.samples.at(0), "occlusion", layer="", target=0)
    assert refused.value.remedy == install_command(["captum"])


def test_what_is_not_wanted_any_more_ends_between_two_passes(pictures: Subject) -> None:
    passes = 0

    class GoneError(Exception):
        pass

    def still_wanted() -> None:
        nonlocal passes
        passes += 1
        if passes == 3:
            raise GoneError

    with pytest.raises(GoneError):
        class_maps.attributed(
            pictures.recipe,
            pictures.samples.at(0),
            "occlusion",
            layer="",
            target=0,
            still_wanted=still_wanted,
        )
    assert passes == 3


def test_a_map_is_laid_over_from_0_to_1() -> None:
    shares = torch.tensor([[-4.0, 2.0], [0.0, 1.0]])
    fitted = class_maps.fitted(shares, 4, 4)
    assert (float(fitted.min()), float(fitted.max())) == (0, 1)
    assert class_maps.fitted(torch.zeros(2, 2), 4, 4).eq(0).all()
    against = torch.tensor([1.0, -3.0])[:, None, None].expand(2, 2, 2)
    assert class_maps.grad_cam(torch.ones(2, 2, 2), against).eq(0).all()
