"""Checkpoints: written aside and renamed, loaded weights-only, so that no file can run code."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from workbench.errors import WorkbenchError
from workbench.runs.folder import write_atomically

FORMAT = 1


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write `state` atomically: after any failure the earlier file is whole.

    Raises:
        OSError: when the disk is full or the folder is not writable.
        WorkbenchError: when `state` holds what could not be loaded weights-only again.
    """
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, map_location="meta", weights_only=True)
    except pickle.UnpicklingError as fault:
        raise WorkbenchError(
            f"this state cannot be kept in a checkpoint: {_first_sentence(fault)}",
            "keep tensors, numbers, texts, lists and dicts of them in state_dict()",
        ) from None
    write_atomically(path, buffer.getvalue())


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU.

    Raises:
        WorkbenchError: when the file is cut short, no checkpoint, of a newer format, or holds code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on a foreign pickle, which is refused anyway
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WorkbenchError(f"there is no checkpoint {path}") from None
    except pickle.UnpicklingError:
        raise WorkbenchError(
            f"{path} is refused: it holds more than tensors and plain values",
            "a file that runs code when it is opened is no checkpoint of the workbench",
        ) from None
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as fault:
        raise WorkbenchError(
            f"{path} is damaged or no checkpoint: {_first_sentence(fault)}",
            "continue from another checkpoint, or start again",
        ) from None
    if not isinstance(state, dict) or "state" not in state or "step" not in state:
        raise WorkbenchError(f"{path} is no checkpoint of the workbench")
    if state.get("format") != FORMAT:
        raise WorkbenchError(
            f"{path} was written by another workbench (format {state.get('format')}, not {FORMAT})",
            "update the workbench to read it",
        )
    return state


def _first_sentence(fault: BaseException) -> str:
    return str(fault).partition("\n")[0][:200] or type(fault).__name__
