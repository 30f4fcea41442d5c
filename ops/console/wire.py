"""The picture in, what a browser is sent out: everything once, then at most once a second what has changed."""

import secrets
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ops.console.attention import active_holds, attention
from ops.console.entries import PoolState, SeriesState, band
from ops.console.rows import action_row, freshness_s, local_text, pool_row, series_row, zone_and_period
from ops.console.state import Picture

ROWS_PER_MESSAGE_MAX = 400  # rows that changed; the others follow a second later
ACTIONS_MAX = 300  # sent at once, and shown by a page
DEAD_SHOWN_MAX = 20
BOOT_ID = secrets.token_hex(4)  # so that a page that outlives the process starts over
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Up to which version of the picture a page has been told."""

    rows: int = 0
    actions: int = 0

    def text(self) -> str:
        """Return the place as the page hands it back."""
        return f"{BOOT_ID}-{self.rows}-{self.actions}"


def place_of(text: str) -> Place:
    """Return the place in `text`; the start when it is foreign, malformed or of another process.

    >>> place_of(Place(7, 5).text()), place_of("elsewhere-7-5"), place_of("")
    (Place(rows=7, actions=5), Place(rows=0, actions=0), Place(rows=0, actions=0))
    """
    boot, _, rest = text.partition("-")
    rows, _, actions = rest.partition("-")
    if boot != BOOT_ID or not (rows.isdecimal() and actions.isdecimal()) or len(rest) > 40:
        return Place()
    return Place(int(rows), int(actions))


def changes(picture: Picture, since: Place, wall_s: float) -> tuple[Place, Values]:
    """Return what a page at `since` has to be told, and where it is then."""
    with picture.lock:
        changed = sorted((one for one in picture.series.values() if one.version > since.rows), key=_version)
        last = changed[min(len(changed), ROWS_PER_MESSAGE_MAX) - 1].version if changed else picture.version
        rows = [one for one in changed if one.version <= last]  # equal versions go together, so that none is lost
        reached = picture.version if len(rows) == len(changed) else last
        decided = [one for one in picture.actions if one.version > since.actions]
        told = decided[-ACTIONS_MAX:]
        values = {
            "full": since == Place(),
            "header": header(picture),
            "attention": attention(picture, wall_s),
            "pools": [pool_row(pool) for pool in _pools(picture)],
            "rows": [series_row(one, picture.pools[one.pool_id]) for one in rows],
            "actions": [action_row(one, _pool(picture, one.allocation.pool_id)) for one in reversed(told)],
            "health": health(picture, wall_s),
        }
        place = Place(reached, picture.version)
    values["place"] = place.text()
    return place, values


def _version(series: SeriesState) -> int:
    return series.version


def _pool(picture: Picture, pool_id: str) -> PoolState:
    return picture.pools.get(pool_id) or PoolState(pool_id)


def _pools(picture: Picture) -> list[PoolState]:
    return sorted(picture.pools.values(), key=lambda pool: pool.pool_id)


def header(picture: Picture) -> Values:
    """Return what runs, at which event time, and what is held. The caller holds the lock."""
    shown = [pool for pool in picture.pools.values() if pool.view]
    shown.sort(key=lambda pool: pool.view.now_s if pool.view else 0.0)
    middle = shown[len(shown) // 2] if shown else None  # replays may have clocks years apart: the one most pools have
    zone, _ = zone_and_period(middle.spec if middle else None)
    now_s = middle.view.now_s if middle and middle.view else None
    return {
        "pools": len(picture.pools),
        "items": len(picture.series),
        "workers": len(picture.workers),
        "now_s": now_s,
        "now_text": local_text(now_s, zone) if now_s is not None else None,
        "timezone": zone,
        "speed": middle.speed if middle else None,
        "clocks": len({round(pool.view.now_s / 86_400) for pool in shown if pool.view}),
        "catching_up": any(pool.catching_up and (freshness_s(pool) or 0.0) > 86_400 for pool in shown),
        "kill": picture.kill_switch,
        "holds": len(active_holds(picture)),
        "connections": {name: {"ok": one.ok, "text": one.text} for name, one in picture.connections.items()},
    }


def health(picture: Picture, wall_s: float) -> Values:
    """Return how the stream is: partitions, workers, pools' freshness, dead letters. The caller holds the lock."""
    workers = sorted(picture.workers.values(), key=lambda worker: worker.worker_id)
    letters = list(islice(reversed(picture.dead_letters), DEAD_SHOWN_MAX))
    return {
        "events_per_s": sum(worker.events_per_s for worker in workers),
        "lag": sum(max(0, part.end_offset - part.next_offset) for worker in workers for part in worker.partitions),
        "workers": [
            {
                "id": worker.worker_id,
                "age_s": max(0.0, wall_s - worker.at_s),
                "events_per_s": worker.events_per_s,
                "memory_bytes": worker.rss_bytes,
                "p50_s": worker.decision_p50_s,
                "p99_s": worker.decision_p99_s,
                "counters": dict(sorted(worker.counters.items())[:60]),
            }
            for worker in workers
        ],
        "partitions": [
            {
                "worker": worker.worker_id,
                "topic": part.topic,
                "partition": part.partition,
                "lag": max(0, part.end_offset - part.next_offset),
                "events": part.events_total,
                "snapshot_age_s": part.snapshot_age_s,
                "replay": max(0, part.next_offset - part.snapshot_offset),
            }
            for worker in workers
            for part in worker.partitions
        ],
        "freshness": [[pool.pool_id, freshness_s(pool)] for pool in _pools(picture)],
        "outcomes": dict(sorted(picture.outcomes_by_status.items())),
        "dead_by_rule": dict(sorted(picture.dead_by_rule.items())),
        "dead": [
            {
                "place": f"{letter.topic}/{letter.partition}/{letter.offset}",
                "rule": letter.rule,
                "message": letter.message[:300],
                "pool": letter.pool_id,
                "age_s": max(0.0, wall_s - letter.at_s),
            }
            for letter in letters
        ],
        "unreadable": picture.unreadable,
    }


