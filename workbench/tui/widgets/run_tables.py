"""The parameters of a run, what differs from the defaults, what it said and where it ran."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from textual.content import Content

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.run_facts import Facts
from workbench.tui.text import ACCENT, MUTED, STRONG, WARNING, content, joined, stacked
from workbench.tui.widgets.recipe_page import value_text

MOST_CHILDREN = 6  # that are named
MOST_MESSAGES = 100  # that are told, the last ones
_GAP = "\n\n"


def parameters_text(facts: Facts) -> Content:
    """What differs from the defaults, what the run said, the other parameters, origin, environment."""
    differing, *others = _values(facts)
    parts = [differing, _messages(facts), *others, _origin(facts), _environment(facts)]
    return Content(_GAP).join([part for part in parts if part])


def _values(facts: Facts) -> Iterable[Content]:
    if not facts.values:
        return [Content.styled("this run has no parameters", MUTED)]
    known = {} if facts.schema is None else {p.name: p for p in facts.schema.parameters}
    lines = _lines(facts.values, known)
    if not known:
        unknown = (
            "" if facts.read_only else "the defaults are not known: the recipe cannot be read here"
        )
        return [_section("Parameters", lines.values(), unknown)]
    differ = [name for name in facts.values if name in known and _differs(name, facts.values, known)]
    count = f"{len(differ)} of {len(facts.values)}" if differ else "no parameter does"
    rest = [lines[name] for name in facts.values if name not in differ]
    return [
        _section("Differs from the defaults", [lines[name] for name in differ], count),
        _section("The others" if differ else "Parameters", rest),
    ]


def _messages(facts: Facts) -> Content:
    """Whole, and all of them: the page's head has room for the last one's beginning."""
    told = facts.messages[-MOST_MESSAGES:]
    if not told:
        return Content("")
    styles = {"info": "", "warning": WARNING}
    lines = [content(one.text, styles[one.level], lines=True) for one in told]
    return _section("Messages", lines, f"the last {len(told)}" if told != facts.messages else "")


def _section(title: str, lines: Iterable[Content], note: str = "") -> Content:
    """A heading with its lines; nothing where there is nothing to say."""
    said = list(lines)
    heading = joined(Content.styled(title, STRONG), content(f"   {note}" if note else "", MUTED))
    return stacked(heading, *said) if said or note else Content("")


def _differs(name: str, values: Mapping[str, Value], known: Mapping[str, Parameter]) -> bool:
    return values[name] != known[name].default


def _lines(values: Mapping[str, Value], known: Mapping[str, Parameter]) -> dict[str, Content]:
    """By name: the value, the default where that is another one, and whether it can be set."""
    names = max(map(len, values))
    width = max(6, *(len(value_text(value)) for value in values.values()))
    lines = {}
    for name, value in values.items():
        parameter = known.get(name)
        default = value if parameter is None else parameter.default
        line = _value(name.ljust(names), value_text(value).ljust(width), value, default)
        if parameter is not None and parameter.live:
            live = Content.styled(f"  live: {keys.shown_for('run.set')} sets it", WARNING)
            line = joined(line, live)
        lines[name] = line
    return lines


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
    parent = manifest.parent
    return _table(
        "Origin",
        {
            "recipe": manifest.recipe.id,
            "seed": str(manifest.seed),
            "started": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(manifest.created)),
            "commit": manifest.git_commit[:12],
            "forked from": "" if parent is None else f"{parent.run} at step {parent.step:,}",
            "forked into": _children(facts),
        },
    )


def _children(facts: Facts) -> str:
    named = [f"{one.name} at step {one.step:,}" for one in facts.children[:MOST_CHILDREN]]
    more = len(facts.children) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _environment(facts: Facts) -> Content:
    """The machine and the versions of what counts."""
    manifest = facts.manifest
    if manifest is None or facts.read_only:
        return Content("")
    used = facts.status.device
    device = manifest.device if used in {"", manifest.device} else f"{used}, by {manifest.device}"
    return _table("Environment", {"host": manifest.host, "device": device, **manifest.versions})


def _table(title: str, rows: Mapping[str, str]) -> Content:
    known = {name: value for name, value in rows.items() if value}
    width = max(map(len, known), default=0)
    return _section(
        title,
        [joined(content(f"{name:<{width}}  ", MUTED), content(value)) for name, value in known.items()],
    )
