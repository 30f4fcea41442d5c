"""What needs a person first: the picture in, a short list of exceptions out, worst first.

| kind       | when                                                                       |
|------------|----------------------------------------------------------------------------|
| connection | Kafka or Redis is not reached                                              |
| kill       | the kill switch of the gateway is engaged                                  |
| worker     | no worker has said anything for `HEALTH_TTL_S`                             |
| snapshot   | partitions that move on and cannot be sealed: no space, or no place at all |
| hold       | an operator holds a pool or resource                                       |
| stock-out  | nothing on hand                                                            |
| outcome    | actions that expired or were rejected                                      |
| stale      | forecasts past their expiry                                                |
| model      | a learned model lost to the simple one, which serves in its place          |
| overdue    | accepted orders whose period of arrival is over, or given up long after it |
| timeout    | ticks that the twin waited for in vain                                     |
| dead       | messages that broke a rule in the last minutes                             |
| silent     | a declared feed never heard, or a period that closed as missing            |
| history    | a pool that is still catching up with its history                          |
| closed     | something was asked for in a period that the catalog declares closed       |
| unknown    | events of resources that the catalog does not have                         |
| baseline   | ticks that the fallback decided                                            |
| challenger | a challenger that did not speak; the champion decides its items            |
| range      | items outside what the policy was trained on, which its rule decides       |
| guard      | orders that the guard changed                                              |
| limit      | more series than the console keeps                                         |
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from online_models.registry import SIMPLE
from ops.console.entries import Decided, PoolState
from ops.console.rows import GUARD_RULES, LINE_CHARACTERS_MAX, forecast_state, freshness_s, local_text, zone_and_period
from ops.console.state import SERIES_MAX, Picture
from streams.events import Command

ATTENTION_MAX = 60
NAMES_MAX = 3  # items named in one line
RECENT_ACTIONS = 200  # over which guard and outcomes are judged
DEAD_WINDOW_S = 300.0
SNAPSHOT_AGE_S_MAX = 60.0  # twelve intervals by default
_ORDER = {"bad": 0, "warn": 1, "note": 2}
Item = dict[str, Any]


def attention(picture: Picture, wall_s: float) -> list[Item]:
    """Return what needs a person at wall time `wall_s`. The caller holds the picture's lock."""
    items: list[Item] = []
    for source in (
        _connections,
        _workers,
        _snapshots,
        _holds,
        _pools,
        _models,
        _overdue,
        _sold_while_closed,
        _unknown,
        _actions,
    ):
        items.extend(source(picture))
    items.extend(_dead_letters(picture, wall_s))
    if picture.lived and picture.lived.timeouts:
        items.append(_item("warn", "timeout", f"{picture.lived.timeouts} ticks of the twin were not answered in time"))
    if picture.series_left_out:
        items.append(_item("note", "limit", f"Only the first {SERIES_MAX} series are shown."))
    items.sort(key=lambda item: _ORDER[item["severity"]])
    return items[:ATTENTION_MAX]


def active_holds(picture: Picture) -> list[Command]:
    """Return the holds that have not expired by their pool's event time."""
    return [hold for hold in picture.holds.values() if hold.expires_at_s > _now_s(picture.pools.get(hold.pool_id))]


def _now_s(pool: PoolState | None) -> float:
    return pool.view.now_s if pool and pool.view else 0.0


def _item(severity: str, kind: str, text: str, pool: str | None = None, resource: str | None = None) -> Item:
    return {"severity": severity, "kind": kind, "text": text, "pool": pool, "resource": resource}


def _connections(picture: Picture) -> Iterator[Item]:
    for connection in picture.connections.values():
        if not connection.ok and connection.since_s > 0:
            yield _item("bad", "connection", connection.text)
    if picture.kill_switch is not None:
        yield _item("bad", "kill", f"The kill switch is engaged: nothing is applied. {picture.kill_switch}".strip())


