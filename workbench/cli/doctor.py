"""`workbench doctor`: what this host has, what is missing, and how to get it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from workbench import units
from workbench.cli import output
from workbench.cli.examination import DeviceFound, Extra, Place, Report, examine_host


def examine(args: argparse.Namespace) -> int:
    """Everything at once; status 1 where something is missing that every run needs."""
    report = examine_host(args.checkpoints, args.recipes)
    if args.json:
        output.write_json(report)
        return 1 if report.faults else 0
    rows = list(_rows(report))
    room = max(len(name) for name, _ in rows)
    for name, text in rows:
        label = output.styled(f"{name:{room}}", "red" if name == "fault" else "bold")
        output.say(f"{label}  {units.plain(text)}")
    return 1 if report.faults else 0


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "python", f"{report.python}  {report.executable}"
    for name, version in report.packages.items():
        yield name, version or "not installed"
    yield "driver", report.driver or "no NVIDIA driver"
    for device in report.devices:
        yield "device", _device(device)
    if report.waiting:
        yield "waiting", ", ".join(report.waiting)
    for extra in report.extras:
        yield f"extra {extra.name}", _extra(extra)
    yield "checkpoints", _place(report.checkpoints)
    recipes = report.recipes
    yield "recipes", f"{recipes.found} found, {len(recipes.broken)} broken"
    for name, fault in recipes.broken.items():
        yield "  broken", f"{name}: {fault}"
    for name, command in recipes.missing.items():
        yield "  needs", f"{name}: {command}"
    for fault in report.faults:
        yield "fault", fault


def _device(device: DeviceFound) -> str:
    memory = f"{units.size(device.memory_free)} of {units.size(device.memory_total)} free"
    holding = f", held by {', '.join(device.held_by)}" if device.held_by else ""
    return f"{device.name}  {device.label}, {memory}{holding}"


def _extra(extra: Extra) -> str:
    return f"misses {', '.join(extra.missing)}: {extra.install}" if extra.missing else "installed"


def _place(place: Place) -> str:
    allowed = "writable" if place.writable else "cannot be written to"
    return f"{place.path}  {allowed}, {units.size(place.free_bytes)} free"
