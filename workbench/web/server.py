"""Serves the screens: textual-serve's server with our page, a guard, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from workbench.errors import UsageError
from workbench.web.guard import Guard

_HERE = Path(__file__).parent
_HEARTBEAT_S = 15.0
_CLOSING_S = 3.0  # for a browser's answer
_MOST_CELLS = 2000
_LAST_ANSWERS_S = 1.0
_LEAVING_S = 15.0  # a screen that hangs ends itself sooner


class WorkbenchServer(Server):
    """One program of `command` for each tab that shows the page, as long as it is open."""

    def __init__(self, command: str, guard: Guard) -> None:
        super().__init__(command, title="workbench")
        self._guard = guard
        self._sittings: dict[asyncio.Task[None], web.WebSocketResponse] = {}

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        self._guard.protect(app)
        app.router.add_get("/page.js", self.handle_script)
        return app

    async def runner(self) -> web.AppRunner:
        """What serves it, without an access log: the first request of each browser holds the token."""
        return web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=_LAST_ANSWERS_S)

    async def on_startup(self, app: web.Application) -> None:
        """Nothing: the command line says where we are."""

    async def on_shutdown(self, app: web.Application) -> None:  # noqa: ARG002 - textual-serve's
        """End the programs of all tabs."""
        sittings = dict(self._sittings)
        await asyncio.gather(*(page.close(code=WSCloseCode.GOING_AWAY) for page in sittings.values()))
        if sittings:
            await asyncio.wait(sittings, timeout=_LEAVING_S)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - aiohttp's
        """Our page, which needs no other host, and may be seen through a tunnel from another port."""
        return web.FileResponse(_HERE / "page.html")

    async def handle_script(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - aiohttp's
        """What our page does by itself."""
        return web.FileResponse(_HERE / "page.js")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A sitting: from the opening of a tab to its end, or to that of its program."""
        page = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, timeout=_CLOSING_S)
        if not page.can_prepare(request):
            raise web.HTTPBadRequest(text="This address is for the page's own connection.\n")
        await page.prepare(request)
        sitting = asyncio.create_task(self._sit(page, request))
        self._sittings[sitting] = page
        sitting.add_done_callback(self._sittings.pop)
        await sitting
        return page

    async def _sit(self, page: web.WebSocketResponse, request: web.Request) -> None:
        async def close() -> None:
            await page.close()

        program = Program(
            self.command,
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=close,
            download_manager=self.download_manager,
        )
        await program.start(_cells(request, "width", 80), _cells(request, "height", 24))
        try:
            await self._process_messages(page, program)
        finally:
            await program.stop()


class Program(AppService):
    """The screens of one tab; the page is closed with them, also where they never opened."""

    async def run(self) -> None:
        """Hand over what they draw until they end."""
        try:
            await super().run()
        finally:
            await self.remote_close()
            if self._process is not None:
                await self._process.communicate()  # to the end of its pipes and of itself


def serve(server: WorkbenchServer, host: str, port: int, announce: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the port once it can be opened.

    Raises:
        UsageError: when we cannot listen there.
    """
    asyncio.run(_serve(server, host, port, announce))


async def _serve(
    server: WorkbenchServer, host: str, port: int, announce: Callable[[int], None]
) -> None:
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    runner = await server.runner()
    await runner.setup()
    try:
        await _listen(runner, host, port)
        announce(runner.addresses[0][1])
        await ended.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as fault:
        why = os.strerror(fault.errno) if fault.errno and fault.errno > 0 else str(fault)
        raise UsageError(
            f"cannot listen on {host}, port {port}: {why}",
            "another port: --port N; any that is free: --port 0",
        ) from fault


def _cells(request: web.Request, name: str, usual: int) -> int:
    """Columns or rows of the page's terminal, as far as they make sense."""
    text = request.query.get(name, "")
    sound = text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_CELLS
    return int(text) if sound else usual
