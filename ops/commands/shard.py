"""`headgate shard`: list the snapshots on this disk and in Kafka, or drop them and start a partition anew."""

import argparse
import asyncio
import time

import redis

from ops.cli import settings_of
from ops.kept_states import check_stopped, disk_of, kept, newest_states, topic_of
from streams.attempts import FOLDER as ATTEMPTS
from streams.attempts import forget_deaths
from streams.connections import redis_options
from streams.errors import ConfigurationError
from streams.events import PoolView, decode_output
from streams.forecast_store import POOLS_KEY, VIEW_KEY
from streams.input_logs import input_logs
from streams.migration import blank
from streams.settings import Settings
from streams.shards import Span
from streams.skips import SKIPS, SkipList
from streams.snapshots import Generation
from streams.state_versions import plain_of
from streams.topics import INPUT_TOPICS

INPUT_NAMES = [spec.name for spec in INPUT_TOPICS]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("action", choices=["list", "reset"])
    parser.add_argument("place", nargs="?", help="TOPIC/PARTITION, or TOPIC for all of them, for reset")
    parser.add_argument("--accept-loss", action="store_true", help="say that what only the snapshot knows may go")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of(options)
    if options.action == "list":
        print("\n".join(asyncio.run(_lines(settings))) or "no snapshots, neither here nor in Kafka")
        return 0
    topic, _, number = (options.place or "").partition("/")
    if topic not in INPUT_NAMES or not (number.isdigit() or options.place == topic):
        raise ConfigurationError(f"reset takes a place such as transactions/0, of {' or '.join(INPUT_NAMES)}")
    if not options.accept_loss:
        raise ConfigurationError(
            f"resetting {options.place} forgets stock and models that the log no longer tells; "
            "stop the workers, then say --accept-loss"
        )
    check_stopped(settings)
    for partition, span in _wanted(settings, topic, int(number) if number else None).items():
        _reset(settings, topic, partition, span)
    return 0


def forget_views(settings: Settings, topic: str, partition: int) -> int:
    """Drop the views that were cut from the partition and return how many.

    Nobody writes them again until the log tells of their pools anew, and decisions would be taken from them.
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


def _wanted(settings: Settings, topic: str, partition: int | None) -> dict[int, Span]:
    """Return how far the logs of the wanted partitions reach."""
    with input_logs(settings) as logs:
        spans = dict(enumerate(logs.spans(topic)))
    if partition is None:
        return spans
    if partition not in spans:
        raise ConfigurationError(f"{topic} has {len(spans)} partitions at {settings.broker}, so no {partition}")
    return {partition: spans[partition]}


def _reset(settings: Settings, topic: str, partition: int, span: Span) -> None:
    place = f"{topic}/{partition}"
    asyncio.run(_begin_anew(settings, topic, partition, span))
    SkipList(settings.data_dir / "snapshots" / SKIPS).forget(topic, partition)
    forget_deaths(settings.data_dir / ATTEMPTS, topic, partition)
    print(f"{place}: snapshots dropped; the next worker starts at {span.start_offset}, where its log begins")
    try:
        forgotten = forget_views(settings, topic, partition)
        print(f"{place}: {forgotten} views dropped; they are written again from the log")
    except (redis.RedisError, OSError) as error:
        print(f"Redis at {settings.redis} does not answer ({error}): say this again once it does, unless it is empty")


async def _begin_anew(settings: Settings, topic: str, partition: int, span: Span) -> None:
    """Keep an empty state of the next epoch.

    It is the lasting word that the loss is accepted: it outranks what another machine's disk still holds.
    """
    generations = (await kept(settings)).get((topic, partition), [])
    epoch = max((one.rank[0] for one in generations), default=0) + 1
    state = blank(topic, partition, span.partitions, epoch=epoch, next_offset=span.start_offset)
    disk, topic_store = disk_of(settings), topic_of(settings, time.time)
    try:
        disk.forget(topic, partition)
        await topic_store.forget(topic, partition)
        await topic_store.save(topic, partition, state)
    finally:
        await topic_store.stop()
    disk.save(topic, partition, state)


async def _lines(settings: Settings) -> list[str]:
    """Return what people see of each partition: its generations, and the pools in the one that would be used."""
    now_s = time.time()
    lines = []
    newest = await newest_states(settings)
    for place, generations in (await kept(settings)).items():
        name = f"{place[0]}/{place[1]}"
        state = newest[place].state
        lines.append(f"{name}: {_content(name, state) if state else 'nothing whole'}")
        lines += [f"  {line_of(one, now_s=now_s)}" for one in generations]
    return lines


def _content(place: str, state: bytes) -> str:
    plain = plain_of(state, place)
    return f"reads on at {plain['next_offset']}; pools {', '.join(plain['pools']) or 'none'}"


def line_of(one: Generation, *, now_s: float) -> str:
    """Return one snapshot as a line.

    >>> line_of(Generation("disk", (0, 120), 5000, 90.0, ""), now_s=100.0)
    'disk   epoch 0, next offset 120, 5 kB, 10 s ago'
    """
    fault = f"; {one.fault}" if one.fault else ""
    size = f"{max(one.size_bytes // 1000, 1)} kB"
    return f"{one.where:6} epoch {one.rank[0]}, next offset {one.rank[1]}, {size}, {now_s - one.at_s:.0f} s ago{fault}"