def chart(picture: Picture, pool_id: str, resource_id: str) -> Values | None:
    """Return the history and the forecast ahead of one item, or None when there is no such item."""
    with picture.lock:
        series, pool = picture.series.get((pool_id, resource_id)), picture.pools.get(pool_id)
        if series is None or pool is None:
            return None
        zone, period = zone_and_period(pool.spec)
        return {
            "row": series_row(series, pool),
            "timezone": zone,
            "period": period,
            "buckets": series.buckets.rows(),
            "stock": series.stock.rows(),
            "orders": series.orders.rows(),
            "ahead": _ahead(series, pool),
            "on_order": [[order.due_at_s, order.units] for order in series.view.on_order] if series.view else [],
        }


def _ahead(series: SeriesState, pool: PoolState) -> list[list[float | None]]:
    """Return [start of period, mean, 10 %, 90 %] of each forecast period; empty when the calendar is not known."""
    forecast = series.view.forecast if series.view else None
    if forecast is None or pool.view is None or pool.spec is None:
        return []
    periods = pool.spec.periods
    return [
        [periods.shift(pool.view.period_start_s, ahead), mean, *band(quantiles)]
        for ahead, (mean, quantiles) in enumerate(zip(forecast.mean, forecast.quantiles, strict=False))
    ]


def actions(picture: Picture, pool_id: str | None, limit: int) -> list[Values]:
    """Return the newest lines of decisions first, of one pool or of all."""
    with picture.lock:
        wanted = (one for one in reversed(picture.actions) if pool_id in (None, one.allocation.pool_id))
        return [
            action_row(one, _pool(picture, one.allocation.pool_id)) for one in islice(wanted, min(limit, ACTIONS_MAX))
        ]
