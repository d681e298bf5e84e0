"""SPEECHCOMMANDS by torchaudio's loader: words said by thousands of people (P. Warden, 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.catalog import install_command
from workbench.errors import Faults, WorkbenchError
from workbench.paths import data_dir

NAME = "SPEECHCOMMANDS"
SUBSETS = {"training": "training", "validation": "validation", "test": "testing"}

Named = list[tuple[Path, str]]  # files, and the word that each holds


def parts(words: Sequence[str] = ()) -> list[Named]:
    """Training, validation and test part, by the lists that come with the set: no speaker is in two.

    The loader downloads the set where there is a network, once. Files are in its order.

    Args:
        words: what each part has to hold; empty: every word that one of them holds.

    Raises:
        WorkbenchError: when torchaudio is not installed, the set is not there to be read, or parts
            lack words.
    """
    found = {part: _files(subset) for part, subset in SUBSETS.items()}
    wanted = words or sorted({word for named in found.values() for _, word in named})
    faults = Faults(NAME)
    for part, named in found.items():
        held = {word for _, word in named}
        if lacking := [word for word in wanted if word not in held]:
            faults.add(
                f"the {part} part lacks {', '.join(lacking)}",
                f"remove {data_dir() / 'SpeechCommands'}, so that it is downloaded anew",
            )
    faults.tell()
    return [*found.values()]


def short(file: Path) -> str:
    """What a file is called in a fault: the word, and its name."""
    return f"{file.parent.name}/{file.name}"


def _files(subset: str) -> Named:
    try:
        from torchaudio.datasets import SPEECHCOMMANDS  # noqa: PLC0415 - only who asks for it needs it
    except ImportError:
        raise WorkbenchError(
            f"{NAME} is loaded by torchaudio, which is not installed", install_command(["torchaudio"])
        ) from None
    root = data_dir()
    try:
        root.mkdir(parents=True, exist_ok=True)
        found = SPEECHCOMMANDS(root, download=True, subset=subset)
    except (OSError, RuntimeError) as fault:
        raise WorkbenchError(
            f"{NAME} is not in {root} and cannot be downloaded: {fault}",
            "train once where there is a network, or use dataset=synthesised, which needs none",
        ) from None
    # The loader's own reading of sounds needs torchcodec; where they are it tells without.
    told = (found.get_metadata(index) for index in range(len(found)))
    return [(root / "SpeechCommands" / file, word) for file, _, word, *_ in told]
