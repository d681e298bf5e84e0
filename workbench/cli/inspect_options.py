"""The options of `workbench inspect`."""

from __future__ import annotations

import argparse

from workbench.cli.folders import folder
from workbench.debugging.protocol import METHODS


def add_inspect(one: argparse.ArgumentParser) -> None:
    """What is looked into, what of it, and how it is shown."""
    one.usage = "%(prog)s [options] RUN\n       %(prog)s [options] RECIPE [name=value ...]"
    one.add_argument(
        "words",
        metavar="RUN|RECIPE",
        nargs="+",
        help="a run's name or number; or a recipe, whose network is then untrained, and behind it "
        "parameters as name=value",
    )
    one.add_argument(
        "--checkpoint",
        metavar="NAME",
        default="",
        help="of the run: best, last, or the step of one that was kept (default: best, else last)",
    )
    _inspected(one)
    one.add_argument("--seed", type=int, default=0, help="of a recipe's untrained network (default: 0)")
    one.add_argument("--device", default="cpu", help="where it computes (default: cpu)")
    way = one.add_mutually_exclusive_group()
    way.add_argument("--json", action="store_true", help="write JSON; pixels in base64")
    way.add_argument("--png", metavar="DIR", type=folder, help="write the pictures into this folder")


def _inspected(one: argparse.ArgumentParser) -> None:
    """What of a network is looked at."""
    one.add_argument("--layer", metavar="L", help="a layer of the table: what it gives for the sample")
    one.add_argument("--call", type=int, default=0, metavar="N", help="its further calls in a pass")
    one.add_argument("--map", type=int, default=-1, metavar="N", help="one of its maps alone, large")
    one.add_argument("--page", type=int, default=0, metavar="N", help="of 64 maps (default: 0)")
    one.add_argument("--sample", type=int, metavar="N", help="of the validation part (default: 0)")
    one.add_argument("--image", metavar="PATH", help="a picture of your own instead of a sample")
    what = one.add_mutually_exclusive_group()
    what.add_argument(
        "--method",
        choices=METHODS,
        help="what of the picture speaks for a class, laid over it; grad_cam by the maps of --layer",
    )
    what.add_argument("--kernels", action="store_true", help="the weights of --layer")
    what.add_argument("--attention", action="store_true", help="the heads of --layer; --map N for one")
    what.add_argument("--mistakes", action="store_true", help="the most confident mistakes")
    one.add_argument(
        "--class", dest="target", type=int, default=-1, metavar="K", help="for --method another class"
    )
