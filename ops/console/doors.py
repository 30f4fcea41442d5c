"""The ASGI app in, the same app behind its doors out: reading only, known host names, headers that shut the page in."""

from collections.abc import Collection, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.settings import Settings, is_loopback

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Doors:
    """Refuses what is no GET, and what names a host that is not ours (a rebound DNS name); sets `HEADERS`."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if scope["type"] != "http":  # the app's own beginning and end; it has no web sockets
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=_shared(message))
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("this page is for reading: GET only\n", 405, {"allow": "GET, HEAD"})
        if not known_host(Headers(scope=scope).get("host", ""), self._names):
            return PlainTextResponse("unknown host name; add it to HEADGATE_CONSOLE_NAMES\n", 421)
        return None


def known_host(host: str, names: Collection[str]) -> bool:
    """Return whether a Host header names this machine by address, as loopback, or by one of `names`.

    A literal address cannot be rebound, a name can: only names that were configured are answered.

    >>> [known_host(host, {"console"}) for host in ("localhost:8377", "[::1]:80", "10.0.0.7", "console:1")]
    [True, True, True, True]
    >>> [known_host(host, {"console"}) for host in ("elsewhere.example", "localhost.elsewhere.example", "")]
    [False, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in names or is_loopback(name) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def names_of(settings: Settings) -> frozenset[str]:
    """Return the host names that the settings allow."""
    listed = {name.strip().lower() for name in settings.console_names.split(",")}
    return frozenset({*listed, settings.console_host.lower()} - {""})


def _shared(message: MutableMapping[str, Any]) -> Scope:
    message.setdefault("headers", [])
    return message
