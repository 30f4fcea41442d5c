"""`headgate feed retail|traffic|csv`: recorded or own data in, events with heartbeats at a chosen pace out.

The catalog is published first. History (before --live-from) is sent at once, the rest at --speed-up event seconds a
second. Stopped half-way it may be started again: event ids are the file's own.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ops.cli import settings_of
from ops.shipped import shipped
from streams.catalog import Catalog, PoolSpec, load
from streams.errors import ConfigurationError, InvalidEventError
from streams.events import Unreadable, encode
from streams.feeds import mapping as mappings
from streams.feeds import retail, traffic
from streams.feeds.customer import load_hmac_key
from streams.feeds.placing import Pools
from streams.feeds.recorded import Recorded, in_time_order
from streams.feeds.replay import Record, Replay, Step, paced, period_end_s, step_s_of
from streams.feeds.sender import EventSender
from streams.feeds.suggest import suggestion
from streams.feeds.table import read_table
from streams.periods import utc_text
from streams.publishing import publish_catalog
from streams.settings import Settings

NOTICE_S = 5.0  # between two lines of progress


@dataclass(frozen=True, slots=True)
class Recording:
    """What one source has to send, and to whom."""

    catalog: Catalog
    pools: Sequence[PoolSpec]
    feed_ids: frozenset[str]
    events: Sequence[Recorded]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the three sources and what they share."""
    sources = parser.add_subparsers(dest="source", metavar="SOURCE", required=True)
    one = sources.add_parser("retail", help="Online Retail II: a gift shop's order lines, 2009-12 to 2011-06")
    one.add_argument("--file", type=Path, help="the whole file or another cut; default: the shipped subset")
    _shared(one, "catalogs/retail.toml", start=None, live="2010-07-01", speed_up=86_400.0)
    one = sources.add_parser("traffic", help="Metro I-94: one detector and the weather, 2012-10 to 2018-09")
    one.add_argument("--file", type=Path, help="default: the shipped file")
    _shared(one, "catalogs/traffic.toml", start="2018-01-01", live="2018-07-01", speed_up=3600.0)
    one = sources.add_parser("csv", help="your own CSV or Parquet file")
    one.add_argument("file", type=Path, metavar="FILE", help=".csv, .csv.gz, .csv.xz or .parquet")
    one.add_argument("--mapping", type=Path, help="which column is what; see examples/own-data/mapping.toml")
    one.add_argument("--suggest", action="store_true", help="print a mapping and a catalog to start from, and end")
    one.add_argument("--open-end", action="store_true", help="the file ends within a period: do not close that one")
    _shared(one, None, start=None, live=None, speed_up=3600.0)


def _shared(
    parser: argparse.ArgumentParser, catalog: str | None, *, start: str | None, live: str | None, speed_up: float
) -> None:
    parser.add_argument("--catalog", type=Path, help=f"default: {catalog}" if catalog else "pools and resources")
    parser.add_argument(
        "--speed-up", type=_positive, default=speed_up, help=f"event seconds a second; default {speed_up:g}"
    )
    parser.add_argument(
        "--from",
        dest="start",
        default=start,
        metavar="TIME",
        help=f"leave out what is earlier; default {start or 'nothing'}",
    )
    parser.add_argument("--until", metavar="TIME", help="leave out what is later")
    parser.add_argument(
        "--live-from",
        default=live,
        metavar="TIME",
        help=f"send what is earlier at once; default {live or 'its end: all of it'}",
    )
    parser.add_argument("--dry-run", type=int, metavar="N", help="print the first N events and end; needs no broker")


def run(options: argparse.Namespace) -> int:
    """Read, publish the catalog, send; print what was sent."""
    if options.source == "csv" and options.suggest:
        print(suggestion(options.file))
        return 0
    settings = settings_of(options)
    recording = _recording(options, settings)
    if options.dry_run is not None:
        _show(recording, options.dry_run)
        return 0
    replay = _replay(options, recording)
    publish_catalog(settings, recording.catalog)
    steps = paced(
        replay.steps(recording.events),
        live_from_s=replay.live_from_s,
        speed_up=options.speed_up,
        wall_s=time.monotonic,
        sleep_s=time.sleep,
    )
    with EventSender(settings) as sender:
        Transmission(sender).send(steps)
    return 0


