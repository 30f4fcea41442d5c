"""The picture in, a Starlette app out: one page, its JSON, server-sent events and `/metrics`. It only reads."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ops.console import wire
from ops.console.doors import Doors
from ops.console.exposition import CONTENT_TYPE, exposition
from ops.console.state import Picture

STATIC = Path(__file__).parent / "static"
STREAM_INTERVAL_S = 1.0
STREAMS_MAX = 32  # pages that follow at once
_ENCODE = msgspec.json.Encoder().encode


def build_app(picture: Picture, names: Collection[str], stop: threading.Event, wall_s: Callable[[], float]) -> ASGIApp:
    """Return the app over `picture`; it answers to `names`, and its streams end once `stop` is set."""
    views = _Views(picture, stop, wall_s)
    routes = [
        Route("/", views.page),
        Route("/api/state", views.state),
        Route("/api/series/{pool}/{resource:path}", views.series),
        Route("/api/actions", views.actions),
        Route("/events", views.events),
        Route("/health", views.health),
        Route("/metrics", views.metrics),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Doors(Starlette(routes=routes), names)


class _Views:
    def __init__(self, picture: Picture, stop: threading.Event, wall_s: Callable[[], float]) -> None:
        self._wall_s = wall_s
        self._picture = picture
        self._stop = stop
        self._streams = 0

    def page(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html")

    def state(self, _: Request) -> Response:
        return _json(wire.changes(self._picture, wire.Place(), self._wall_s())[1])

    def series(self, request: Request) -> Response:
        values = wire.chart(self._picture, request.path_params["pool"], request.path_params["resource"])
        return _json(values) if values is not None else PlainTextResponse("no such item\n", 404)

    def actions(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "100")
        if not limit.isdecimal() or len(limit) > 6:
            return PlainTextResponse("limit is a number\n", 400)
        return _json(wire.actions(self._picture, request.query_params.get("pool"), int(limit)))

    def health(self, _: Request) -> Response:
        with self._picture.lock:
            reached = {name: one.ok for name, one in self._picture.connections.items()}
        return _json(reached, 200 if all(reached.values()) else 503)

    def metrics(self, _: Request) -> Response:
        return Response(exposition(self._picture), media_type=CONTENT_TYPE)

    async def events(self, request: Request) -> Response:
        if self._streams >= STREAMS_MAX:
            return PlainTextResponse(f"{STREAMS_MAX} pages follow already\n", 503, {"retry-after": "10"})
        text = request.headers.get("last-event-id") or request.query_params.get("since", "")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._stream(wire.place_of(text)), 200, headers, media_type="text/event-stream")

    async def _stream(self, place: wire.Place) -> AsyncIterator[bytes]:
        """Yield changes once a second. A slow reader is simply told more at once: nothing queues up."""
        self._streams += 1
        try:
            yield b"retry: 2000\n\n"
            while not self._stop.is_set():
                place, values = wire.changes(self._picture, place, self._wall_s())
                yield b"id: " + place.text().encode() + b"\ndata: " + _ENCODE(values) + b"\n\n"
                await asyncio.sleep(STREAM_INTERVAL_S)
        finally:
            self._streams -= 1


def _json(values: Any, status: int = 200) -> Response:
    return Response(_ENCODE(values), status, {"cache-control": "no-store"}, media_type="application/json")
