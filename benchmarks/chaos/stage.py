"""A folder in; real servers, a steady load, real workers and the verifier out, until the `with` block ends."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis

from benchmarks.chaos.aide import Aide
from benchmarks.chaos.fleet import Fleet
from benchmarks.chaos.load import FEEDS, IDLE_POOL, RESOURCES, pool_ids
from benchmarks.chaos.proxy import Proxy
from ops.stack.kafka import Kafka
from ops.stack.local import LocalStack
from ops.stack.ports import LOOPBACK, free_ports
from streams.administration import create_topics
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.publishing import publish_catalog
from streams.settings import Settings

POOLS = 8
EVENTS_PER_S = 800.0
PARTITIONS = 4
YEAR_S = 365 * 86_400.0
WARM_UP_S_MAX = 60.0
SETTLE_S_MAX = 40.0  # without anything new
POLL_S = 0.1


def catalog() -> Catalog:
    """Return the pools of the load: hourly, controlled, two feeds each."""
    feeds = tuple(FeedSpec(id=name, silence_s_max=YEAR_S) for name in FEEDS)
    resources = tuple(ResourceSpec(id=name, lead_time_periods=2) for name in RESOURCES)
    return Catalog(
        version=1,
        pools=tuple(
            PoolSpec(
                pool_id=name, period="hour", controlled=True, forecast="smoothing", policy="base-stock", feeds=feeds,
                resources=resources, decision_window_s=3600.0,
            )
            for name in (*pool_ids(POOLS), IDLE_POOL)
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """What a case needs around it."""

    workers: int = 1
    brokers: int = 1
    proxied: bool = False
    module: str = "ops.cli"


class Stage:
    """Everything that runs during a case; cases with the same `Setting` share it."""

    def __init__(self, folder: Path, setting: Setting, seed: int) -> None:
        self._folder = folder
        self._setting = setting
        self._seed = seed
        proxied_port = free_ports(1)[0] if setting.proxied else None
        self.stack = LocalStack(
            folder / "stack", lambda _: None, brokers=setting.brokers, kafka_proxied_port=proxied_port
        )
        self._proxied_port = proxied_port
        self._running = ExitStack()
        self._killed: Kafka | None = None

    def __enter__(self) -> Self:
        """Start everything and return when forecasts come."""
        with ExitStack() as running:
            running.enter_context(self.stack)
            self._start(running)
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self._running.close()

    def _start(self, running: ExitStack) -> None:
        stack, logs = self.stack, self._folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        settings = stack.settings(
            data_dir=self._folder / "data", partitions=PARTITIONS, replication=self._setting.brokers
        )
        create_topics(settings)
        publish_catalog(settings, catalog())
        words = [settings.broker, settings.redis, str(PARTITIONS)]
        self.verifier = running.enter_context(Aide("verifier", words, logs / "verifier.log"))
        self.fleet = running.enter_context(Fleet(self._seen_by_workers(settings, running), logs, self._setting.module))
        words = [settings.broker, str(POOLS), str(EVENTS_PER_S), str(self._seed)]
        self.load = running.enter_context(Aide("load", words, logs / "load.log"))
        for number in range(self._setting.workers):
            self.fleet.start(f"worker-{number}")
        self.await_output(time.time(), WARM_UP_S_MAX)

    def _seen_by_workers(self, settings: Settings, running: ExitStack) -> Settings:
        """Return where workers find the servers: behind proxies, if the case plays with their connections."""
        if self._proxied_port is None:
            return settings
        inner_port = self.stack.kafka_servers[0].inner_port
        self.kafka_proxy = running.enter_context(Proxy(inner_port, self._proxied_port))
        self.redis_proxy = running.enter_context(Proxy(self.stack.redis_server.port))
        redis = f"redis://{LOOPBACK}:{self.redis_proxy.port}/0"
        return replace(settings, broker=f"{LOOPBACK}:{self._proxied_port}", redis=redis)

    def await_output(self, since_s: float, timeout_s: float) -> float | None:
        """Return since when all can be read again; None: not within `timeout_s`.

        That is something closed after `since_s` of every pool that is at work, and a view of the one that is not.
        """
        until_s, whole_s = time.monotonic() + timeout_s, 0.0
        while time.monotonic() < until_s:
            first = self.verifier.ask("since", at_s=since_s)
            working = [first.get(name) for name in pool_ids(POOLS)]
            if IDLE_POOL not in self.verifier.ask("views"):
                whole_s = time.time()
            elif None not in working:
                return float(max(*working, whole_s))
            time.sleep(POLL_S)
        return None

    def verdict(self) -> dict[str, Any]:
        """Let everything come to rest and return what is wrong."""
        self.load.ask("pause")
        found: dict[str, Any] = self.verifier.ask("verdict", timeout_s=SETTLE_S_MAX)
        self.load.ask("resume")
        return found

    def flush_redis(self) -> None:
        """Drop everything that Redis holds."""
        with Redis.from_url(self.stack.redis) as client:
            client.flushall()

    def kill_redis(self) -> None:
        """End Redis at once."""
        self.stack.redis_server.kill()

    def start_redis(self) -> None:
        """Bring it back, empty."""
        self.stack.redis_server.start()

    def kill_broker(self) -> None:
        """End at once the broker that leads the first input partition."""
        self._killed = self.stack.leader_of("transactions", 0)
        self._killed.kill()

    def start_broker(self) -> None:
        """Bring back the broker that was killed, if one was, and return when it answers."""
        if self._killed is not None:
            self._killed.launch()
            self._killed.wait_ready()
            self._killed = None
