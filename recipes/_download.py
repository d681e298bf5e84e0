"""Files of an archive that a server has, kept with the data of this user once they were downloaded."""

from __future__ import annotations

import io
import urllib.request
import zipfile
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.paths import data_dir
from workbench.runs.folder import write_atomically

PATIENCE_S = 30.0  # for each answer of the server; a network that swallows all packets gives none


def unpacked(name: str, url: str, files: Sequence[str], otherwise: str) -> Path:
    """The folder that holds those files of the zip archive at `url`, wherever in it they are.

    `otherwise` is what else can be done, in words that follow `or`.

    Raises:
        WorkbenchError: when they are neither on this disk nor to be had.
    """
    place = data_dir() / name
    if all((place / file).is_file() for file in files):
        return place
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        members = {Path(member).name: member for member in archive.namelist()}
        missing = [file for file in files if file not in members]
        if missing:
            raise OSError(f"what {url} sends has no {', '.join(missing)}")
        place.mkdir(parents=True, exist_ok=True)
        for file in files:
            write_atomically(place / file, archive.read(members[file]))
    except (OSError, HTTPException, zipfile.BadZipFile, zlib.error) as fault:
        raise WorkbenchError(
            f"{place.name} is not in {place.parent} and cannot be downloaded: {fault}",
            f"train once where there is a network, or {otherwise}",
        ) from None
    return place
