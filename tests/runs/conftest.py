"""A run to write to, and a second process to share it with."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from workbench.runs import folder as folders
from workbench.runs.events import Event
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.recorder import Recorder

Python = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder(checkpoints: Path) -> RunFolder:
    """A run that was created and not launched."""
    manifest = Manifest(name="", recipe=RecipeReference(id="images/cnn", file="cnn.py"))
    return folders.create(manifest, checkpoints)[0]


@pytest.fixture
def recorder(folder: RunFolder) -> Iterator[Recorder]:
    """Writes the run's events."""
    writer = Recorder(folder.events_file)
    yield writer
    writer.close()


@pytest.fixture
def record(recorder: Recorder) -> Callable[..., None]:
    """Appends records to the run's events."""

    def append(*events: Event) -> None:
        for event in events:
            recorder.record(event)

    return append


@pytest.fixture
def python() -> Iterator[Python]:
    """Runs a program with arguments in another process, which is gone when the test ends."""
    with ExitStack() as ends:

        def start(program: str, *arguments: object) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            ends.enter_context(process)
            ends.callback(process.kill)
            return process

        yield start


@pytest.fixture
def files_at_most() -> Callable[[int], AbstractContextManager[None]]:
    """No file can grow beyond a number of bytes, as on a disk that fills up in the middle of a line."""
    return _files_at_most


@contextmanager
def _files_at_most(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
