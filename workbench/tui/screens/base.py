"""What all screens can do: work in a thread, show an error, go elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from workbench.errors import WorkbenchError
from workbench.units import plain

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.copies import Copy
    from workbench.tui.session import Session

ResultT = TypeVar("ResultT")
ERROR_SHOWN_S = 12.0


class WorkbenchScreen(Screen[ResultT]):
    """A screen of the workbench."""

    @dataclass
    class Refused(Message):
        """What was asked for cannot be done; the error says why, and what to do."""

        error: WorkbenchError

    @property
    def workbench(self) -> WorkbenchApp:
        return cast("WorkbenchApp", self.app)

    @property
    def session(self) -> Session:
        return self.workbench.session

    def copies(self) -> Sequence[Copy]:
        """What can be copied here."""
        return ()

    def in_thread(
        self, work: Callable[[], Message | None], group: str, *, exclusive: bool = True
    ) -> None:
        """Run `work` in a thread; the message it returns, or its error, is posted to this screen.

        An exclusive one drops the results of those of its group that came before.
        """

        def job() -> None:
            worker = get_current_worker()
            try:
                message = work()
            except WorkbenchError as fault:
                message = self.Refused(fault)
            except OSError as fault:  # a folder that is gone, a disk that is full
                message = self.Refused(WorkbenchError(f"{fault.filename}: {fault.strerror}"))
            if message is not None and not worker.is_cancelled:
                self.post_message(message)

        self.run_worker(job, group=group, thread=True, exclusive=exclusive)

    def on_workbench_screen_refused(self, message: Refused) -> None:
        self.tell_error(message.error)

    def tell_error(self, error: WorkbenchError) -> None:
        """Show an error in a corner."""
        title, remedy = plain(error.title), plain(error.remedy, keep_newlines=True)
        self.notify(
            remedy or title,
            title=title if remedy else "",
            severity="error",
            timeout=ERROR_SHOWN_S,
            markup=False,
        )

    def tell(self, text: str) -> None:
        """Show a sentence in a corner."""
        self.notify(plain(text), markup=False)
