"""What the screen says beside figures: what is loaded, what is seen, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from workbench import units
from workbench.debugging.findings import HEALTHY, SICKNESSES, Finding
from workbench.debugging.protocol import Opened, SampleView, View
from workbench.tui import keys
from workbench.tui.inspect.facts import Place, Tab
from workbench.tui.inspect.layer_rows import Row, called
from workbench.tui.inspect.requests import method_name
from workbench.tui.text import ACCENT, BAD, GOOD, MUTED, STRONG, WARNING, content, joined, stacked

_GAP = "   "
_TRY = "→ "
_SEVERITIES = {"severe": ("✗", BAD), "warning": ("!", WARNING), "fine": ("✓", GOOD)}


def header(opened: Opened, width: int) -> Content:
    """Which network it is, at which step, and what it is shown."""
    checkpoint = f"{opened.checkpoint} · step {opened.step:,}" if opened.checkpoint else "untrained"
    left = joined(content(opened.title, f"{STRONG} {ACCENT}"), content(f"{_GAP}{checkpoint}", STRONG))
    shown = f"{opened.samples:,} samples" if opened.samples else ""
    parts = [opened.split, shown, opened.device]
    right = content(" · ".join(part for part in parts if part), MUTED)
    room = width - left.cell_length - right.cell_length
    return joined(left, Content(" " * room), right) if room > 0 else left


def name_only(name: str) -> Content:
    """What stands there until the network is loaded."""
    return joined(Content.styled("looking into ", MUTED), content(name, f"{STRONG} {ACCENT}"))


def failed(title: str, remedy: str) -> Content:
    """Why there is nothing to see, and what to do."""
    lines = [content(title, BAD, lines=True), content(remedy, MUTED, lines=True)]
    return stacked(*(line for line in lines if line))


def nothing_yet() -> Content:
    """Nothing is said."""
    return Content("")


def answered(answer: View | SampleView | None, place: Place) -> Content:
    """What is seen, above its figure."""
    if answer is None:
        return Content("")
    lines = _of_sample(answer) if isinstance(answer, SampleView) else _of_view(answer, place)
    return stacked(*(line for line in lines if line))


def _of_sample(view: SampleView) -> list[Content]:
    # Its name first: a long path is cut where the line ends.
    file = Path(view.origin)
    origin = f"your own, {file.name} in {file.parent}" if view.origin else ""
    return [
        joined(
            content(f"sample {view.index}", STRONG),
            content(f" of {view.count:,}{_GAP}{origin}", MUTED),
        )
    ]


def _of_view(view: View, place: Place) -> list[Content]:
    parts = [_range(view), *view.notes]
    if view.pages > 1 and place.number < 0:
        parts.append(f"page {view.page + 1} of {view.pages}")
    if view.request in {"maps", "class_map", "attention"}:
        parts.append(f"sample {view.sample}")
    if view.calls > 1:
        parts.append(f"call {view.call + 1} of {view.calls}")
    if view.request == "class_map":
        parts.insert(0, method_name(place.method) + (f" of {view.layer}" if view.layer else ""))
    if view.beside is not None:
        parts.append("before and after it")
    return [content(" · ".join(part for part in parts if part), MUTED)]


def _range(view: View) -> str:
    """What the darkest and the lightest stand for."""
    if view.low is not None and view.high is not None:
        return f"{units.number(view.low, 3)} to {units.number(view.high, 3)}"
    if len(view.ranges) == 1:
        low, high = view.ranges[0]
        return f"{units.number(low, 3)} to {units.number(high, 3)}"
    if view.ranges:
        low = min(low for low, _ in view.ranges)
        high = max(high for _, high in view.ranges)
        return f"each from its own lowest to highest, {units.number(low, 3)} to {units.number(high, 3)}"
    return ""


def finding(found: Finding, place: int) -> Content:
    """One thing that is wrong: what, where, the numbers that say so, what to try."""
    sign, style = _SEVERITIES[found.severity]
    number = "" if found.sickness == HEALTHY else f"{place}. "
    where_ = f"   in {found.layer}" if found.layer else ""
    since = f"   since step {found.step:,}" if found.step is not None else ""
    cause = f"   probably from: {SICKNESSES[found.follows].title}" if found.follows else ""
    lines = [
        joined(
            content(f"{sign} {number}{found.title}", f"{STRONG} {style}"),
            content(where_, ACCENT),
            content(f"{since}{cause}", MUTED),
        ),
        content(f"  {found.evidence}", lines=True),
        *(content(f"  {_TRY}{advice}", MUTED, lines=True) for advice in found.advice),
        Content(""),
    ]
    return stacked(*lines)


def verdict(findings: Sequence[Finding], fault: str = "") -> Content:
    """What the examination says as a whole; `fault` is why there was no probe."""
    wrong = [found for found in findings if found.sickness != HEALTHY]
    if not wrong:
        said = content("✓ nothing wrong was found", f"{STRONG} {GOOD}")
    else:
        things = "one thing is" if len(wrong) == 1 else f"{len(wrong)} things are"
        leads = any(found.layer for found in wrong)
        hint = f"   {keys.shown_for('findings.open')} shows the layer" if leads else ""
        order = "" if len(wrong) == 1 else ", causes first"
        said = joined(content(f"{things} wrong{order}", f"{STRONG} {BAD}"), content(hint, MUTED))
    without = f"it could not be probed, so its record alone was looked at: {fault}"
    return stacked(said, content(without, WARNING)) if fault else said


def where(row: Row | None, numbers: Content | None, tab: Tab) -> Content:
    """On one line: which layer one stands on, and what the probe says of it."""
    if row is None or tab not in {"maps", "kernels"}:
        return Content("")
    layer = row.layer
    shape = layer.output
    told = joined(
        content("! " if row.is_bad else "", BAD),
        content(called(layer), STRONG),
        content(f"  {layer.kind}", MUTED),
        content(f" → {shape}", ACCENT),
    )
    return told if numbers is None else joined(told, Content(_GAP), numbers)
