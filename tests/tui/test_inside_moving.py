"""Where keys lead in a network, and what is asked of the worker there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.debugging.protocol import (
    Attention,
    ClassMap,
    Kernels,
    LayerTable,
    Maps,
    Mistakes,
    Opened,
    Sample,
    View,
)
from workbench.figures.data import Bars, ImageGrid
from workbench.rehearsal import Layer
from workbench.tui.inspect.facts import Network, Place, Shot
from workbench.tui.inspect.moving import Reach, moved, opened_at, reach_of
from workbench.tui.inspect.requests import awaited, request_of

LAYERS = (
    Layer("conv", "Conv2d", "1x64x8x8", 100, shape=(1, 64, 8, 8)),
    Layer("norm", "BatchNorm2d", "1x64x8x8", 128, shape=(1, 64, 8, 8)),
    Layer("relu", "ReLU", "1x64x8x8", 0, shape=(1, 64, 8, 8)),
    Layer("head", "Linear", "1x10", 640, shape=(1, 10)),
)
NETWORK = Network(
    Opened(title="run", recipe="a/b", samples=3, classes=("cat", "dog")), LayerTable(layers=LAYERS)
)
AT = Place(tab="maps", layer="conv")


def reach(figure: object = None, **view: object) -> Reach:
    """How far one can go from a view of this kind."""
    if figure is None:
        return reach_of(NETWORK, 0, None)
    return reach_of(NETWORK, 0, Shot(AT, View(request="maps", figure=figure, **view)))  # type: ignore[arg-type]


def grid(count: int) -> ImageGrid:
    return ImageGrid("Maps", list(np.zeros((count, 4, 4), np.uint8)))


def test_layers_follow_each_other_in_a_ring_from_their_first_page() -> None:
    far = replace(AT, page=1, number=70)
    after = moved(far, reach(), "layer", 1)
    assert (after.layer, after.page, after.number) == ("norm", 0, -1)
    assert moved(AT, reach(), "layer", -1).layer == "head"
    assert moved(AT, reach(), "ends", 1).layer == "head"
    assert moved(after, reach(), "ends", -1).layer == "conv"


def test_kernels_are_those_of_layers_that_have_some() -> None:
    place = opened_at(replace(AT, layer="relu"), "kernels", reach())
    assert place.layer == "conv", "the layer before, whose weights made this one's maps"
    assert moved(place, reach(), "layer", 1).layer == "head"
    assert opened_at(replace(AT, layer="head"), "kernels", reach()).layer == "head"


def test_of_a_function_behind_a_layer_the_maps_of_that_layer_are_shown() -> None:
    place = replace(AT, layer="norm/relu")
    asked = request_of(place)
    assert isinstance(asked, Maps)
    assert asked.layer == "norm"
    assert moved(place, reach(), "layer", 1).layer == "relu"


def test_samples_go_round_with_ones_own_behind_the_others() -> None:
    assert moved(replace(AT, sample=2), reach(), "sample", 1).sample == 0
    own = reach_of(NETWORK, 1, None)
    assert moved(replace(AT, sample=2), own, "sample", 1).sample == 3


def test_one_map_alone_begins_with_the_first_of_the_page_and_turns_pages() -> None:
    many = reach(grid(64), count=130, pages=3)
    assert moved(replace(AT, page=1), many, "one", 1).number == 64
    last = replace(AT, page=1, number=127)
    after = moved(last, many, "one", 1)
    assert (after.number, after.page) == (128, 2)
    assert moved(replace(AT, number=0), many, "one", -1).number == 129


def test_keys_that_lead_nowhere_are_not_offered() -> None:
    vector = reach(Bars("Numbers", ["0", "1"], [1.0, 2.0]), count=2)
    assert not vector.can(AT, "one")
    assert not reach(grid(64), count=64).can(AT, "page")
    assert reach(grid(64), count=130, pages=3).can(AT, "page")
    assert not reach(grid(64), count=130, pages=3).can(replace(AT, number=5), "page")
    assert not reach().can(replace(AT, tab="sample"), "layer")
    assert reach().can(replace(AT, tab="sample"), "sample")
    assert not reach().can(replace(AT, tab="kernels"), "sample")
    assert not reach().can(AT, "method")


def test_grad_cam_weighs_layers_that_give_maps_and_begins_with_the_last() -> None:
    place = Place(tab="class_map")
    assert list(reach().weighed) == ["conv", "norm", "relu"]
    assert moved(place, reach(), "layer", -1).weighed == "norm"
    assert moved(place, reach(), "layer", 1).weighed == "conv"
    occluded = replace(place, method="occlusion", weighed="norm")
    assert not reach().can(occluded, "layer")
    assert request_of(occluded) == ClassMap(method="occlusion"), "which weighs no layer's maps"


def test_the_class_goes_from_the_one_that_is_seen_through_all() -> None:
    place = Place(tab="class_map")
    seen = [place.target]
    for _ in range(3):
        place = moved(place, reach(), "class", 1)
        seen.append(place.target)
    assert seen == [-1, 0, 1, -1]


def test_each_tab_asks_for_its_figure() -> None:
    place = Place(layer="conv", call=1, sample=2, page=3, number=4, beside=True, attending=5)
    asked = {tab: request_of(replace(place, tab=tab)) for tab in ("maps", "kernels", "attention")}
    assert asked == {
        "maps": Maps(layer="conv", call=1, sample=2, page=3, number=4, beside=True),
        "kernels": Kernels(layer="conv", page=3),
        "attention": Attention(call=5, sample=2, page=3, head=4),
    }
    assert request_of(replace(place, tab="sample")) == Sample(index=2)
    assert request_of(replace(place, tab="mistakes")) == Mistakes(page=3)
    assert request_of(replace(place, tab="layers")) is None


def test_what_is_waited_for_is_told_in_words() -> None:
    assert awaited(AT) == "the maps of conv"
    slow = awaited(Place(tab="class_map", method="occlusion"))
    assert slow == "occlusion of sample 0, which takes many passes"
