"""`workbench list`: it never imports torch, and is about as fast as an import of Textual."""

from __future__ import annotations

import sys

from benchmarks import measuring
from benchmarks.measuring import Holds, Measured, Result

MOST_TIMES = 3.0
# Inherited by every process that the command starts, unlike `python -X importtime`.
REPORT_IMPORTS = {"PYTHONPROFILEIMPORTTIME": "1"}


def measure(repetitions: int = 15) -> Result:
    """Time the command beside `import textual.app`, and look at all that it imports."""
    listing = [*measuring.workbench_command(), "list"]
    textual = [sys.executable, "-c", "import textual.app"]
    with measuring.own_folders():
        no_torch = imports_no_torch(listing)  # and bytecode and files are warm after it
        measuring.seconds_of(textual)
        ours, theirs = measuring.interleave(
            repetitions, lambda: measuring.seconds_of(listing), lambda: measuring.seconds_of(textual)
        )
    command, imported = Measured("workbench list", ours), Measured("import textual.app", theirs)
    return Result(
        name="listing",
        title="workbench list",
        what="Wall time of the installed command from start to end, beside "
        '`python -c "import textual.app"`. What the command and its children import is seen in one '
        "more call under PYTHONPROFILEIMPORTTIME.",
        target=f"never imports torch; at most {MOST_TIMES:g} times the import of Textual",
        measured=(command, imported),
        checks=(no_torch, measuring.ratio("list / import", command, imported, MOST_TIMES)),
    )


def imports_no_torch(command: list[str]) -> Holds:
    """Whether a call that lists the recipes imports no module of torch, in it or in a child."""
    output, report = measuring.output_of(command, REPORT_IMPORTS)
    modules = {line.rpartition("|")[2].strip() for line in report.splitlines()}
    listed = "cnn" in output and "workbench.catalog" in modules
    torch = sorted(module for module in modules if module.partition(".")[0] == "torch")
    seen = f"{len(torch)} modules of torch among {len(modules)} imported"
    return Holds(seen if listed else "the command listed nothing", listed and not torch)
