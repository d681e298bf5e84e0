"""The safetensors format, written out: a length, a header in JSON, then nothing but numbers.

Nothing in such a file can be executed, and a tensor can be read without the others. Any library for
safetensors reads these files, and these functions read its files. Format: Hugging Face, 2022.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.runs.folder import write_atomically

LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
ALIGNMENT = 8  # bytes: numbers begin where a processor reads them fastest
_WORDS = {
    **{torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"},
    **{torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8"},
    **{torch.uint8: "U8", torch.bool: "BOOL"},
}
_TYPES = {word: dtype for dtype, word in _WORDS.items()}


def write(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by their names; a number of more than one byte begins with its lowest.

    Raises:
        KeyError: for a dtype that the format does not know, such as complex numbers.
    """
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        part = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        begin, end = end, end + len(part)
        shape = list(tensor.shape)
        header[name] = {"dtype": _WORDS[tensor.dtype], "shape": shape, "data_offsets": [begin, end]}
        parts.append(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    write_atomically(file, b"".join([struct.pack("<Q", len(text)), text, *parts]))


def read(file: Path) -> dict[str, Tensor]:
    """The tensors of a file by their names.

    Raises:
        WorkbenchError: when it is cut short, damaged, or no such file.
    """
    try:
        data = file.read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        if length > min(LONGEST_HEADER, len(data) - 8):
            raise ValueError(f"a header of {length:,} bytes")
        header = json.loads(data[8 : 8 + length])
        numbers = memoryview(data)[8 + length :]
        return {name: _tensor(numbers, **of) for name, of in header.items() if name != "__metadata__"}
    except (OSError, struct.error, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise WorkbenchError(f"{file} is no whole safetensors file: {fault}", "write it anew") from None


def _tensor(numbers: memoryview, dtype: str, shape: list[int], data_offsets: list[int]) -> Tensor:
    begin, end = data_offsets
    kind = _TYPES[dtype]
    wanted = math.prod(shape) * kind.itemsize
    if not 0 <= begin <= end <= len(numbers) or end - begin != wanted:
        raise ValueError(f"{wanted} bytes are wanted, from {begin} to {end} of {len(numbers)}")
    if not wanted:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(bytearray(numbers[begin:end]), dtype=kind).reshape(shape)
