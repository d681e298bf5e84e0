"""A folder as a call names it."""

from __future__ import annotations

import argparse
from pathlib import Path


def folder(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("not a folder's name")
    return Path(text).expanduser().absolute()
