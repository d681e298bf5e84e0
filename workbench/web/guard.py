"""Who may see the screens: whoever has the token, from a page of ours."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

PARAMETER = "token"
_NEEDS_TOKEN = (
    "This workbench opens with its token: take the whole URL that `workbench web` printed, "
    "up to the end of ?token=...\n"
)
_WRONG_TOKEN = (
    "This is not the token of this workbench. It makes a new one at each start: "
    "take the URL that `workbench web` printed last.\n"
)
_WRONG_HOST = (
    "This workbench does not go by this name. Open it by 127.0.0.1, localhost or the machine's "
    "address; a name of the machine has to be given: `workbench web --host NAME`.\n"
)
_WRONG_ORIGIN = "Only the workbench's own page may do this: open its URL in a tab of its own.\n"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    # The terminal writes style elements; nothing comes from another host.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class Guard:
    """Lets requests pass that prove the token, and refuses all others; `host` is where we listen."""

    def __init__(self, token: str, host: str) -> None:
        self._token = token.encode()
        # Of the token and not the token itself, so that it cannot be read off a browser's cookies; in
        # the name too, because several workbenches behind tunnels share the name localhost.
        self._secret = hmac.new(self._token, b"cookie", hashlib.sha256).hexdigest()
        self.cookie = f"workbench-{hmac.new(self._token, b'name', hashlib.sha256).hexdigest()[:12]}"
        self._names = {"localhost", host.lower()}
        if not is_loopback(host):
            self._names.add(socket.gethostname().lower())

    def protect(self, app: web.Application) -> None:
        """Check every request to `app`, and tell browsers to take nothing from anywhere else."""
        app.middlewares.append(self._middleware())
        app.on_response_prepare.append(_add_headers)

    def _middleware(self) -> Middleware:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            return self._refusal(request) or self._admission(request) or await handler(request)

        return check

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Where the request comes from a page that is not ours, or was led to a name that is not."""
        if not self._is_our_name(request.headers.getall("Host", [])):
            return web.Response(status=403, text=_WRONG_HOST)
        origin = request.headers.get("Origin")
        opens_socket = "Upgrade" in request.headers
        if opens_socket if origin is None else not _is_same(origin, request.headers["Host"]):
            return web.Response(status=403, text=_WRONG_ORIGIN)
        return None

    def _is_our_name(self, hosts: list[str]) -> bool:
        """Another site's name that was made to lead here is a name; an address is none."""
        if len(hosts) != 1:
            return False
        try:
            name = urlsplit(f"//{hosts[0]}").hostname or ""
        except ValueError:
            return False
        return name in self._names or is_address(name)

    def _admission(self, request: web.Request) -> web.Response | None:
        """What answers a first visit, or one without the right token; None lets the request pass."""
        if request.path == "/" and PARAMETER in request.query:
            if not _equal(request.query[PARAMETER], self._token):
                return _unauthorized(_WRONG_TOKEN)
            return self._welcome(request)
        cookie = request.cookies.get(self.cookie)
        if cookie is None:
            return _unauthorized(_NEEDS_TOKEN)
        return None if _equal(cookie, self._secret.encode()) else _unauthorized(_WRONG_TOKEN)

    def _welcome(self, request: web.Request) -> web.Response:
        """Remember the browser, and take the token out of its address bar and its history."""
        place = str(request.rel_url.without_query_params(PARAMETER))
        response = web.Response(status=303, headers={"Location": place})
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            # Where a link on another page led here, as in a terminal that is a page itself, browsers
            # withhold a strict cookie from redirects too; not from where our own page leads.
            response = web.Response(
                text="The workbench opens.\n", headers={"Refresh": f"0; url={place}"}
            )
        response.set_cookie(self.cookie, self._secret, httponly=True, samesite="Strict", path="/")
        return response


def is_address(host: str) -> bool:
    """Whether it is an address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def _equal(given: str, expected: bytes) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected)


def _is_same(origin: str, host: str) -> bool:
    return origin.lower() in {f"http://{host}".lower(), f"https://{host}".lower()}


def _unauthorized(text: str) -> web.Response:
    return web.Response(status=401, text=text, headers={"WWW-Authenticate": 'Token realm="workbench"'})


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    host = request.headers.get("Host", "")
    # Safari does not count a socket of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if response.status < 400 else ""
    for name, value in _HEADERS.items():
        response.headers[name] = value.replace("{sockets}", sockets)
