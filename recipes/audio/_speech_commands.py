"""SPEECHCOMMANDS by torchaudio's loader: words said by thousands of people (P. Warden, 2018)."""

from __future__ import annotations

from pathlib import Path

from workbench.catalog import install_command
from workbench.errors import WorkbenchError
from workbench.paths import data_dir


def files(subset: str, *, instead: str) -> list[tuple[Path, str]]:
    """The files of a subset and their words, in the loader's order.

    No speaker is in two subsets. The loader downloads the set where there is a network, once.

    Args:
        subset: `training`, `validation` or `testing`.
        instead: the value of `dataset` to advise where the set cannot be had.

    Raises:
        WorkbenchError: when torchaudio is not installed, or the set is not there to be read.
    """
    try:
        from torchaudio.datasets import SPEECHCOMMANDS  # noqa: PLC0415 - only who asks for it needs it
    except ImportError:
        raise WorkbenchError(
            "SPEECHCOMMANDS is loaded by torchaudio, which is not installed",
            install_command(["torchaudio"]),
        ) from None
    root = data_dir()
    try:
        root.mkdir(parents=True, exist_ok=True)
        found = SPEECHCOMMANDS(root, download=True, subset=subset)
    except (OSError, RuntimeError) as fault:
        raise WorkbenchError(
            f"SPEECHCOMMANDS is not in {root} and cannot be downloaded: {fault}",
            f"train once where there is a network, or use dataset={instead}, which needs none",
        ) from None
    # The loader's own reading of sounds needs torchcodec; where they are it tells without.
    told = (found.get_metadata(index) for index in range(len(found)))
    return [(root / "SpeechCommands" / file, word) for file, _, word, *_ in told]
