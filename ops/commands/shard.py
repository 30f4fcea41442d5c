"""`headgate shard`: list the snapshots of this data folder, or drop one and start that partition anew."""

import argparse

import redis

from ops.cli import settings_of
from streams.connections import redis_options
from streams.errors import ConfigurationError
from streams.events import PoolView, decode_output
from streams.forecast_store import POOLS_KEY, VIEW_KEY
from streams.keys import seal_key
from streams.settings import Settings
from streams.shard import Shard
from streams.skips import SKIPS, SkipList
from streams.snapshots import DiskSnapshots


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("action", choices=["list", "reset"])
    parser.add_argument("place", nargs="?", help="TOPIC/PARTITION, for reset")
    parser.add_argument("--accept-loss", action="store_true", help="say that what only the snapshot knows may go")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of(options)
    folder = settings.data_dir / "snapshots"
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no snapshots there; name the data folder with --data-dir")
    store = DiskSnapshots(folder, seal_key(settings))
    if options.action == "list":
        for topic, partition in store.places():
            _show(store, topic, partition)
        return 0
    topic, _, number = (options.place or "").partition("/")
    if not topic or not number.isdigit():
        raise ConfigurationError("reset takes a place such as transactions/0")
    if not options.accept_loss:
        raise ConfigurationError(
            f"resetting {options.place} forgets stock and models that the log no longer tells; "
            "stop the workers, then say --accept-loss"
        )
    store.forget(topic, int(number))
    SkipList(folder / SKIPS).forget(topic, int(number))
    print(f"{options.place}: snapshots dropped; the next worker starts at the log's beginning")
    try:
        forgotten = forget_views(settings, topic, int(number))
        print(f"{options.place}: {forgotten} views dropped; they are written again from the log")
    except (redis.RedisError, OSError) as error:
        print(f"Redis at {settings.redis} does not answer ({error}): say this again once it does, unless it is empty")
    return 0


def forget_views(settings: Settings, topic: str, partition: int) -> int:
    """Drop the views that were cut from the partition and return how many.

    A view with a higher offset than a log made anew refuses every newer one, and decisions would be taken from it.
    """
    forgotten = 0
    with redis.Redis.from_url(settings.redis, **redis_options(settings)) as client:
        for pool_id in sorted(client.smembers(POOLS_KEY)):
            body = client.hget(VIEW_KEY + pool_id.decode(), "body")
            view = decode_output(body) if body else None
            if isinstance(view, PoolView) and (view.cut.topic, view.cut.partition) == (topic, partition):
                client.delete(VIEW_KEY + pool_id.decode())
                forgotten += 1
    return forgotten


def _show(store: DiskSnapshots, topic: str, partition: int) -> None:
    loaded = store.load(topic, partition)
    for line in loaded.damage:
        print(line)
    if loaded.state is not None:
        next_offset, pools = Shard.describe(loaded.state)
        print(f"{topic}/{partition}: reads on at {next_offset}; pools {', '.join(pools) or 'none'}")
