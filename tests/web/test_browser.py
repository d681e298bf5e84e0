"""The screens as a person has them in a browser: a real one, and the real program."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import psutil

from workbench.runs.control import ControlReader
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.web import token as tokens

from .browser import SIZE, Tab
from .conftest import Serve, Served

Browse = Callable[[Callable[[Tab], Any]], None]
TOKEN = "a-token-that-is-fixed"
COLOURS_OF_TEXT = 40  # smoothed letters alone have more; an empty page has one or two


async def left(sitting: psutil.Process) -> None:
    """Wait until the program of a tab is gone."""
    async with asyncio.timeout(30):
        while sitting.is_running() and sitting.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


def test_a_sitting_in_the_browser(serve: Serve, browse: Browse, living: RunFolder) -> None:
    served = serve()
    assert served.url.startswith("http://127.0.0.1:")

    async def script(tab: Tab) -> None:
        await tab.resize(*SIZE)
        await tab.go(served.url)
        await tab.opens("count")
        assert served.sittings()[0].environ().get(tokens.VARIABLE) is None
        await drawn(tab)
        await leads_nowhere_else(tab)
        await opens_a_run(tab)
        await keeps_to_the_window(tab)
        await copies(tab)
        await begins_anew(tab, served)
        await ends_by_key(tab, served)
        await is_told_of_a_violent_end(tab, served)
        await ends_with_the_page(tab, served)

    browse(script)
    assert served.end(signal.SIGINT) == 0
    assert status_of(living).state.name == "RUNNING"
    assert ControlReader(living.control_file).read() == []  # nobody asked it for anything


async def drawn(tab: Tab) -> None:
    """What the terminal was sent is what is to be seen."""
    async with asyncio.timeout(30):
        while len(await colours(tab)) < COLOURS_OF_TEXT:
            await asyncio.sleep(0.02)


async def colours(tab: Tab) -> list[Any]:
    picture = await tab.picture()
    assert picture.size == SIZE
    return picture.getcolors(SIZE[0] * SIZE[1]) or []


async def leads_nowhere_else(tab: Tab) -> None:
    """No other host was asked, nothing failed, and the token is not in the address."""
    here = (await tab.evaluate("location.href")).rstrip("/")
    assert here.startswith("http://127.0.0.1:")
    assert "token" not in here
    assert all(url.startswith((here, here.replace("http", "ws"))) for url in tab.asked), tab.asked
    assert tab.errors == []
    assert await tab.evaluate("document.cookie") == ""


async def opens_a_run(tab: Tab) -> None:
    """Keys reach it without a click; the page of the run shows its curve."""
    await tab.press("2")
    await tab.sees("lessons-count-0001")
    await tab.press("Enter")
    await tab.sees("1 Curves")
    await tab.sees("┤")


async def keeps_to_the_window(tab: Tab) -> None:
    columns, lines = tab.size
    await tab.resize(SIZE[0] // 2, SIZE[1])
    await tab.until(lambda: tab.size[0] < columns, "a narrow terminal")
    await tab.sees("1 Curves")
    assert tab.size[1] == lines
    await tab.resize(*SIZE)
    await tab.until(lambda: tab.size[0] == columns, "a wide terminal")


async def copies(tab: Tab) -> None:
    """Into the browser's clipboard."""
    await tab.allow_clipboard()
    await tab.press("Y")
    await tab.sees("enter copies")
    await tab.press("Enter")
    await tab.sees("copied")
    assert await tab.evaluate("navigator.clipboard.readText()") == "lessons-count-0001"


async def begins_anew(tab: Tab, served: Served) -> None:
    """Reloaded, the page shows a new program; the old one has left."""
    (before,) = served.sittings()
    await tab.call("Page.reload")
    await left(before)
    await tab.until(served.sittings, "a new program")
    await tab.opens("count")
    assert [one.pid for one in served.sittings()] != [before.pid]


async def ends_by_key(tab: Tab, served: Served) -> None:
    """`q` leaves, the page says so, and Enter opens it again."""
    (before,) = served.sittings()
    await tab.press("q")
    await left(before)
    await tab.until(lambda: not tab.is_open, "the end")
    await tab.reads("Your runs train on")
    await tab.press("Enter")
    await tab.opens("count")


async def is_told_of_a_violent_end(tab: Tab, served: Served) -> None:
    """The page of screens that were killed does not stand still as if they were there."""
    (before,) = served.sittings()
    before.kill()
    await tab.reads("This sitting has ended")
    await tab.press("Enter")
    await tab.opens("count")


async def ends_with_the_page(tab: Tab, served: Served) -> None:
    """Left or closed, the page ends its program, though a browser may keep it to come back to."""
    (before,) = served.sittings()
    await tab.go("about:blank")
    await left(before)


def test_a_fixed_token_goes_no_further(serve: Serve, browse: Browse) -> None:
    served = serve(**{tokens.VARIABLE: TOKEN})
    assert served.url.endswith(f"/?token=${tokens.VARIABLE}")
    address = served.url.partition("?")[0]

    async def script(tab: Tab) -> None:
        # A link on another page: for the browser localhost is another site than 127.0.0.1.
        elsewhere = address.replace("127.0.0.1", "localhost")
        await tab.go(elsewhere)
        await tab.reads("take the whole URL")
        assert tab.status[elsewhere] == 401
        await tab.evaluate(f"location.href = '{address}?token={TOKEN}'")
        await tab.opens("count")
        (sitting,) = served.sittings()
        assert TOKEN not in str([*sitting.environ().items(), *sitting.cmdline()])
        assert served.end(signal.SIGTERM) == 0
        await left(sitting)
        await tab.until(lambda: not tab.is_open, "the end")

    browse(script)
    assert TOKEN not in served.said
    assert served.said.endswith("runs train on.\n")  # and no complaint behind it
