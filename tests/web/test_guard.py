"""Who gets to see the screens in a browser, asked of the server itself."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, WSMsgType, web

from workbench.web import guard as guards
from workbench.web.guard import Guard
from workbench.web.server import WorkbenchServer

TOKEN = "a-token-of-the-tests"
PLACES = ["/", "/page.js", "/static/js/textual.js", "/static/", "/ws", "/download/key", "/nowhere"]


def visit(script: Callable[[ClientSession], Awaitable[None]], *, admitted: bool = False) -> None:
    """Let `script` ask the server; with `admitted`, as a browser that has shown the token."""

    async def main() -> None:
        runner = await WorkbenchServer("false", Guard(TOKEN, "127.0.0.1")).runner()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        jar = CookieJar(unsafe=True)  # which keeps cookies of addresses too, as browsers do
        here = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(here, cookie_jar=jar) as client:
            if admitted:
                await ask(client, f"/?token={TOKEN}")
            await script(client)
        await runner.cleanup()

    asyncio.run(main())


async def ask(
    client: ClientSession, place: str, *, allow_redirects: bool = True, **headers: str
) -> ClientResponse:
    """What is answered, read to its end."""
    async with client.get(place, headers=headers, allow_redirects=allow_redirects) as answer:
        await answer.read()
    return answer


async def knock(client: ClientSession, **headers: str) -> ClientResponse:
    """Ask for the websocket, as a page does."""
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    return await ask(client, "/ws", **(asked | headers))


def own_origin(client: ClientSession) -> str:
    return str(client._base_url).rstrip("/")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("with_what", ["nothing", "a wrong cookie", "the token as the cookie"])
def test_without_the_token_there_is_nothing_but_what_to_do(place: str, with_what: str) -> None:
    name = Guard(TOKEN, "127.0.0.1").cookie
    cookies = {"nothing": "", "a wrong cookie": f"{name}=wrong", "the token as the cookie": TOKEN}

    async def script(client: ClientSession) -> None:
        headers = {"Cookie": f"{name}={cookies[with_what]}"} if cookies[with_what] else {}
        answer = await ask(client, place, **headers)
        assert answer.status == 401
        assert "`workbench web` printed" in await answer.text()
        assert TOKEN not in str(answer.headers)

    visit(script)


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "a", "ä", "%ff"])
def test_a_wrong_token_is_refused_even_to_who_was_admitted(token: str) -> None:
    async def script(client: ClientSession) -> None:
        answer = await ask(client, f"/?token={token}", allow_redirects=False)
        assert (answer.status, answer.cookies) == (401, {})
        assert "not the token" in await answer.text()

    visit(script)
    visit(script, admitted=True)


def test_the_first_visit_leaves_a_cookie_and_leads_to_an_address_without_the_token() -> None:
    async def script(client: ClientSession) -> None:
        answer = await ask(client, f"/?fontsize=20&token={TOKEN}", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/?fontsize=20")
        (cookie,) = answer.cookies.values()
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert TOKEN not in cookie.OutputString()
        for place in ("/", "/page.js", "/static/js/textual.js"):
            assert (await ask(client, place)).status == 200

    visit(script)


def test_a_link_on_another_page_leads_in_by_a_page_of_ours() -> None:
    async def script(client: ClientSession) -> None:
        crossing = {"Sec-Fetch-Site": "cross-site"}
        answer = await ask(client, f"/?token={TOKEN}", allow_redirects=False, **crossing)
        assert (answer.status, answer.headers["Refresh"]) == (200, "0; url=/")
        assert (await ask(client, "/")).status == 200
        assert (await ask(client, "/?token=wrong", **crossing)).status == 401

    visit(script)


def test_two_workbenches_behind_one_name_do_not_take_each_others_cookie() -> None:
    assert Guard(TOKEN, "localhost").cookie != Guard("another token", "localhost").cookie


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "localhost.evil.example", ""],
)
def test_another_name_that_leads_here_is_refused(host: str) -> None:
    async def script(client: ClientSession) -> None:
        for place in ("/", f"/?token={TOKEN}"):
            answer = await ask(client, place, Host=host, allow_redirects=False)
            assert (answer.status, answer.cookies) == (403, {})
        assert (await knock(client, Host=host, Origin=f"http://{host}")).status == 403

    visit(script, admitted=True)


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1:9000", "[::1]:9000", "192.0.2.7"])
def test_a_tunnel_may_lead_here_from_another_port(host: str) -> None:
    async def script(client: ClientSession) -> None:
        first = await ask(client, f"/?token={TOKEN}", Host=host, allow_redirects=False)
        assert first.status == 303

    visit(script)


def test_a_name_is_ours_where_it_was_given() -> None:
    ours, others = Guard(TOKEN, "gpu.example"), Guard(TOKEN, "0.0.0.0")
    assert ours._is_our_name(["gpu.example:8420"])
    assert not others._is_our_name(["gpu.example:8420"])
    assert not ours._is_our_name(["localhost", "localhost"])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", ""]
)
def test_the_page_of_another_site_opens_no_websocket(origin: str) -> None:
    async def script(client: ClientSession) -> None:
        assert (await knock(client, Origin=origin)).status == 403

    visit(script, admitted=True)


def test_a_websocket_without_an_origin_is_none_of_a_browser() -> None:
    async def script(client: ClientSession) -> None:
        assert (await knock(client)).status == 403

    visit(script, admitted=True)


def test_our_own_page_comes_as_far_as_the_websocket() -> None:
    async def script(client: ClientSession) -> None:
        # 400: it has passed the guard, and is no whole handshake.
        assert (await knock(client, Origin=own_origin(client))).status == 400

    visit(script, admitted=True)


def test_a_page_says_that_nothing_comes_from_other_hosts() -> None:
    async def script(client: ClientSession) -> None:
        answer = await ask(client, "/")
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not re.findall(r"https?://|//\w", page)

    visit(script, admitted=True)


def test_nothing_of_the_token_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(client: ClientSession) -> None:
        await ask(client, f"/?token={TOKEN}")
        await knock(client, Origin=own_origin(client))

    visit(script)
    assert not [record for record in caplog.records if TOKEN in record.getMessage()]


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.0.2.7", False),
        ("::", False),
        ("localhost.evil.example", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, alone: bool) -> None:
    assert guards.is_loopback(host) is alone


def test_screens_that_do_not_open_close_the_page() -> None:
    async def script(client: ClientSession) -> None:
        async with client.ws_connect("/ws", origin=own_origin(client)) as page:
            assert (await page.receive(timeout=30)).type == WSMsgType.CLOSE

    visit(script, admitted=True)
