"""What a screen needs that looks into one network: a worker which loads it, and examines it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from textual.message import Message

from workbench.debugging.protocol import Examined
from workbench.errors import WorkbenchError
from workbench.tui.inspect.facts import Network
from workbench.tui.inspect.layer_rows import Rows, rows_of
from workbench.tui.inspect.looker import Looker
from workbench.tui.inspect.subject import Subject
from workbench.tui.screens.base import WorkbenchScreen


class NetworkScreen(WorkbenchScreen[None]):
    """Has a worker of its own, which ends with the page; all asking runs in threads.

    Attributes:
        network: None until it is loaded.
        rows: its layers, with what a probe showed of them once there was one.
        broken: whether it could not be loaded, or its worker has ended.
        waiting_since: when the last thing that is waited for was asked for (monotonic seconds).
    """

    @dataclass
    class Loaded(Message):
        """The network is there, with its layers."""

        looker: Looker
        network: Network
        rows: Rows

    @dataclass
    class Judged(Message):
        """It was probed, and what that means was said."""

        looker: Looker
        examined: Examined
        rows: Rows

    @dataclass
    class NotJudged(Message):
        """It could not be examined."""

        looker: Looker
        fault: WorkbenchError

    @dataclass
    class Broke(Message):
        """The network is not there, or no longer."""

        looker: Looker
        fault: WorkbenchError

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.network: Network | None = None
        self.rows = Rows()
        self.looker: Looker | None = None
        self.broken = False
        self.waiting_since = time.monotonic()

    def loading_began(self) -> None:
        """Nothing of the network is known from now on."""
        raise NotImplementedError

    def loaded(self, network: Network) -> None:
        """Show what there is of it; its examination follows."""
        raise NotImplementedError

    def judged(self, examined: Examined) -> None:
        """Show what is wrong with it."""
        raise NotImplementedError

    def not_judged(self, fault: WorkbenchError) -> None:
        """Say why nobody knows what is wrong with it."""
        raise NotImplementedError

    def broke(self, fault: WorkbenchError) -> None:
        """Say what happened; the page stays."""
        raise NotImplementedError

    def on_unmount(self) -> None:
        if self.looker is not None:
            self.looker.close()

    def load(self) -> None:
        """Have the network loaded, by a new worker."""
        before, looker = self.looker, Looker(self.subject, self.session.standby)
        self.looker, self.network, self.broken = looker, None, False
        self.waiting_since = time.monotonic()
        self.loading_began()

        def work() -> Message:
            if before is not None:
                before.close()
            try:
                network = looker.open()
            except WorkbenchError as fault:
                return self.Broke(looker, fault)
            return self.Loaded(looker, network, rows_of(network.table.layers))

        self.in_thread(work, "load")

    def on_network_screen_broke(self, message: Broke) -> None:
        if message.looker is self.looker:
            self.broken = True
            self.broke(message.fault)

    def on_network_screen_loaded(self, message: Loaded) -> None:
        if message.looker is self.looker:
            self.network, self.rows = message.network, message.rows
            self.loaded(message.network)
            self._examine(message.looker, message.network)

    def _examine(self, looker: Looker, network: Network) -> None:
        def work() -> Message:
            try:
                examined = looker.examine()
            except WorkbenchError as fault:
                kind = self.NotJudged if looker.alive else self.Broke
                return kind(looker, fault)
            return self.Judged(looker, examined, _with_probe(network, examined))

        self.in_thread(work, "examine")

    def on_network_screen_judged(self, message: Judged) -> None:
        if message.looker is self.looker and self.network is not None:
            self.network = replace(self.network, examined=message.examined)
            self.rows = message.rows
            self.judged(message.examined)

    def on_network_screen_not_judged(self, message: NotJudged) -> None:
        if message.looker is self.looker:
            self.not_judged(message.fault)


def _with_probe(network: Network, examined: Examined) -> Rows:
    """The layers with what the probe showed, and the names of what was found in each."""
    sick: dict[str, list[str]] = {}
    for found in examined.findings:
        if found.layer:
            sick.setdefault(found.layer, []).append(found.title)
    probes = () if examined.probe is None else examined.probe.layers
    return rows_of(network.table.layers, probes, sick)
