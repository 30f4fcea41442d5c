"""Redis views, worker health and the kill file into a `Picture`, twice a second, whether or not Redis is there."""

import threading
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
import redis
from redis.exceptions import RedisError

from ops.console.follow import one_line
from ops.console.lived import LivedSoFar, lived_so_far
from ops.console.state import POOLS_MAX, WORKERS_MAX, Picture
from ops.journal import FILE
from ops.kill_switch import killed
from streams.connections import redis_options
from streams.events import PoolView
from streams.forecast_store import HEALTH_KEY, POOLS_KEY, VIEW_KEY
from streams.health_events import WorkerHealth
from streams.settings import Settings

INTERVAL_S = 0.5
JOURNAL_ROUNDS = 10  # a twin's journal is summed up only every so many rounds


class RedisPoller(threading.Thread):
    """Polls until `stop` is set. A view is fetched only when its (epoch, offset) has moved."""

    def __init__(
        self, settings: Settings, picture: Picture, stop: threading.Event, wall_s: Callable[[], float]
    ) -> None:
        super().__init__(name="console-redis", daemon=True)
        self._wall_s = wall_s
        self._settings = settings
        self._picture = picture
        self._halt = stop
        self._rounds = 0
        self._lived: LivedSoFar | None = None
        self._places: dict[str, tuple[bytes | None, bytes | None]] = {}
        self._view = msgspec.json.Decoder(PoolView).decode
        self._health = msgspec.json.Decoder(WorkerHealth).decode

    def run(self) -> None:
        """Poll; say in the picture when Redis does not answer."""
        client: Any = redis.Redis.from_url(self._settings.redis, **redis_options(self._settings))
        while not self._halt.is_set():
            try:
                self.poll_once(client)
                self._picture.connected("redis", True, f"connected to {self._settings.redis}", self._wall_s())
            except (RedisError, OSError) as error:
                text = f"no Redis answers at {self._settings.redis}: {one_line(error)}"
                self._picture.connected("redis", False, text, self._wall_s())
                self._places.clear()
                self._picture.put_workers(())
            self._look_into_data_dir()
            self._halt.wait(INTERVAL_S)
        client.close()

    def _look_into_data_dir(self) -> None:
        folder = self._settings.data_dir
        if self._rounds % JOURNAL_ROUNDS == 0:
            self._lived = lived_so_far(folder / FILE)
        self._rounds += 1
        self._picture.put_data_dir(killed(folder), self._lived)

    def poll_once(self, client: Any) -> None:
        """Read what has moved; raises RedisError."""
        pool_ids = sorted(name.decode() for name in client.smembers(POOLS_KEY))[:POOLS_MAX]
        places = self._ask(client, [("HMGET", VIEW_KEY + pool_id, "epoch", "offset") for pool_id in pool_ids])
        moved = [one for one, place in zip(pool_ids, places, strict=True) if self._places.get(one) != tuple(place)]
        bodies = self._ask(client, [("HGET", VIEW_KEY + pool_id, "body") for pool_id in moved])
        for body in bodies:
            self._take_view(body)
        self._places = {one: tuple(place) for one, place in zip(pool_ids, places, strict=True)}
        names = list(islice(client.scan_iter(HEALTH_KEY + "*", count=200), WORKERS_MAX))
        healths = client.mget(names) if names else ()
        self._picture.put_workers(filter(None, map(self._health_of, healths)))

    @staticmethod
    def _ask(client: Any, commands: list[tuple[str, ...]]) -> list[Any]:
        if not commands:
            return []
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return list(pipeline.execute())

    def _take_view(self, body: bytes | None) -> None:
        try:
            view = self._view(body or b"")
        except msgspec.MsgspecError:
            self._picture.fold_unreadable()
            return
        self._picture.put_view(view, self._wall_s())

    def _health_of(self, body: bytes | None) -> WorkerHealth | None:
        try:
            return self._health(body) if body else None
        except msgspec.MsgspecError:
            self._picture.fold_unreadable()
            return None