def _models(picture: Picture) -> Iterator[Item]:
    for pool in picture.pools.values():
        wanted = pool.spec.forecast if pool.spec else SIMPLE
        if wanted == SIMPLE or pool.view is None:
            continue
        simple = [one.resource_id for one in pool.view.series if one.forecast and one.forecast.model == SIMPLE]
        if simple and any(one.kind == "rolled-back" for one in pool.models):
            last = next(one for one in reversed(pool.models) if one.kind == "rolled-back")
            text = f"{_names(simple)}: forecast by {SIMPLE} in place of {wanted}, because {last.reason}"
            yield _item("warn", "model", text, pool.pool_id, simple[0])


def _workers(picture: Picture) -> Iterator[Item]:
    waiting = not any(pool.view for pool in picture.pools.values())
    if picture.connections["redis"].ok and not picture.workers and not waiting:
        yield _item("bad", "worker", "No worker reports: nothing is folded or decided. Start one: headgate worker")


def _snapshots(picture: Picture) -> Iterator[Item]:
    for worker in picture.workers.values():
        never_s = math.inf if worker.counters.get("snapshots:disk-failed") else 0.0
        late = [
            f"{part.topic}/{part.partition}"
            for part in worker.partitions
            if part.next_offset > part.snapshot_offset
            and (never_s if part.snapshot_age_s is None else part.snapshot_age_s) > SNAPSHOT_AGE_S_MAX
        ]
        if late:
            text = f"{worker.worker_id} cannot seal {_names(late)}: a crash replays ever more. Its log says why"
            yield _item("warn", "snapshot", text)


def _holds(picture: Picture) -> Iterator[Item]:
    for hold in active_holds(picture):
        pool = picture.pools.get(hold.pool_id)
        zone, _ = zone_and_period(pool.spec if pool else None)
        what = "The whole pool" if hold.resource_id is None else _name(pool, hold.resource_id)
        until = local_text(hold.expires_at_s, zone)
        yield _item("warn", "hold", f"{what} is held until {until}: {hold.reason}", hold.pool_id, hold.resource_id)


def _pools(picture: Picture) -> Iterator[Item]:
    for pool in picture.pools.values():
        view = pool.view
        if view is None:
            continue
        series = [(one, picture.series.get((pool.pool_id, one.resource_id))) for one in view.series]
        names = partial(_named, pool)
        empty = [one.resource_id for one in view.series if one.on_hand_units is not None and one.on_hand_units <= 0]
        stale = [one.resource_id for one, held in series if held and forecast_state(held, pool) == "stale"]
        without = [one.resource_id for one in view.series if one.last_value is None and one.forecast is not None]
        behind_s = freshness_s(pool) or 0.0
        if pool.catching_up and behind_s > 86_400:
            text = f"Catching up: {behind_s / 86_400:,.0f} days of history to go, nothing is decided until then"
            yield _item("note", "history", text, pool.pool_id)
        if empty:
            yield _item(
                "bad", "stock-out", f"{len(empty)} with nothing on hand: {names(empty)}", pool.pool_id, empty[0]
            )
        if stale:
            yield _item("warn", "stale", f"{len(stale)} forecasts expired: {names(stale)}", pool.pool_id, stale[0])
        if without:
            text = f"{len(without)} closed their last period without data: {names(without)}"
            yield _item("warn", "silent", text, pool.pool_id, without[0])
        unheard = [feed for feed, _, heard in view.feeds if not heard]
        if unheard:
            yield _item("warn", "silent", f"Feeds never heard: {_names(unheard)}", pool.pool_id)


def _overdue(picture: Picture) -> Iterator[Item]:
    for view in [pool.view for pool in picture.pools.values() if pool.view]:
        late = [
            one.resource_id
            for one in view.series
            if any(order.due_at_s < view.period_start_s for order in one.on_order)
        ]
        if late:
            text = f"Accepted orders that should be here by now: {_names(late)}"
            yield _item("warn", "overdue", text, view.pool_id, late[0])
        given_up = view.counters.get("orders:overdue", 0)
        if given_up:
            text = f"{given_up:,} accepted orders never came and are no longer counted on"
            yield _item("note", "overdue", text, view.pool_id)


