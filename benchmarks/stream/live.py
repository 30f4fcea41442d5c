"""A shape in; fresh servers with one warmed Headgate worker on them out, for what is measured while it runs."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.stream.engine_list import ENGINES, HEADGATE
from benchmarks.stream.loading import load
from benchmarks.stream.running import prepared, wait_for_forecasts
from benchmarks.stream.workload import Record, Shape, warm_records
from ops.child import Child
from ops.stack.local import LocalStack
from ops.supervisor import Supervisor
from streams.settings import Settings

LOADED_S = 6.0  # longer than a snapshot interval


@dataclass(frozen=True, slots=True)
class Live:
    """A warmed worker under its supervisor, and where it works."""

    shape: Shape
    warm: list[Record]
    stack: LocalStack
    settings: Settings
    supervisor: Supervisor
    client: redis.Redis

    @property
    def worker(self) -> Child:
        """Return the worker's process now."""
        return self.supervisor.children()["worker"]

    def wait(self, until_s: float) -> None:
        """Return when the forecasts of every pool made at event time `until_s` are readable."""
        wait_for_forecasts(self.client, ENGINES[HEADGATE], self.shape.pool_ids, until_s, self.worker)


@contextmanager
def live(shape: Shape, **overrides: float) -> Iterator[Live]:
    """Yield a worker that has read the warm part of `shape`; `overrides` are settings."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        base = Path(name)
        with (
            LocalStack(base / "stack", lambda _: None) as stack,
            Supervisor(base / "logs", lambda _: None) as supervisor,
        ):
            settings = prepared(stack, base, shape, **overrides)
            warm = list(warm_records(shape))
            asyncio.run(load(settings, warm))
            supervisor.start("worker", ["worker"], settings)
            with redis.Redis.from_url(settings.redis) as client:
                found = Live(shape, warm, stack, settings, supervisor, client)
                found.wait(shape.warm_end_s)
                time.sleep(LOADED_S)
                yield found
