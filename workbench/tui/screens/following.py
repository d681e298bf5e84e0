"""What the pages of a run and of a study share: following one folder, and what its worker answers."""

from __future__ import annotations

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui.copies import Copy, of_run
from workbench.tui.reading import ReadingLoop
from workbench.tui.run_facts import Facts
from workbench.tui.screens.steering import SteeringScreen, Target
from workbench.tui.screens.stopping import StoppingScreen
from workbench.tui.stop_ladder import StopLadder
from workbench.tui.text import GOOD, WARNING
from workbench.tui.widgets.notice import Notice


class FollowingScreen(StoppingScreen):
    """Reads one run in its rhythm; it has a Notice with the id `stopping`.

    Attributes:
        facts: how the run stands, as last read.
    """

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
        self.facts = Facts()
        self._readings = ReadingLoop(self.start_reading, lambda: self.workbench.link.is_free)
        self._asked: dict[str, str] = {}
        self._proof = ""

    def start_reading(self) -> None:
        """Begin a reading in a thread."""
        raise NotImplementedError

    @property
    def target(self) -> Target | None:
        return Target(self.folder, self.facts.status.state)

    def copies(self) -> list[Copy]:
        return of_run(self.folder, self.facts.status, self.facts.manifest, self.facts.values)

    def on_mount(self) -> None:
        self.set_interval(self.session.settings.refresh_s, self._tick)

    def _tick(self) -> None:
        self._readings.tick()
        self.offer_if_due(self.folder)
        self._show_ladder()

    def _show_ladder(self) -> None:
        """How the run is being stopped, counted down, or the proof that it has."""
        status, ladder = self.facts.status, self.ladders.get(self.folder.name)
        line = self._proof
        if ladder is not None or status.state is State.STOPPING:
            line = (ladder or StopLadder()).line
        self.query_one("#stopping", Notice).say(line, style=WARNING if line != self._proof else GOOD)

    def show_proof(self, proof: str) -> None:
        """Say it on the page, where it stays."""
        self._proof = proof

    def state_changed(self) -> None:
        """Another state is known: other keys may do something, and a run that ended is proved free."""
        self.refresh_bindings()
        if self.facts.status.state.ended:
            self.ended(self.folder, self.facts.status)
        else:
            self._proof = ""

    def on_steering_screen_asked(self, message: SteeringScreen.Asked) -> None:
        self._asked[message.request.id] = message.wish
        self.tell_answers()

    def tell_answers(self) -> None:
        """What the worker said to the requests of this page."""
        for request in [request for request in self._asked if request in self.facts.answers]:
            wish, refused = self._asked.pop(request), self.facts.answers[request]
            if refused:
                self.tell_error(WorkbenchError(f"{wish}: refused", refused))
            else:
                self.tell(f"{wish}: done")

    def on_steering_screen_deleted(self, message: SteeringScreen.Deleted) -> None:
        if self.folder in message.folders:
            self.dismiss()

    def action_back(self) -> None:
        self.dismiss()
