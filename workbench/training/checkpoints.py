"""Checkpoints: copied in a moment, written aside and renamed, loaded weights-only."""

from __future__ import annotations

import io
import os
import pickle
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

import torch
from torch import Tensor

from workbench import version
from workbench.errors import WorkbenchError
from workbench.runs.checkpoint_writer import Job, put_in_place
from workbench.runs.run import CHECKPOINT_FORMAT
from workbench.training.trees import mapped, tensors_in

Layout = tuple[torch.Size, tuple[int, ...], torch.dtype]

PIECE_BYTES = 8 << 20


class TorchCheckpoints:
    """What a run's record needs to know of torch: how a state is copied, written and read.

    Copies are made into memory that earlier ones have left: to be given new pages by the system takes
    many times longer than copying.
    """

    def __init__(self) -> None:
        self._spare: defaultdict[Layout, list[Tensor]] = defaultdict(list)
        self._copying: dict[int, list[torch.cuda.Event]] = {}

    def reserve(self, state: Mapping[str, Any]) -> Callable[[], None]:
        """What makes the memory ready that a snapshot of such a state takes; any thread may call it."""
        tensors = _strided(state)

        def make_ready() -> None:
            for tensor in tensors:
                self._spare[_layout(tensor)].append(_empty(tensor).fill_(0))

        return make_ready

    def snapshot(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """A copy of `state` on the host, valid until it is written; what shares memory goes on sharing.

        Copies from a CUDA device are only begun, in the order of its work: `write` waits for them.

        Raises:
            WorkbenchError: when `state` holds what could not be loaded weights-only again.
        """
        _check(state)
        copies: dict[tuple[Any, ...], Tensor] = {}
        copied: dict[str, Any] = mapped(state, lambda leaf: self._copied(leaf, copies))
        devices = {tensor.device for tensor in tensors_in(state) if tensor.device.type == "cuda"}
        self._copying[id(copied)] = [torch.cuda.current_stream(one).record_event() for one in devices]
        return copied

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        """Write a snapshot to `path` and flush it to the disk; its memory is free for the next one.

        Raises:
            OSError: when the disk is full or the folder is not writable.
        """
        for copying in self._copying.pop(id(state), []):
            copying.synchronize()
        try:
            with path.open("wb") as file:
                _save(state, file)
                file.flush()
                os.fsync(file.fileno())
        finally:
            self._give_back(_strided(state))

    def read(self, path: Path) -> dict[str, Any]:
        """What `write` wrote, on the CPU; as the function `read` of this module."""
        return read(path)

    def _give_back(self, tensors: list[Tensor]) -> None:
        """Keep their memory for the next copies, and let go of what no longer has their layouts."""
        for layout in set(self._spare) - {_layout(tensor) for tensor in tensors}:
            self._spare.pop(layout, None)
        for tensor in tensors:
            self._spare[_layout(tensor)].append(tensor)

    def _copied(self, leaf: Any, copies: dict[tuple[Any, ...], Tensor]) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        tensor = leaf.detach()
        if tensor.layout != torch.strided:
            return tensor.cpu().clone()
        key = (tensor.data_ptr(), tensor.device, tensor.stride(), *_layout(tensor))
        if key not in copies:
            spare = self._spare[_layout(tensor)]
            room = spare.pop() if spare else _empty(tensor)
            copies[key] = room.copy_(tensor, non_blocking=tensor.device.type == "cuda")
        return copies[key]


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write `state` atomically: after any failure the earlier file is whole.

    Raises:
        OSError: when the disk is full or the folder is not writable.
        WorkbenchError: when `state` holds what could not be loaded weights-only again.
    """
    files = TorchCheckpoints()
    job = Job(path.parent, (path.name,), files.snapshot(state), done=lambda: None)
    put_in_place(files, job)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU.

    Raises:
        WorkbenchError: when the file is cut short, no checkpoint, of another format, or holds code.
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
    if state.get("format") != CHECKPOINT_FORMAT:
        writer, ours = state.get("workbench") or "an older one", version() or "unknown"
        raise WorkbenchError(
            f"{path} was written by another workbench: its version is {writer} and its format "
            f"{state.get('format')}; this one is {ours} and reads format {CHECKPOINT_FORMAT}",
            "continue the run with the workbench that wrote it, or start a new one",
        )
    return state


def _check(state: Mapping[str, Any]) -> None:
    """Load a copy without any numbers, as it will be loaded one day."""
    empty = mapped(state, lambda leaf: leaf.to("meta") if isinstance(leaf, Tensor) else leaf)
    buffer = io.BytesIO()
    torch.save(empty, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except pickle.UnpicklingError as fault:
        raise WorkbenchError(
            f"this state cannot be kept in a checkpoint: {_first_sentence(fault)}",
            "keep tensors, numbers, texts, lists and dicts of them in state_dict()",
        ) from None


def _strided(state: Mapping[str, Any]) -> list[Tensor]:
    """The tensors of a state that are plain blocks of memory, each once."""
    blocks = {id(one): one for one in tensors_in(state) if one.layout == torch.strided}
    return list(blocks.values())


def _layout(tensor: Tensor) -> Layout:
    """What a copy of it looks like; a view's or an expanded tensor's is a block of its own."""
    return tensor.shape, torch.empty_like(tensor, device="meta").stride(), tensor.dtype


def _empty(tensor: Tensor) -> Tensor:
    """Room on the host for a copy; a CUDA device is given such as it can write to itself."""
    pinned = tensor.device.type == "cuda"
    return torch.empty_like(tensor, device="cpu", pin_memory=pinned)


def _save(state: Mapping[str, Any], file: IO[bytes]) -> None:
    """Into a file of Python's: torch's own writer would keep all other threads waiting meanwhile.

    Without checksums, which take as long as the writing, keep other threads waiting, and are never
    looked at when the file is loaded.

    Raises:
        OSError: what the disk said, which torch reports as an error of its own.
    """
    with_checksums = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(dict(state), cast("IO[bytes]", _Piecewise(file)))
    except RuntimeError as fault:
        if isinstance(fault.__context__, OSError):
            raise fault.__context__ from None
        raise
    finally:
        torch.serialization.set_crc32_options(with_checksums)


class _Piecewise:
    """Sends each piece to the disk before the next one, and lets the system's copy of it go.

    Else a large file takes new pages of memory for all of itself, which the kernel prepares on the
    processors that the steps need: four times the work of writing it in pieces.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unsent = 0

    def write(self, data: Any) -> int:
        """All of `data`, a buffer of bytes."""
        whole = memoryview(data).cast("B")
        for start in range(0, len(whole), PIECE_BYTES):
            self._unsent += self._file.write(whole[start : start + PIECE_BYTES])
            if self._unsent >= PIECE_BYTES:
                self._send()
        return len(whole)

    def flush(self) -> None:
        self._file.flush()

    def _send(self) -> None:
        self._unsent = 0
        if sys.platform == "linux":
            self._file.flush()
            os.fdatasync(self._file.fileno())
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _first_sentence(fault: BaseException) -> str:
    return str(fault).partition("\n")[0][:200] or type(fault).__name__
