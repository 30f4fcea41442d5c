"""`python -m benchmarks.stream.reader URL`: when each forecast in a Redis became readable, told to whoever asks.

A process of its own, so that nobody else's work delays what it notes. It follows keyspace notifications: it is told of
each write of a view and looks what the view holds. What that takes is measured by writes of its own. A line on standard
input asks for all that was seen so far, as JSON on one line of standard output; the end of the input ends it, and so
does a Redis that cannot be followed.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis.asyncio

from streams.forecast_store import VIEW_KEY

PROBE_KEY = VIEW_KEY + "bench-probe"
PROBE_EVERY_S = 0.2


class Seen(msgspec.Struct):
    """What was seen since the start."""

    readable: dict[str, list[tuple[float, float]]] = msgspec.field(default_factory=dict)  # pool -> (period, wall time)
    probes_s: list[float] = msgspec.field(default_factory=list)  # how long after a write of its own it was told

    def readable_s(self, pool_id: str, end_s: float) -> float | None:
        """Return when the forecast made at `end_s`, or a newer one in its place, became readable."""
        return next((at_s for period_s, at_s in self.readable.get(pool_id, ()) if period_s >= end_s), None)


# The period of a view, found beside it: 27 kB fetched for each write of each view would delay what the reader notes.
_PERIOD_OF = """
local body = redis.call('HGET', KEYS[1], 'body')
return body and string.match(body, '"period_start_s":([%d.]+)')
"""
_SEEN = msgspec.json.Decoder(Seen)


class Reader:
    """The process, for the one who started it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def seen(self) -> Seen:
        """Return what it has seen."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?\n")
        self._process.stdin.flush()
        return _SEEN.decode(self._process.stdout.readline())


@contextmanager
def reading(url: str) -> Iterator[Reader]:
    """Yield a reader of the Redis at `url`, which has begun to follow."""
    words = [sys.executable, "-m", "benchmarks.stream.reader", url]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        reader = Reader(process)
        reader.seen()
        yield reader
    finally:
        process.kill()  # it has nothing to put away
        process.wait()


class _Follower:
    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._period_of = client.register_script(_PERIOD_OF)
        self._probed_s = 0.0
        self.seen = Seen()

    async def follow(self) -> None:
        await self._client.config_set("notify-keyspace-events", "Kh")
        async with self._client.pubsub() as channel:
            await channel.psubscribe(f"__keyspace@0__:{VIEW_KEY}*")
            async for message in channel.listen():
                if message["type"] == "pmessage":
                    await self._told(message["channel"].decode().removeprefix("__keyspace@0__:"))

    async def probe(self) -> None:
        while True:
            self._probed_s = time.time()
            await self._client.hset(PROBE_KEY, "body", "")
            await asyncio.sleep(PROBE_EVERY_S)

    async def _told(self, key: str) -> None:
        now_s = time.time()
        if key == PROBE_KEY:
            self.seen.probes_s.append(now_s - self._probed_s)
            return
        period = await self._period_of(keys=[key])
        if period:
            end_s = float(period)
            periods = self.seen.readable.setdefault(key.removeprefix(VIEW_KEY), [])
            if not periods or end_s > periods[-1][0]:
                periods.append((end_s, time.time()))


async def _serve(url: str) -> None:
    client = redis.asyncio.Redis.from_url(url)
    follower = _Follower(client)
    tasks = [asyncio.create_task(follower.follow()), asyncio.create_task(follower.probe())]
    while await asyncio.to_thread(sys.stdin.readline) and not any(task.done() for task in tasks):
        print(msgspec.json.encode(follower.seen).decode(), flush=True)
    os._exit(0)  # a subscription that is cancelled while it begins may never let go


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
