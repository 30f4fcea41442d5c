"""One worker process: settings in, a Faust app that ingests, forecasts and decides out.

Faust gives consumer groups, assignment and rebalancing; state, outputs and fences are ours (design, section 5).
"""

import gc
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import faust
import psutil
import redis
from faust.tables import TableManager
from faust.types import TP

from online_models.linear import preload
from streams.administration import create_topics
from streams.agents.control import add_control
from streams.agents.ingest import Ingest, add_ingest
from streams.agents.views import Views
from streams.attempts import FOLDER as ATTEMPTS
from streams.attempts import Attempts
from streams.claims import RedisClaims
from streams.connections import redis_client, redis_options, tls_context
from streams.errors import UnavailableError
from streams.forecast_store import HEALTH_TTL_S, RedisForecastStore
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.health_events import PartitionHealth
from streams.keys import seal_key
from streams.outputs import Outputs
from streams.pacemaker import INTERVAL_S, beat
from streams.settings import Settings
from streams.shards import Shards
from streams.sight import watchdog_of
from streams.skips import SKIPS, SkipList
from streams.snapshot_topic import TopicSnapshots
from streams.snapshots import DiskSnapshots
from streams.topics import WORKER_GROUP
from streams.transport import install
from streams.watchdog import Watchdog

log = logging.getLogger(__name__)

CRASH_STATUS = 75  # EX_TEMPFAIL of sysexits.h: it could not go on, and its log says why; a supervisor starts it again
SESSION_TIMEOUT_S = 6.0  # how long a dead worker's partitions wait for their next owner
HEARTBEAT_S = 2.0
BUFFERED_MESSAGES_MAX = 16  # fetched and not yet folded: batches of input topics, single ticks
FETCHED_MAX = 16  # some 2,000 records of an input topic, or a single tick, taken from the client at once


class NoTables(TableManager):
    """Faust's tables are not used, and their manager would wait a second for them at each start."""

    async def on_start(self) -> None:
        """Begin at once."""
        await self._update_channels()
        await self.recovery.start()


class WorkerApp(faust.App):
    """A Faust app whose outputs are connected before its agents run and whose state is sealed when it ends."""

    outputs: Outputs
    ingest: Ingest
    shards: Shards
    watchdog: Watchdog

    async def on_start(self) -> None:
        """Connect the outputs first."""
        self.watchdog.start()
        await self.outputs.start()
        await super().on_start()

    async def on_stop(self) -> None:
        """Seal every shard, so that the next start replays nothing; after a crash end at once instead."""
        if self.crashed:
            _end_crashed()  # still watched: a log that nobody reads may hold it up
        self.watchdog.stop()
        await self.ingest.release_all()
        await self.shards.stop()
        await self.outputs.stop()
        await super().on_stop()


def build(settings: Settings, wall_s: Callable[[], float]) -> WorkerApp:
    """Return the app of one worker; raise UnavailableError when Kafka or Redis does not answer."""
    preparing = threading.Thread(target=_prepare, name="prepare", daemon=True)
    preparing.start()  # while Kafka is asked and the group joined
    create_topics(settings)
    _check_redis(settings)
    app = WorkerApp(
        WORKER_GROUP,
        broker=[f"kafka://{server}" for server in settings.broker.split(",")],
        broker_credentials=_credentials(settings),
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        consumer_group_instance_id=settings.worker_id,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFERED_MESSAGES_MAX,
        broker_max_poll_records=FETCHED_MAX,
        store="memory://",
        TableManager=NoTables,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        datadir=str(settings.data_dir / "faust"),
    )
    client = redis_client(settings)
    store = RedisForecastStore(client)
    health = Health(settings.worker_id)
    key = seal_key(settings)
    shards = app.shards = Shards(
        DiskSnapshots(_folder(settings, "snapshots"), key),
        TopicSnapshots(settings, key, wall_s),
        topic_interval_s=settings.snapshot_topic_interval_s,
        count=health.count,
    )
    app.outputs = Outputs(settings)
    install(app, shards, app.outputs.partitions, preparing.join)
    skips = SkipList(settings.data_dir / "snapshots" / SKIPS)
    attempts = Attempts(_folder(settings, ATTEMPTS), settings.worker_id, skips)
    views = Views(shards, store, health)
    app.ingest = Ingest(shards, app.outputs, views, GuardedFold(skips, attempts), health, settings, wall_s)
    add_ingest(app, app.ingest)
    add_control(app, settings, store, RedisClaims(client), health)
    _add_beats(app, shards, store, health, wall_s)
    app.watchdog = watchdog_of(app, shards, app.outputs, health, settings, wall_s)
    return app


def _end_crashed() -> NoReturn:
    """End as a kill would: what is needed is on disk, and the next start sends again what is under way.

    Faust's stop may wait for ever here: a crash ends its consumer's thread first, and then nobody answers its commits.
    """
    logging.shutdown()  # writes out what handlers hold back
    os._exit(CRASH_STATUS)


def _prepare() -> None:
    """Import what forecasts need, and take all that is loaded out of the collector's sight: it is never garbage."""
    preload()
    gc.freeze()


def run(settings: Settings, wall_s: Callable[[], float]) -> NoReturn:
    """Run a worker until it is told to end, or cannot go on and ends with `CRASH_STATUS`."""
    worker = faust.Worker(build(settings, wall_s), loglevel="warn", redirect_stdouts=False, quiet=True)
    worker.spinner = None  # its escapes would end up in the log
    worker.execute_from_commandline()


def _add_beats(
    app: WorkerApp, shards: Shards, store: RedisForecastStore, health: Health, wall_s: Callable[[], float]
) -> None:
    process = psutil.Process()

    @app.timer(interval=INTERVAL_S)  # type: ignore[untyped-decorator]
    async def report_and_beat() -> None:
        await beat(app.outputs)
        now_s = wall_s()
        for (topic, partition), held in shards.held.items():
            held.end_offset = max(held.end_offset, app.consumer.highwater(TP(topic, partition)) or 0)
        report = health.report(
            [_partition_health(place, held, now_s) for place, held in sorted(shards.held.items())],
            [held.shard.totals() for held in shards.held.values()],
            at_s=now_s,
            rss_bytes=process.memory_info().rss,
        )
        try:
            await store.write_health(report)
        except UnavailableError as error:
            log.warning("%s; it is said again in %.0f s", error, HEALTH_TTL_S)


def _partition_health(place: tuple[str, int], held: Any, now_s: float) -> PartitionHealth:
    return PartitionHealth(
        topic=place[0],
        partition=place[1],
        next_offset=held.shard.next_offset,
        end_offset=held.end_offset,
        events_total=held.folded,
        snapshot_offset=held.snapshot_offset,
        snapshot_age_s=None if held.snapshot_wall_s is None else now_s - held.snapshot_wall_s,
    )


def _check_redis(settings: Settings) -> None:
    try:
        with redis.Redis.from_url(settings.redis, **redis_options(settings)) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise UnavailableError(
            f"no Redis answers at {settings.redis} ({error}); start one with `headgate up`, or name one with --redis"
        ) from error


def _credentials(settings: Settings) -> Any:
    context = tls_context(settings)
    if settings.kafka_sasl_mechanism:
        return faust.SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password,
            ssl_context=context,
            mechanism=settings.kafka_sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context else None


def _folder(settings: Settings, name: str) -> Path:
    folder = settings.data_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
