"""Driving the application by keys, and reading its screen as text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets._toast import Toast

from workbench.tui.app import WorkbenchApp

PATIENCE_S = 30.0
SMALL = (80, 24)
LARGE = (200, 60)

Script = Callable[[Pilot[None]], Awaitable[None]]


def drive(app: WorkbenchApp, script: Script, size: tuple[int, int] = SMALL) -> None:
    """Run the app without a terminal and let `script` press keys."""

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await script(pilot)

    asyncio.run(main())


def screen(pilot: Pilot[None]) -> str:
    """What a person sees, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def toasts(pilot: Pilot[None]) -> str:
    """The texts of the notifications that are shown."""
    shown = [toast._notification for toast in pilot.app.screen.query(Toast)]
    return "\n".join(f"{one.title} {one.message}" for one in shown)


async def until(pilot: Pilot[None], happened: Callable[[], Any], what: str = "") -> None:
    """Wait until it has happened; fail with the screen."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"waited for {what or 'something'} before\n{screen(pilot)}"
        await pilot.pause(0.02)


async def sees(pilot: Pilot[None], text: str) -> None:
    """Wait until `text` is on the screen."""
    await until(pilot, lambda: text in screen(pilot), repr(text))


async def press(pilot: Pilot[None], keys: str) -> None:
    """Press keys that are named between blanks: `slash c n n enter`."""
    await pilot.press(*keys.split())
    await pilot.pause()
