"""How a trial ended, as the study records it, and when a study is hopeless. Imports Optuna."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from optuna.trial import FrozenTrial, TrialState

from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.tuning.running import RunningTrial
from workbench.tuning.search import CUT_SHORT
from workbench.tuning.study import Plan
from workbench.tuning.trials import ENDED, TrialRecord
from workbench.tuning.trials import TrialState as RecordedState

SAME_FAILURES = 3  # of a study in which no trial was complete: then it ends
ANY_FAILURES = 10

_RECORDED: dict[TrialState, RecordedState] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def judge(
    running: RunningTrial, status: Status, *, adopted: bool, stopped_by: str
) -> tuple[RecordedState, str]:
    """What became of a trial whose run ended so, and why.

    `adopted` is one that an earlier driver began, `stopped_by` who stopped the study.
    """
    match status.state:
        case State.FINISHED if running.values_reached() is not None:
            return "complete", ""
        case State.FINISHED:
            return "failed", running.missing_metric() or running.no_number()
        case State.STOPPED if running.stopping:
            return "again", f"the study was stopped by {stopped_by}"
        case State.STOPPED if running.pruning or running.values_reached() is not None:
            return "pruned", status.reason.removeprefix("stopped ")
        case State.PREEMPTED:
            return "again", status.reason
        case State.LOST if adopted:
            return "again", status.reason
        case State.LOST:  # in words that are the same for each
            return "failed", "its worker died without a last word"
    return "failed", running.failure()


def refuse_hopeless(plan: Plan, trials: Sequence[TrialRecord], last: RunningTrial) -> None:
    """End a study in which nothing works.

    Raises:
        WorkbenchError: with what its trials have in common.
    """
    ended = [trial for trial in trials if trial.state in ENDED]
    if not ended or any(trial.state != "failed" for trial in ended):
        return
    missing = last.missing_metric()
    if missing and status_of(last.folder).state is State.FINISHED:
        raise WorkbenchError(
            f"{plan.recipe.id} does not report what counts: {missing}",
            "name one that it reports with --metric",
        )
    fault = last.history.ended
    if plan.folds and isinstance(fault, events.Failed) and fault.kind == "refused":
        raise WorkbenchError(f"{plan.recipe.id} cannot be cross-validated: {fault.title}", fault.remedy)
    reasons = {trial.reason for trial in ended}
    if (len(ended) >= SAME_FAILURES and len(reasons) == 1) or len(ended) >= ANY_FAILURES:
        raise WorkbenchError(
            f"all of the first {len(ended)} trials failed: {ended[-1].reason}",
            f"the last one's output: {last.folder.output_file}",
        )


def record_of(running: RunningTrial, state: RecordedState, reason: str = "") -> TrialRecord:
    """How a trial stands, for `trials.jsonl`."""
    reached = running.values_reached() if state in {"complete", "pruned"} else None
    started = running.started
    return TrialRecord(
        number=running.number,
        state=state,
        run=running.folder.name,
        parameters=running.values,
        value=None if reached is None else reached[0],
        values=() if reached is None or len(reached) == 1 else tuple(reached),
        folds=running.fold_values(),
        began=round(running.began, 3),
        ended=0.0 if state == "running" else round(running.ended_at, 3),
        reason=reason,
        worker=running.worker,
        pid=0 if started is None else started.pid,
        device="" if started is None else started.device,
    )


def record_from_optuna(trial: FrozenTrial, plan: Plan, run: str, study: str = "") -> TrialRecord:
    """How a trial ended of which Optuna knows alone: of a driver that died, or of another `study`."""
    began, ended = trial.datetime_start, trial.datetime_complete
    cut_short = trial.user_attrs.get(CUT_SHORT, "")
    values = tuple(trial.values or ())
    return TrialRecord(
        number=trial.number,
        state="again" if cut_short else _RECORDED[trial.state],
        run=run,
        study=study,
        parameters={**plan.space.fixed, **trial.params},
        value=values[0] if values else None,
        values=values if len(values) > 1 else (),
        began=began.timestamp() if began else 0.0,
        ended=ended.timestamp() if ended else 0.0,
        reason=cut_short or str(trial.user_attrs.get("fail_reason", "")),
    )


def completed(known: TrialRecord, found: TrialRecord) -> TrialRecord:
    """What was `known` of a trial at work, with the end that was `found` in Optuna's record."""
    return msgspec.structs.replace(
        known,
        state=found.state,
        value=found.value,
        values=found.values,
        ended=found.ended,
        reason=found.reason,
    )
