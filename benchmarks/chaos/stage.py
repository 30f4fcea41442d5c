"""A folder in; real servers, a steady load, real workers and the verifier out, until the `with` block ends."""

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis

from benchmarks.chaos.aide import Aide
from benchmarks.chaos.fleet import Fleet
from benchmarks.chaos.load import FEEDS, RESOURCES, pool_ids
from ops.stack.local import LocalStack
from streams.administration import create_topics
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.publishing import publish_catalog

POOLS = 8
EVENTS_PER_S = 800.0
PARTITIONS = 4
YEAR_S = 365 * 86_400.0
WARM_UP_S_MAX = 60.0
SETTLE_S_MAX = 45.0
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
            for name in pool_ids(POOLS)
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
        self.stack = LocalStack(folder / "stack", lambda _: None)

    def __enter__(self) -> Self:
        """Start everything and return when forecasts come."""
        self.stack.__enter__()
        try:
            self._start()
        except BaseException:
            self.stack.stop()
            raise
        return self

    def _start(self) -> None:
        stack, logs = self.stack, self._folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        settings = stack.settings(
            data_dir=self._folder / "data", partitions=PARTITIONS, replication=min(self._setting.brokers, 3)
        )
        create_topics(settings)
        publish_catalog(settings, catalog())
        words = [settings.broker, settings.redis, str(PARTITIONS)]
        self.verifier = Aide("verifier", words, logs / "verifier.log")
        self.load = Aide("load", [settings.broker, str(POOLS), str(EVENTS_PER_S), str(self._seed)], logs / "load.log")
        self.fleet = Fleet(settings, logs, self._setting.module)
        for number in range(self._setting.workers):
            self.fleet.start(f"worker-{number}")
        self.await_output(time.time(), WARM_UP_S_MAX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self.load.stop()
        self.fleet.stop()
        self.verifier.stop()
        self.stack.stop()

    def await_output(self, since_s: float, timeout_s: float) -> float | None:
        """Return when, at last, something closed after `since_s` could be read of every pool; None: not in time."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            first = self.verifier.ask("since", at_s=since_s)
            if len(first) == POOLS and None not in first.values():
                return float(max(first.values()))
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
