"""What the page of a living run costs: bytes to the terminal, and the processor."""

from __future__ import annotations

from benchmarks import measuring
from benchmarks.live_runs import RECORDS_A_SECOND, live_runs
from benchmarks.measuring import AtMost, Holds, Measured, Result
from benchmarks.terminal import Terminal

MOST_KB = 3.0
MOST_SHARE = 15.0
COLUMNS, LINES = 120, 40
SECONDS = 5.0
SETTLED_S = 8.0  # the modules that draw and the standby are loaded, and nothing is late


def measure(repetitions: int = 4) -> Result:
    """Watch the page for some seconds, again and again; then the run falls silent."""
    sent, used = [], []
    with measuring.own_folders() as checkpoints, live_runs(checkpoints, 1) as runs, _page() as page:
        page.wait_for("images", "cnn")
        page.press("2")
        page.wait_for(runs.folders[0].name)
        page.press("\r")
        page.wait_for("Curves", "train/accuracy")
        page.wait_until_helpers_rest()
        page.watch(SETTLED_S)
        for _ in range(repetitions):
            before = page.cpu_s()
            sent.append(page.watch(SECONDS) / SECONDS / 1e3)
            used.append(100 * (page.cpu_s() - before) / SECONDS)
        runs.fall_silent()
        page.watch(SETTLED_S)
        idle = page.watch(SECONDS)
    kilobytes = Measured("sent to the terminal", tuple(sent), "kB/s")
    share = Measured("of a core", tuple(used), "%")
    return Result(
        name="live_page",
        title="The page of a living run",
        what=f"The page in a pseudo-terminal of {COLUMNS} x {LINES} with the default refresh, its run "
        f"recording {RECORDS_A_SECOND} lines with 3 metrics a second: what comes out of the terminal "
        f"in {SECONDS:g} s, and what the program itself takes of the processor meanwhile. "
        f"Then the run lives on and records nothing for {SECONDS:g} s.",
        target=f"at most {MOST_KB:g} kB/s and {MOST_SHARE:g} % of a core; 0 bytes with nothing new",
        measured=(kilobytes, share),
        checks=(
            AtMost("sent", kilobytes.median, MOST_KB, "kB/s"),
            AtMost("processor", share.median, MOST_SHARE, "%"),
            Holds(f"{idle:,} bytes with nothing new", idle == 0),
        ),
    )


def _page() -> Terminal:
    return Terminal(measuring.workbench_command(), columns=COLUMNS, lines=LINES)
