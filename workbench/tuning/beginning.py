"""Makes a driver ready: what it needs is installed, and a standby loads torch beside it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from workbench.catalog import RecipeInfo
from workbench.runs.recorder import Recorder
from workbench.tuning import methods
from workbench.tuning.address import STORAGE_VARIABLE, complete
from workbench.tuning.standing import standing
from workbench.tuning.study import StudyFolder
from workbench.workers import launch
from workbench.workers.faults import describe
from workbench.workers.standby import Standby

THREADS_VARIABLE = "OMP_NUM_THREADS"


def begin(
    folder: StudyFolder, early: list[str], listen: Callable[[Callable[[str], None]], None]
) -> int:
    """Drive the study; `early` are signals that came before, `listen` takes what comes from now on."""
    given = os.environ.pop(STORAGE_VARIABLE, "")  # before anything is started that could inherit it
    standby = Standby()
    try:
        folder.run.remove_leftovers()
        folder.run.keep_reserve()
        plan = folder.plan()
        methods.refuse_missing(plan.sampler, plan.search, plan.folds)
        storage = complete(plan.storage, given)
        jobs = standing(folder, plan).jobs
        # Trials beside each other would else have all cores each, and wait for one another.
        os.environ.setdefault(THREADS_VARIABLE, str(max((os.cpu_count() or 1) // jobs, 1)))
        if _may_need_torch(launch.recipe_of(folder.run)):
            standby.start()

        from workbench.tuning.driver import Driver  # noqa: PLC0415 - Optuna, while torch is loaded

        driver = Driver(folder, standby, storage)
    except BaseException as fault:  # noqa: BLE001 - whatever it is, it is the study's last word
        Recorder(folder.run.events_file).record(describe(fault, 0, folder.name, {}))
        traceback.print_exception(fault)
        standby.close()
        return 1
    listen(driver.terminate)
    for name in early:
        driver.terminate(name)
    try:
        return driver.run()
    finally:
        standby.close()


def _may_need_torch(info: RecipeInfo) -> bool:
    """Whether its workers are better forked from a process that has torch than started alone."""
    texts = [info.file, *info.file.parent.glob("_*.py")]
    return info.kind != "Recipe" or any(b"torch" in text.read_bytes() for text in texts)
