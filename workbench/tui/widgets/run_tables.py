"""The parameters of a run, as a text."""

from __future__ import annotations

import time

from textual.content import Content

from workbench.params import Value
from workbench.tui import keys
from workbench.tui.run_facts import Facts
from workbench.tui.text import ACCENT, MUTED, STRONG, WARNING, content, joined, stacked
from workbench.tui.widgets.recipe_page import value_text

_GAP = "\n\n"


def parameters_text(facts: Facts) -> Content:
    """Values, those that differ from the defaults in colour; then what the run was made of."""
    parts = [_values(facts), _origin(facts)]
    return Content(_GAP).join([part for part in parts if part])


def _values(facts: Facts) -> Content:
    if not facts.values:
        return Content.styled("this run has no parameters", MUTED)
    known = {} if facts.schema is None else {p.name: p for p in facts.schema.parameters}
    names = max(map(len, facts.values))
    width = max(6, *(len(value_text(value)) for value in facts.values.values()))
    lines = []
    for name, value in facts.values.items():
        parameter = known.get(name)
        default = value if parameter is None else parameter.default
        lines.append(_value(name.ljust(names), value_text(value).ljust(width), value, default))
        if parameter is not None and parameter.live:
            lines[-1] = joined(
                lines[-1], Content.styled(f"  live: {keys.shown_for('run.set')} sets it", WARNING)
            )
    return stacked(Content.styled("Parameters", STRONG), *lines)


def _value(name: str, shown: str, value: Value, default: Value) -> Content:
    differs = value != default
    was = f"  default {value_text(default) or 'none'}" if differs else ""
    return joined(content(f"{name}  "), content(shown, ACCENT if differs else ""), content(was, MUTED))


def _origin(facts: Facts) -> Content:
    manifest = facts.manifest
    if manifest is None:
        return Content("")
    if facts.read_only:
        return content(facts.status.reason, MUTED)
    rows = {
        "recipe": manifest.recipe.id,
        "seed": str(manifest.seed),
        "device": manifest.device,
        "host": manifest.host,
        "started": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(manifest.created)),
        "commit": manifest.git_commit[:12],
        **manifest.versions,
    }
    if manifest.parent is not None:
        rows["forked from"] = f"{manifest.parent.run} at step {manifest.parent.step:,}"
    width = max(map(len, rows))
    lines = [
        joined(content(f"{name:<{width}}  ", MUTED), content(value))
        for name, value in rows.items()
        if value
    ]
    return stacked(Content.styled("Origin", STRONG), *lines)