def _sold_while_closed(picture: Picture) -> Iterator[Item]:
    for pool in picture.pools.values():
        view, spec = pool.view, pool.spec
        if view is None or spec is None or not view.counters.get("closed:sold"):
            continue
        last_s = spec.periods.shift(view.period_start_s, -1)
        sold = [one.resource_id for one in view.series if one.last_value]
        if sold and spec.calendar.slots(last_s, 1)[0].closed:
            text = f"{len(sold)} were asked for in the last period, which the catalog declares closed: "
            yield _item("warn", "closed", text + _named(pool, sold), view.pool_id, sold[0])


def _unknown(picture: Picture) -> Iterator[Item]:
    views = [pool.view for pool in picture.pools.values() if pool.view and pool.view.unknown_resources]
    unknown = Counter({(view.pool_id, name): count for view in views for name, count in view.unknown_resources})
    if unknown:
        which = _names([f"{name} ({count:,})" for (_, name), count in unknown.most_common()])
        pool_id = views[0].pool_id if len(views) == 1 else None
        text = f"{unknown.total():,} events of resources that no catalog has: {which}"
        yield _item("note", "unknown", text, pool_id)


def _dead_letters(picture: Picture, wall_s: float) -> Iterator[Item]:
    recent = [
        letter
        for letter in picture.dead_letters
        if letter.at_s >= wall_s - DEAD_WINDOW_S and letter.rule != "unknown-resource"  # they have a line of their own
    ]
    if recent:
        rules = ", ".join(f"{rule} {count}" for rule, count in Counter(one.rule for one in recent).most_common(4))
        more = "at least " if len(recent) == picture.dead_letters.maxlen else ""
        text = f"{more}{len(recent):,} dead letters in {DEAD_WINDOW_S / 60:.0f} minutes: {rules}"
        yield _item("warn", "dead", text[0].upper() + text[1:])


def _actions(picture: Picture) -> Iterator[Item]:
    recent = picture.actions[-RECENT_ACTIONS:]
    for status in ("expired", "rejected"):
        failed = [one for one in recent if one.outcome and one.outcome.status == status]
        if failed:
            last = failed[-1]
            text = f"{len(failed)} of the last {len(recent)} actions {status}; the last: {_reason(last)}"
            yield _item("warn", "outcome", text, last.allocation.pool_id, last.line.resource_id)
    fallback = Counter(one.allocation.pool_id for one in recent if one.allocation.decided_by == "baseline")
    for pool_id, count in fallback.items():
        yield _item("warn", "baseline", f"{count} recent orders were set by the baseline policy", pool_id)
    yield from _policies(recent)
    yield from _guarded(recent)


def _policies(recent: Iterable[Decided]) -> Iterator[Item]:
    silent = {one.allocation.challenger_failed for one in recent if one.allocation.challenger_failed}
    if silent:
        yield _item("warn", "challenger", f"The champion decides all: {min(silent)[:LINE_CHARACTERS_MAX]}")
    unsure = Counter(one.allocation.pool_id for one in recent if one.line.role == "rule")
    for pool_id, count in unsure.items():
        text = f"{count} recent orders were set by the rule: outside what the policy was trained on"
        yield _item("note", "range", text, pool_id)


def _guarded(recent: Iterable[Decided]) -> Iterator[Item]:
    changed = Counter(
        (one.allocation.pool_id, one.line.reason_code) for one in recent if one.line.reason_code in GUARD_RULES
    )
    for (pool_id, rule), count in changed.most_common(8):
        yield _item("note", "guard", f"The guard changed {count} recent orders: {rule}", pool_id)


def _reason(decided: Decided) -> str:
    return decided.outcome.reason if decided.outcome else ""


def _name(pool: PoolState | None, resource_id: str) -> str:
    known = pool.spec.resource(resource_id) if pool and pool.spec else None
    return (known.name if known else "") or resource_id


def _named(pool: PoolState, resource_ids: list[str]) -> str:
    return _names([_name(pool, one) for one in resource_ids])


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_MAX])
    return shown if len(names) <= NAMES_MAX else f"{shown} and {len(names) - NAMES_MAX} more"
