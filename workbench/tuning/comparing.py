"""What trials are compared by where a call names no metric, and what is wrong with some metrics."""

from __future__ import annotations

from workbench.schema import Schema
from workbench.tuning.space import Space
from workbench.tuning.study import Plan

TRAINING, VALIDATION, TEST = "train/", "val/", "test/"
HELD_OUT = "held_out"  # the parameter of recipes that let a share validate only where that is asked for


def usual_metric(schema: Schema, space: Space, folds: int) -> str:
    """What the recipe watches; instead of its training the same of what is held out, if anything is."""
    monitor = schema.monitor
    holds_out = folds or space.fixed.get(HELD_OUT)
    if monitor.startswith(TRAINING) and holds_out:
        return VALIDATION + monitor.removeprefix(TRAINING)
    return monitor


def caution(planned: Plan, schema: Schema) -> str:
    """What a person should know who compares trials by training or test part; else nothing."""
    metrics = [one.metric for one in planned.objectives]
    for metric in metrics:
        if metric.startswith(TRAINING):
            return (
                f"trials are compared by {metric}, by what they learned from: the best may know that "
                f"by heart and nothing else; {_remedy(planned, schema)}"
            )
        if metric.startswith(TEST):
            return f"trials are chosen by {metric}: of what is chosen by it the test says too much good"
    return ""


def _remedy(planned: Plan, schema: Schema) -> str:
    if planned.folds or planned.space.fixed.get(HELD_OUT):
        return "leave out --metric"
    if any(parameter.name == HELD_OUT for parameter in schema.parameters):
        return f"{HELD_OUT}=0.2 has them compared by what they never saw"
    return "where it can be cross-validated, --folds 5 has them compared by what they never saw"