class Transmission:
    """Sends steps and keeps count."""

    def __init__(self, sender: EventSender) -> None:
        self._sender = sender
        self._counts: Counter[str] = Counter()
        self._began_s = self._noticed_s = time.monotonic()
        self._until_s = 0.0

    def send(self, steps: Iterable[Step]) -> None:
        """Send every step; a live one is acknowledged before the next, so that a pace kept is a pace taken in."""
        try:
            for step in steps:
                for record in step.records:
                    self._send(record)
                if step.live:
                    self._sender.flush()
                    self._until_s = step.until_s
                    self._notice()
            self._sender.flush()
        finally:
            print(self._summary(), flush=True)

    def _send(self, record: Record) -> None:
        self._counts[type(record.message).__name__] += 1
        try:
            self._sender.send(*record)
        except InvalidEventError as error:
            event_id = getattr(record.message, "event_id", "")[:200]
            feed_id = getattr(record.message, "feed_id", "")[:64]
            stand_in = Unreadable(event_id=event_id, pool_id=record.pool_id[:64], feed_id=feed_id, reason=str(error))
            self._sender.send(record.topic, record.pool_id, stand_in)

    def _notice(self) -> None:
        if time.monotonic() - self._noticed_s >= NOTICE_S:
            self._noticed_s = time.monotonic()
            print(self._summary(), flush=True)

    def _summary(self) -> str:
        taken_s = max(time.monotonic() - self._began_s, 1e-9)
        events = sum(count for name, count in self._counts.items() if name not in ("Clock", "Heartbeat"))
        reached = f", up to {utc_text(self._until_s)}" if self._until_s else ""
        return (
            f"sent {events:,} events ({self._counts['Unreadable']:,} unreadable rows) and "
            f"{self._counts['Heartbeat']:,} heartbeats in {taken_s:.1f} s, {events / taken_s:,.0f} events/s{reached}"
        )


def _recording(options: argparse.Namespace, settings: Settings) -> Recording:
    if options.source == "csv" and not (options.mapping and options.catalog):
        raise ConfigurationError(
            "a file of your own needs --mapping and --catalog; --suggest prints both to start from"
        )
    catalog = load(options.catalog or shipped(f"catalogs/{options.source}.toml"))
    if options.source == "retail":
        path = options.file or shipped("data/retail/online_retail_ii_subset.csv.xz")
        events, feed_ids = retail.recorded(path, catalog, load_hmac_key(settings)), frozenset({retail.FEED_ID})
    elif options.source == "traffic":
        path = options.file or shipped("data/traffic/metro_interstate_traffic_volume.csv.xz")
        events, feed_ids = traffic.read_traffic(path, catalog), traffic.FEED_IDS
    else:
        mapping = mappings.load(options.mapping)
        events = in_time_order(read_table(options.file, mapping, catalog, load_hmac_key(settings)))
        feed_ids = mapping.feed_ids
    pools = tuple({pool.pool_id: pool for feed_id in feed_ids for pool in Pools(catalog, feed_id).specs}.values())
    start_s, until_s = (_time_s(text, pools) for text in (options.start, options.until))
    kept = [one for one in events if one.at_s >= (start_s or 0.0) and (until_s is None or one.at_s < until_s)]
    if not kept:
        raise ConfigurationError(f"nothing to send: {len(events)} events, none between --from and --until")
    return Recording(catalog, pools, feed_ids, kept)


def _replay(options: argparse.Namespace, recording: Recording) -> Replay:
    complete = not (getattr(options, "open_end", False) or options.until)
    last_s = recording.events[-1].at_s
    end_s = max(period_end_s(pool, last_s) for pool in recording.pools) if complete else last_s
    live_from_s = _time_s(options.live_from, recording.pools)
    return Replay(
        pools=recording.pools,
        feed_ids=recording.feed_ids,
        live_from_s=end_s if live_from_s is None else live_from_s,
        step_s=step_s_of(options.speed_up, recording.pools),
        completes_last_period=complete,
    )


def _show(recording: Recording, count: int) -> None:
    for one in recording.events[:count]:
        sys.stdout.write(encode(one.event).decode() + "\n")
    kinds = Counter(type(one.event).__name__ for one in recording.events)
    first, last = recording.events[0].at_s, recording.events[-1].at_s
    named = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    print(f"{named}; {utc_text(first)} to {utc_text(last)}; not sent", file=sys.stderr)


def _time_s(text: str | None, pools: Sequence[PoolSpec]) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no time such as 2010-07-01 or 2010-07-01T06:00+00:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(pools[0].timezone))).timestamp()


def _positive(text: str) -> float:
    value: Any = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1e9")
    return float(value)
