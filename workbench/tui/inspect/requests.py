"""What is asked of the inspecting worker for a place."""

from __future__ import annotations

from workbench.debugging import protocol
from workbench.debugging.protocol import MAPS_A_PAGE, Request
from workbench.tui.inspect.facts import Place
from workbench.tui.inspect.layer_rows import module_of


def request_of(place: Place) -> Request | None:
    """The request that a place needs; None where what is known already is all there is to see."""
    match place.tab:
        case "maps":
            return protocol.Maps(
                layer=module_of(place.layer),
                call=place.call,
                sample=place.sample,
                page=place.page,
                number=place.number,
                beside=place.beside,
                common=place.common,
            )
        case "kernels":
            return protocol.Kernels(layer=module_of(place.layer), page=place.page)
        case "class_map":
            layer = place.weighed if place.method == "grad_cam" else ""
            return protocol.ClassMap(
                sample=place.sample, method=place.method, layer=layer, target=place.target
            )
        case "attention":
            # Without a layer, all calls that attend are counted through.
            return protocol.Attention(
                call=place.attending, sample=place.sample, page=place.page, head=place.number
            )
        case "sample":
            return protocol.Sample(index=place.sample)
        case "mistakes":
            return protocol.Mistakes(page=place.page)
    return None


def page_of(number: int) -> int:
    """The page that a map or a head stands on."""
    return number // MAPS_A_PAGE


def awaited(place: Place) -> str:
    """What a person waits for, in words."""
    layer = place.layer or "the network"
    match place.tab:
        case "maps":
            return f"the maps of {layer}"
        case "kernels":
            return f"the weights of {layer}"
        case "class_map":
            slow = "" if place.method == "grad_cam" else ", which takes many passes"
            return f"{method_name(place.method)} of sample {place.sample}{slow}"
        case "attention":
            return "the attention weights"
        case "sample":
            return f"sample {place.sample}"
        case "mistakes":
            return "the mistakes, for which all samples are looked at"
    return ""


def method_name(method: str) -> str:
    """A method of class maps as it is called in papers."""
    return {
        "grad_cam": "Grad-CAM",
        "integrated_gradients": "integrated gradients",
        "occlusion": "occlusion",
    }[method]
