"""What a run's numbers depend on besides its parameters: versions, and the state of the repository."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

VERSIONS_OF = ("training-workbench", "torch", "torchvision", "numpy")


def versions() -> dict[str, str]:
    """Versions of what decides a run's numbers, read from package metadata."""
    found = {"python": platform.python_version()}
    for package in VERSIONS_OF:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path) -> str:
    """The commit that `folder` is at, with `+` where tracked files differ; empty outside of git."""
    try:
        said = subprocess.run(
            [
                "git",
                "-C",
                str(folder),
                "describe",
                "--always",
                "--dirty=+",
                "--abbrev=40",
                "--exclude=*",
            ],
            capture_output=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.decode().strip() if said.returncode == 0 else ""
