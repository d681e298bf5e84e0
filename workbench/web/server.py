"""Serves the screens: textual-serve's server with our page, a guard, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from workbench.errors import UsageError
from workbench.web.guard import Guard

_HERE = Path(__file__).parent
_LAST_ANSWERS_S = 1.0
_LEAVING_S = 15.0  # a screen that hangs ends itself sooner


class WorkbenchServer(Server):
    """One program of `command` for each tab that shows the page, as long as it is open."""

    def __init__(self, command: str, guard: Guard) -> None:
        super().__init__(command, title="workbench")
        self._guard = guard
        self._sittings: set[asyncio.Task[web.WebSocketResponse]] = set()

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
        sittings = set(self._sittings)
        for sitting in sittings:
            sitting.cancel()
        if sittings:
            await asyncio.wait(sittings, timeout=_LEAVING_S)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - aiohttp's
        """Our page, which needs no other host, and may be seen through a tunnel from another port."""
        return web.FileResponse(_HERE / "page.html")

    async def handle_script(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - aiohttp's
        """What our page does by itself."""
        return web.FileResponse(_HERE / "page.js")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A sitting: from the opening of a tab to its end."""
        if not web.WebSocketResponse().can_prepare(request):
            raise web.HTTPBadRequest(text="This address is for the page's own connection.\n")
        sitting = asyncio.create_task(super().handle_websocket(request))
        self._sittings.add(sitting)
        sitting.add_done_callback(self._sittings.discard)
        return await sitting


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
