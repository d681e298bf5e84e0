"""From one place in a network to the next: how far it goes, and where a key leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.debugging.protocol import MAPS_A_PAGE, View
from workbench.figures.data import ImageGrid, Matrix
from workbench.tui.inspect.facts import Network, Place, Shot, Tab
from workbench.tui.inspect.layer_rows import module_of
from workbench.tui.inspect.requests import page_of

OF_A_LAYER: tuple[Tab, ...] = ("maps", "kernels")
OF_A_SAMPLE: tuple[Tab, ...] = ("maps", "class_map", "attention", "sample")
PAGED: tuple[Tab, ...] = ("maps", "kernels", "attention", "mistakes")
SINGLE: tuple[Tab, ...] = ("maps", "attention", "mistakes")


@dataclass(frozen=True)
class Reach:
    """How far one can go from a place.

    Attributes:
        layers: the calls of layers, (name, call), in their order.
        kernels: those of them that have weights.
        weighed: the layers whose maps Grad-CAM can weigh.
        samples: how many there are, with the user's own.
        classes: how many are told apart; 0 where that is not known.
        pages: of what is seen; `parts` is how many maps, heads or mistakes all pages hold together.
        calls: how many calls attend.
        samples_shown: the samples that are seen, where those are mistakes.
    """

    layers: Sequence[tuple[str, int]] = ()
    kernels: Sequence[tuple[str, int]] = ()
    weighed: Sequence[str] = ()
    samples: int = 0
    classes: int = 0
    pages: int = 1
    parts: int = 1
    calls: int = 1
    samples_shown: Sequence[int] = ()

    def can(self, place: Place, way: str) -> bool:
        """Whether a way leads anywhere from a place."""
        match way:
            case "layer":
                return self._layers(place) > 1
            case "ends":
                return len(self._among(place)) > 1
            case "sample":
                return place.tab in OF_A_SAMPLE and self.samples > 1
            case "page":
                return place.tab in PAGED and place.number < 0 and self.pages > 1
            case "one":
                return place.tab in SINGLE and self.parts > 1
            case "beside":
                return place.tab == "maps"
            case "common":
                return place.tab == "maps" and place.number < 0
            case "method":
                return place.tab == "class_map"
            case "class":
                return place.tab == "class_map" and self.classes > 1
        return False

    def _layers(self, place: Place) -> int:
        if place.tab == "attention":
            return self.calls
        if place.tab == "class_map":
            return len(self.weighed) if place.method == "grad_cam" else 0
        return len(self._among(place))

    def _among(self, place: Place) -> Sequence[tuple[str, int]]:
        if place.tab == "kernels":
            return self.kernels
        return self.layers if place.tab == "maps" else ()


def reach_of(network: Network, own_samples: int, shot: Shot | None) -> Reach:
    """How far one can go in a network, from what is seen of it now."""
    layers = network.table.layers
    opened = network.opened
    first = Reach(
        layers=[(one.name, one.call) for one in layers],
        kernels=[(one.name, one.call) for one in layers if one.weights and "Norm" not in one.kind],
        weighed=list(dict.fromkeys(one.name for one in layers if _gives_maps(one.shape))),
        samples=opened.samples + own_samples,
        classes=len(opened.classes),
    )
    answer = None if shot is None else shot.answer
    if not isinstance(answer, View):
        return first
    return replace(
        first,
        pages=answer.pages,
        parts=answer.count if _is_in_parts(answer) else 1,
        calls=answer.calls,
        samples_shown=answer.samples,
    )


def _is_in_parts(view: View) -> bool:
    """Whether its parts can be seen alone: not where a long vector is folded into a matrix."""
    if isinstance(view.figure, Matrix):
        return len(view.figure.values) in {1, min(view.count - view.first, MAPS_A_PAGE)}
    return isinstance(view.figure, ImageGrid)


def opened_at(place: Place, tab: Tab, reach: Reach) -> Place:
    """Where one stands when a tab is opened; for kernels on a layer that has some, before or behind."""
    place = replace(place, tab=tab, page=0, number=-1)
    here = (module_of(place.layer), place.call)
    if tab == "kernels" and reach.kernels and here not in reach.kernels:
        place = _on(place, _next_to(here, reach.layers, reach.kernels, -1))
    return place


def _gives_maps(shape: Sequence[int]) -> bool:
    return len(shape) == 4 and max(shape[2:]) > 1


def moved(place: Place, reach: Reach, way: str, by: int) -> Place:
    """Where a way leads from a place; from the last one to the first."""
    match way:
        case "layer":
            return _other_layer(place, reach, by)
        case "ends":
            return _at_end(place, reach, by)
        case "sample":
            return replace(place, sample=(place.sample + by) % reach.samples)
        case "page":
            return replace(place, page=(place.page + by) % reach.pages)
        case "one":
            return _one(place, reach, by)
        case "beside":
            return replace(place, beside=not place.beside)
        case "common":
            return replace(place, common=not place.common)
        case "method":
            return replace(place, method=place.next_method())
        case "class":
            return replace(place, target=(place.target + 1 + by) % (reach.classes + 1) - 1)
    return place


def _other_layer(place: Place, reach: Reach, by: int) -> Place:
    if place.tab == "attention":
        return replace(place, attending=(place.attending + by) % reach.calls, page=0, number=-1)
    if place.tab == "class_map":
        # Without a name it is the last one.
        names = list(reach.weighed)
        at = names.index(place.weighed) if place.weighed in names else len(names) - 1
        return replace(place, weighed=names[(at + by) % len(names)])
    among = reach.kernels if place.tab == "kernels" else reach.layers
    here = (module_of(place.layer), place.call)
    if here in among:
        return _on(place, among[(list(among).index(here) + by) % len(among)])
    return _on(place, _next_to(here, reach.layers, among, by))


def _next_to(
    here: tuple[str, int],
    layers: Sequence[tuple[str, int]],
    among: Sequence[tuple[str, int]],
    by: int,
) -> tuple[str, int]:
    """The next of some layers, from a layer that is none of them."""
    at = list(layers).index(here) if here in layers else -1
    onward = (
        [*layers[at + 1 :], *layers[: at + 1]] if by > 0 else [*layers[:at][::-1], *layers[at:][::-1]]
    )
    return next(one for one in onward if one in among)


def _at_end(place: Place, reach: Reach, by: int) -> Place:
    among = reach.kernels if place.tab == "kernels" else reach.layers
    return _on(place, among[0 if by < 0 else -1])


def _on(place: Place, layer: tuple[str, int]) -> Place:
    return replace(place, layer=layer[0], call=layer[1], page=0, number=-1)


def _one(place: Place, reach: Reach, by: int) -> Place:
    """The next map or head alone; the first one of the page, where all of it was seen."""
    first = place.page * MAPS_A_PAGE
    at = (place.number + by if place.number >= 0 else first + min(by, 0)) % reach.parts
    page = place.page if place.tab == "mistakes" else page_of(at)
    return replace(place, number=at, page=page)
