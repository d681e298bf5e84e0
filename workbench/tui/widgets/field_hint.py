"""The line below a form: what the field under the cursor is for."""

from __future__ import annotations

from textual.content import Content

from workbench.tui.text import ACCENT, MUTED, content, joined
from workbench.tui.value_sets import ValueSet
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.tui.widgets.recipe_page import value_text


def hint(field: ParameterField, newest: ValueSet | None) -> Content:
    """What a field is for, all its choices, and what its value would be elsewhere."""
    parameter = field.parameter
    parts = [content(parameter.help, MUTED)] if parameter.help else []
    if parameter.kind == "choice":
        parts.append(content(f"one of {', '.join(parameter.choices)}", MUTED))
    if field.differs:
        parts.append(content(f"default {value_text(parameter.default)}", ACCENT))
    last = None if newest is None else newest.values.get(parameter.name)
    if newest is not None and last is not None and last not in {field.value, parameter.default}:
        parts.append(content(f"{value_text(last)} {newest.label}", MUTED))
    between = Content.styled(" · ", MUTED)
    return joined(content(f"{parameter.name}: "), between.join(parts)) if parts else Content("")
