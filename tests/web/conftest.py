"""`workbench web` as a program of its own, and one Chromium that all tests share."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder

from .browser import CHROMIUM, Browser, Tab

COUNT = '''
"""Counts."""
from workbench import Recipe


class Count(Recipe):
    def run(self, run): ...
'''


@dataclass
class Served:
    """A running `workbench web`: `said` is what it printed up to its address and beyond."""

    process: subprocess.Popen[str]
    url: str
    said: str

    def sittings(self) -> list[psutil.Process]:
        """The programs of the open tabs."""
        started = psutil.Process(self.process.pid).children()
        return [one for one in started if one.status() != psutil.STATUS_ZOMBIE]

    def end(self, by: signal.Signals) -> int:
        """End it; its exit status."""
        self.process.send_signal(by)
        status = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        with self.process.stdout as rest:  # `communicate` leaves out what readline has taken in
            self.said += rest.read()
        return status


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path, checkpoints: Path) -> Iterator[Serve]:
    """Starts `workbench web` on any port, with a recipe of its own."""
    recipes = tmp_path / "one's 'recipes'"
    (recipes / "lessons").mkdir(parents=True)
    (recipes / "lessons" / "count.py").write_text(COUNT)
    started: list[Served] = []

    def start(**environ: str) -> Served:
        places = ["--recipes", str(recipes), "--checkpoints", str(checkpoints)]
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "web", "--port", "0", *places],
            # A server may have been started where there is neither a terminal nor a locale.
            env={**os.environ, "TERM": "dumb", "LANG": "C", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        said, url = "", None
        while url is None:
            line = process.stdout.readline()
            assert line, said
            said += line
            url = re.search(r"http://\S+", said)
        started.append(Served(process, url[0], said))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)


@pytest.fixture
def living(checkpoints: Path) -> Iterator[RunFolder]:
    """A run of 60 steps that this process holds, as its worker would."""
    reference = RecipeReference(id="lessons/count", file="")
    folder, _ = create(Manifest(name="", recipe=reference, parameters={}, created=1.0), checkpoints)
    lock, recorder = RunLock(folder.lock_file), Recorder(folder.events_file)
    lock.acquire()
    recorder.record(events.Started(time=2.0, pid=os.getpid(), host="here", device="cpu"))
    for step in range(60):
        recorder.metrics(step, {"train/loss": 1 / (step + 1)})
    yield folder
    recorder.close()
    lock.release()


@pytest.fixture(scope="module")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Browser]]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: the package chromium")
    browser = Browser()
    with asyncio.Runner() as runner:
        runner.run(browser.start(tmp_path_factory.mktemp("profile")))
        yield runner, browser
        runner.run(browser.stop())


@pytest.fixture
def browse(_chromium: tuple[asyncio.Runner, Browser]) -> Callable[[Callable[[Tab], Any]], None]:
    """Lets a script drive a new tab of the browser, which knows no cookie."""
    runner, browser = _chromium

    def run(script: Callable[[Tab], Any]) -> None:
        async def main() -> None:
            tab = await browser.tab()
            await script(tab)
            await tab.close()

        runner.run(main())

    return run
