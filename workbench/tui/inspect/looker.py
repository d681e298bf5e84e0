"""Asks an inspecting worker and draws what it answers; its methods are called in threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from typing import TYPE_CHECKING

from workbench.debugging import protocol
from workbench.debugging.client import Inspector, SupersededError
from workbench.debugging.protocol import Answer, Examined, LayerTable, Opened, Request, SampleView, View
from workbench.errors import WorkbenchError
from workbench.tui.inspect.facts import Network, Place, Shot
from workbench.tui.inspect.requests import request_of
from workbench.tui.inspect.subject import Subject

if TYPE_CHECKING:
    from workbench.workers.standby import Standby

MOST_KEPT = 32  # answers: to go back costs no pass
LOOK_S = 0.1  # between two looks whether an answer that takes its time is still wanted


class Looker:
    """One network, loaded by one worker, which ends with `close`."""

    def __init__(self, subject: Subject, standby: Standby | None) -> None:
        self._subject = subject
        self._inspector = Inspector(standby)
        self._lock = threading.Lock()
        self._kept: OrderedDict[Request, View | SampleView] = OrderedDict()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._inspector.alive

    def open(self) -> Network:
        """Load the network and see which layers it has.

        Raises:
            WorkbenchError: when it cannot be loaded.
        """
        opened = self._inspector.ask(_opening(self._subject), Opened)
        if "layers" in opened.lacking:  # a recipe without samples, of which none went through
            return Network(opened)
        return Network(opened, self._inspector.ask(protocol.Layers(), LayerTable))

    def examine(self) -> Examined:
        """Probe the network, and hear what is wrong with it.

        Raises:
            WorkbenchError: when it cannot be probed.
        """
        return self._inspector.ask(protocol.Examine(), Examined)

    def own_picture(self, path: str) -> SampleView:
        """Make a file a sample, behind the others.

        Raises:
            WorkbenchError: when it is no picture, or the network takes none.
        """
        return self._inspector.ask(protocol.OwnPicture(path=path), SampleView)

    def look(self, place: Place, is_wanted: Callable[[], bool]) -> Shot | None:
        """What is to be seen at a place; None where another is wanted meanwhile.

        Raises:
            WorkerGoneError: when the worker ended.
        """
        # In the thread: it brings numpy.
        from workbench.tui.inspect.drawing import draw  # noqa: PLC0415

        request = request_of(place)
        if request is None:
            return None
        answer = self._kept_answer(request) or self._answer(request, is_wanted)
        if answer is None:
            return None
        self._keep(request, answer)
        return draw(answer, place)

    def close(self) -> None:
        """End the worker."""
        self._inspector.close()

    def _answer(self, request: Request, is_wanted: Callable[[], bool]) -> View | SampleView | None:
        waiting: Future[Answer] = self._inspector.submit(request)
        while True:
            try:
                answer = waiting.result(LOOK_S)
            except NotYetError:
                if not is_wanted():
                    return None
            except SupersededError:
                return None
            else:
                assert isinstance(answer, View | SampleView)
                return answer

    def _kept_answer(self, request: Request) -> View | SampleView | None:
        with self._lock:
            if request in self._kept:
                self._kept.move_to_end(request)
            return self._kept.get(request)

    def _keep(self, request: Request, answer: View | SampleView) -> None:
        with self._lock:
            self._kept[request] = answer
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def refused(place: Place, fault: WorkbenchError) -> Shot:
    """What stands in the place of a figure that there is none of."""
    return Shot(place, fault=fault.title, remedy=fault.remedy)


def _opening(subject: Subject) -> protocol.OpenRun | protocol.OpenRecipe:
    """What has the network loaded."""
    if subject.folder is None:
        return protocol.OpenRecipe(file=subject.recipe_file)
    # The best checkpoint may be older than what a person asks about.
    newest = "last" if (subject.folder.path / "last.pt").exists() else ""
    return protocol.OpenRun(folder=str(subject.folder.path), checkpoint=subject.checkpoint or newest)
