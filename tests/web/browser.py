"""A real browser without a window, driven over its debugging protocol, and the terminal in it."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyte
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 30.0
SIZE = (1280, 800)
# How the protocol names keys that print nothing: the key and its number.
_KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Down": ("ArrowDown", 40, ""),
    "Tab": ("Tab", 9, ""),
}


class Browser:
    """One Chromium; `tab` opens pages in it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process
        self._session: aiohttp.ClientSession
        self._socket: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None]
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[str, Callable[[str, Any], None]] = {}

    async def start(self, profile: Path) -> None:
        """Start it with an empty profile."""
        assert CHROMIUM is not None
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--disable-sync",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--window-size={SIZE[0]},{SIZE[1]}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        address = None
        while address is None:
            line = await asyncio.wait_for(self._process.stderr.readline(), PATIENCE_S)
            assert line, "Chromium has ended"
            address = re.search(rb"DevTools listening on (\S+)", line)
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(address[1].decode(), max_msg_size=0)
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        await self._socket.close()
        await self._session.close()
        self._reader.cancel()
        self._process.terminate()
        await self._process.communicate()

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Do one thing, and give what the browser answers."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_str(json.dumps(message | ({"sessionId": session} if session else {})))
        return await asyncio.wait_for(self._answers[number], PATIENCE_S)

    async def tab(self) -> Tab:
        """An empty tab, of which nothing is known to any other."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, target["targetId"], attached["sessionId"], context)
        self._listeners[attached["sessionId"]] = tab.take
        await tab.prepare()
        return tab

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                answer = self._answers.pop(told["id"])
                if "error" in told:
                    answer.set_exception(AssertionError(told["error"]["message"]))
                else:
                    answer.set_result(told["result"])
            elif listener := self._listeners.get(told.get("sessionId", "")):
                listener(told["method"], told["params"])


class Tab:
    """A page with a terminal: what was sent to it is drawn by a terminal of ours too."""

    def __init__(self, browser: Browser, target: str, session: str, context: str) -> None:
        self._browser, self._target, self._session, self._context = browser, target, session, context
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self.asked: list[str] = []
        self.status: dict[str, int] = {}
        self.errors: list[str] = []
        self.is_open = False

    async def prepare(self) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")

    async def call(self, method: str, **parameters: Any) -> Any:
        return await self._browser.call(method, self._session, **parameters)

    async def go(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def close(self) -> None:
        await self._browser.call("Target.closeTarget", targetId=self._target)

    async def allow_clipboard(self) -> None:
        await self._browser.call(
            "Browser.grantPermissions",
            permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
            browserContextId=self._context,
        )

    async def evaluate(self, expression: str) -> Any:
        """What JavaScript gives for it."""
        said = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def press(self, *keys: str) -> None:
        """Press keys: `Enter`, `Down`, `ctrl+l`, or a character."""
        for key in keys:
            name, number, text = _KEYS.get(key, (key, ord(key[-1].upper()), key))
            modifiers = 0
            if key.startswith("ctrl+"):
                name, text, modifiers = key[-1], "", 2
            pressed = {
                "key": name,
                "windowsVirtualKeyCode": number,
                "modifiers": modifiers,
                **({"text": text} if text else {}),
            }
            down = "keyDown" if text else "rawKeyDown"
            await self.call("Input.dispatchKeyEvent", type=down, **pressed)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **(pressed | {"text": ""}))

    async def resize(self, width: int, height: int) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def picture(self) -> Image.Image:
        """What a person sees."""
        shot = await self.call("Page.captureScreenshot")
        return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")

    def take(self, method: str, told: Any) -> None:
        """What the browser tells of the page."""
        if method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Network.responseReceived":
            self.status[told["response"]["url"]] = told["response"]["status"]
        elif method == "Network.webSocketCreated":
            self.asked.append(told["url"])
            self.is_open = True
        elif method == "Network.webSocketClosed":
            self._screen.reset()
            self.is_open = False
        elif method == "Network.webSocketFrameSent":
            self._take_size(told["response"]["payloadData"])
        elif method == "Network.webSocketFrameReceived" and told["response"]["opcode"] == 2:
            self._stream.feed(base64.b64decode(told["response"]["payloadData"]))
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])

    def _take_size(self, payload: str) -> None:
        kind, *rest = json.loads(payload)
        if kind == "resize":
            self._screen.resize(rest[0]["height"], rest[0]["width"])

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal."""
        return self._screen.columns, self._screen.lines

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    async def sees(self, text: str) -> None:
        """Wait until `text` is on the terminal."""
        await self.until(lambda: text in self.text(), repr(text))

    async def opens(self, text: str) -> None:
        """Wait until `text` is on the terminal and keys reach it."""
        await self.sees(text)
        async with asyncio.timeout(PATIENCE_S):
            while await self.evaluate("document.activeElement.className") != "xterm-helper-textarea":
                await asyncio.sleep(0.02)

    async def reads(self, text: str) -> None:
        """Wait until the page around the terminal says `text`."""
        async with asyncio.timeout(PATIENCE_S):
            while text not in await self.evaluate("document.body?.innerText ?? ''"):
                await asyncio.sleep(0.02)

    async def until(self, happened: Callable[[], Any], what: str) -> None:
        """Wait until it has happened; fail with the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < deadline, (
                f"waited for {what} before\n{self.text()}\n{self.errors}"
            )
            await asyncio.sleep(0.02)
