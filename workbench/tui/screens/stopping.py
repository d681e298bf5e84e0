"""Stopping a run that may not obey: ask, then SIGTERM, then SIGKILL, each when a person says so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.screens.question import QuestionScreen
from workbench.tui.screens.steering import SteeringScreen, named
from workbench.tui.stop_ladder import StopLadder
from workbench.tuning.study import is_study

if TYPE_CHECKING:
    from workbench.workers.ending import Offer

PROOF_INTERVAL_S = 1.0
# A key that was meant for what the question covered must not answer it.
DEAF_S = 1.0


class OfferScreen(QuestionScreen):
    """Offers a signal; one that came by itself takes no yes in its first moment."""

    def __init__(self, run: str, offer: Offer, *, by_itself: bool) -> None:
        still = f"{run} has not left yet. " if by_itself else ""
        super().__init__(
            f"Send {offer.rung} to process {offer.worker.pid}?",
            still + offer.cost,
            yes=f"send {offer.rung}",
        )
        self._hears_from = time.monotonic() + (DEAF_S if by_itself else 0.0)

    def action_answer(self, way: str) -> None:
        if way != "yes" or time.monotonic() >= self._hears_from:
            super().action_answer(way)


class StoppingScreen(SteeringScreen):
    """Its runs can be stopped; `ladders` holds those that were asked to from here, by name."""

    @dataclass
    class Offered(Message):
        """What the next rung would cost is known."""

        folder: RunFolder
        offer: Offer
        by_itself: bool

    @dataclass
    class Sent(Message):
        """The signal is on its way."""

        folder: RunFolder
        signal: str

    @dataclass
    class Freed(Message):
        """The proof that an ended run holds nothing any more; empty where it still does."""

        folder: RunFolder
        status: Status
        proof: str

    def __init__(self) -> None:
        super().__init__()
        self.ladders: dict[str, StopLadder] = {}
        self._question: OfferScreen | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who has been asked already is pressed, not asked again."""
        if action in {"stop", "press"}:
            pressed = self._pressed() if self.is_mounted else False
            allowed = super().check_action("stop", parameters)
            return bool(allowed) and pressed == (action == "press")
        return super().check_action(action, parameters)

    def _pressed(self) -> bool:
        target = self.target
        return target is not None and (
            target.state is State.STOPPING or target.folder.name in self.ladders
        )

    def action_stop(self) -> None:
        folders = self.allowed("stop")
        if not folders:
            return
        question, later = _question(folders)
        self.app.push_screen(question, partial(self._stop, folders, later))

    def _stop(self, folders: Sequence[RunFolder], later: str, way: str | None) -> None:
        for folder in folders if way else ():
            self.ask(folder, control.Stop(when="now" if way == "yes" else "epoch"), "stop")
            self._ladder(folder).asked(later if way == "other" else "")
        self.refresh_bindings()

    def _ladder(self, folder: RunFolder) -> StopLadder:
        return self.ladders.setdefault(folder.name, StopLadder())

    def action_press(self) -> None:
        if self.target is not None:
            self._offer(self.target.folder, by_itself=False)

    def offer_if_due(self, folder: RunFolder) -> None:
        """Offer the next rung where its time has come and nothing else is being asked."""
        ladder = self.ladders.get(folder.name)
        if ladder is not None and ladder.due and self.app.screen is self:
            self._offer(folder, by_itself=True)

    def _offer(self, folder: RunFolder, *, by_itself: bool) -> None:
        ladder = self._ladder(folder)
        ladder.wait()
        rung = ladder.rung

        def look() -> Message:
            from workbench.workers import ending  # noqa: PLC0415  # it brings psutil

            return self.Offered(folder, ending.offer(folder, ending.Rung(rung)), by_itself)

        self.in_thread(look, "offer")

    def on_stopping_screen_offered(self, message: Offered) -> None:
        if self.app.screen is self and message.folder.name in self.ladders:
            question = OfferScreen(message.folder.name, message.offer, by_itself=message.by_itself)
            self._question = question
            self.app.push_screen(question, partial(self._answered, message))

    def _answered(self, offered: Offered, way: str | None) -> None:
        self._question = None
        if way != "yes":
            return

        def send() -> Message:
            from workbench.workers import ending  # noqa: PLC0415  # it brings psutil

            ending.take(offered.folder, offered.offer)
            return self.Sent(offered.folder, offered.offer.rung)

        self.in_thread(send, "signal", exclusive=False)

    def on_stopping_screen_sent(self, message: Sent) -> None:
        ladder = self.ladders.get(message.folder.name)
        if ladder is not None:
            ladder.sent(message.signal)
        self.tell(f"{message.signal} was sent to {message.folder.name}")

    def ended(self, folder: RunFolder, status: Status) -> None:
        """Forget the ladder of a run that has ended, and prove that its device is free."""
        if self.ladders.pop(folder.name, None) is None:
            return
        if self._question is not None and self.app.screen is self._question:
            self._question.dismiss("")
        self._prove(folder, status)

    def _prove(self, folder: RunFolder, status: Status) -> None:
        def prove() -> Message:
            from workbench.workers.ending import free_again  # noqa: PLC0415  # it brings psutil

            return self.Freed(folder, status, free_again(folder, status))

        self.in_thread(prove, "proof", exclusive=False)

    def on_stopping_screen_freed(self, message: Freed) -> None:
        if message.proof:
            self.show_proof(message.proof)
        else:
            self.set_timer(PROOF_INTERVAL_S, partial(self._prove, message.folder, message.status))

    def show_proof(self, proof: str) -> None:
        """Say that the device of a run that ended is free."""
        self.tell(proof)


def _question(folders: Sequence[RunFolder]) -> tuple[QuestionScreen, str]:
    """What is asked before these are stopped, and how the later way is called."""
    studies = [folder for folder in folders if is_study(folder)]
    later = "after this epoch"
    detail = "A checkpoint is written first, to be continued from."
    if studies:
        later = "after the running trials"
        detail = (
            "Now: the trials at work stop with a checkpoint, and train on from it when the study is "
            "continued. Or no further trial begins, and those at work train to their end."
        )
    if studies and len(studies) < len(folders):
        later = "after this epoch, or the running trials"
        detail = (
            "A checkpoint is written first, to be continued from; also of a study's trials at work."
        )
    return QuestionScreen(f"Stop {named(folders)}?", detail, yes="stop now", other=later), later
