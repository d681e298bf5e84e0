"""`python -m workbench.tuning.importances STUDY`: weighs its parameters, one JSON line an answer.

Works on what `trials.jsonl` says, in memory, so that it reads any study and disturbs no driver.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
)
from optuna.trial import FrozenTrial

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.runs.folder import RunFolder
from workbench.tuning.points import ParameterAxis
from workbench.tuning.space import Dimension
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import TrialReader, TrialRecord
from workbench.tuning.weights import Weight

MOST_TRIALS = 300  # that fANOVA is given: its time grows with their square, to half a minute for 1,000
TREES = 32
NICENESS = 10


def main(arguments: list[str]) -> int:
    """Print what each evaluator says of each metric."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    os.nice(NICENESS)
    folder = StudyFolder(RunFolder(Path(arguments[0])))
    try:
        plan = folder.plan()
    except WorkbenchError as fault:
        print(fault.title, file=sys.stderr)
        return 1
    for weight in weigh(plan, list(TrialReader(folder).read().values())):
        sys.stdout.buffer.write(msgspec.json.encode(weight) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def weigh(plan: Plan, records: Sequence[TrialRecord]) -> Iterator[Weight]:
    """What the evaluators say, the quick one first."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trials = frozen(plan, records)
    evaluators: list[tuple[str, BaseImportanceEvaluator, int]] = [
        ("PED-ANOVA", PedAnovaImportanceEvaluator(), len(trials)),
        ("fANOVA", FanovaImportanceEvaluator(n_trees=TREES, seed=plan.seed), MOST_TRIALS),
    ]
    for name, evaluator, most in evaluators:
        study = optuna.create_study(directions=["minimize"] * len(plan.objectives))
        study.add_trials(_evenly(trials, most))
        for metric, objective in enumerate(plan.objectives):
            # PED-ANOVA asks what makes a value low.
            sign = 1.0 if objective.direction == "min" else -1.0
            yield _weighed(name, metric, sign, study, evaluator)


def _weighed(
    name: str, metric: int, sign: float, study: optuna.Study, evaluator: BaseImportanceEvaluator
) -> Weight:
    try:
        with warnings.catch_warnings():
            # That low values are taken for the good ones, which `sign` sees to.
            warnings.simplefilter("ignore", UserWarning)
            found = optuna.importance.get_param_importances(
                study, evaluator=evaluator, target=lambda trial: sign * trial.values[metric]
            )
    except (ValueError, RuntimeError) as fault:  # such as one value in all trials
        return Weight(name, metric, fault=str(fault).partition("\n")[0])
    finite = {name: float(share) for name, share in found.items() if math.isfinite(share)}
    return Weight(name, metric, finite, "" if finite else "all trials are alike")


def frozen(plan: Plan, records: Sequence[TrialRecord]) -> list[FrozenTrial]:
    """The complete trials as Optuna knows them, but for those without a value of some parameter."""
    complete = [one for one in records if one.state == "complete" and _finite(plan, one)]
    searched = [dimension.name for dimension in plan.space.searched]
    whole = [one for one in complete if all(name in one.parameters for name in searched)]
    known = {one.name: _distribution(one, whole) for one in plan.space.searched}
    return [
        optuna.trial.create_trial(
            params={name: one.parameters[name] for name in searched},
            distributions=known,
            values=list(_finite(plan, one)),
        )
        for one in sorted(whole, key=lambda one: one.number)
    ]


def _finite(plan: Plan, record: TrialRecord) -> tuple[float, ...]:
    """The values of all metrics, or nothing where one is missing."""
    values = record.values or (() if record.value is None else (record.value,))
    fits = len(values) == len(plan.objectives) and all(map(math.isfinite, values))
    return values if fits else ()


def _distribution(dimension: Dimension, records: Sequence[TrialRecord]) -> BaseDistribution:
    """What the trials were drawn from: wider than the range where that was another one before."""
    if dimension.kind == "choice":
        tried = [record.parameters[dimension.name] for record in records]
        values: list[Value] = list(dimension.values)
        values += [value for value in dict.fromkeys(tried) if value not in values]
        return CategoricalDistribution(values)
    axis = ParameterAxis(dimension)
    one = axis.wider(axis.places(records)).dimension
    if one.kind == "int":
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def _evenly(trials: Sequence[FrozenTrial], most: int) -> list[FrozenTrial]:
    """At most so many of them, from all of the study."""
    if len(trials) <= most:
        return list(trials)
    return [trials[index * len(trials) // most] for index in range(most)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
