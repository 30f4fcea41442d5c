"""The rules of cleaning: an event in, the same event out, or `InvalidEventError` with the name of the rule it broke.

| rule | what it parks |
|---|---|
| unknown-resource | a resource that the pool's catalog does not have, e.g. postage on an invoice |
| not-finite | a number that is no number |
| negative-quantity | a sale, receipt, count or accepted order below 0: a reversal without its kind |
| positive-reversal | a cancellation or return above 0 |
| zero-quantity | a movement of nothing |
| quantity-limit | more units in one event than anybody moves |
| price-not-positive | a sale at no price or less: a write-off or a giveaway, not demand |
| out-of-range | a reading that its quantity cannot have |
| future | an event further ahead of the run's now than the pool believes, or beyond 2200 |
| past | an event before 1990: a clock that was never set |
| unknown-feed | a promise of a feed that the pool's catalog does not have |

Rules before these (`oversize`, `malformed`, `unreadable-row`, `wrong-partition`, `unknown-pool`) are the shard's, since
they need no pool.
"""

import math

from streams.catalog import PoolSpec
from streams.clock import TIME_S_MAX
from streams.errors import InvalidEventError
from streams.events import Covariate, Heartbeat, SensorReading, Transaction
from streams.periods import utc_text

# What each quantity can be in this world; a reading outside is a broken sensor, not a surprise.
LIMITS: dict[str, tuple[float, float]] = {
    "flow_vehicles_per_h": (0.0, 20_000.0),
    "count_vehicles": (0.0, 100_000.0),
    "occupancy_ratio": (0.0, 1.0),
    "speed_km_per_h": (0.0, 300.0),
    "count_units": (0.0, 1e9),
}

QUANTITY_UNITS_MAX = 1e7
TIME_S_MIN = 631_152_000.0  # 1990-01-01


def clean_transaction(event: Transaction, *, spec: PoolSpec, now_s: float) -> Transaction:
    """Return `event` if it keeps every rule of a transaction; raise InvalidEventError otherwise.

    `now_s` is the run's event time (see `streams.clock`), so that a replay decides as the first run did.
    """
    _known(event.resource_id, spec)
    _finite("quantity_units", event.quantity_units)
    _believable(event.occurred_at_s, spec=spec, now_s=now_s)
    _quantity(event)
    if event.kind == "sale" and event.unit_price is not None and not event.unit_price > 0:
        raise InvalidEventError("price-not-positive", f"unit_price {event.unit_price} of a sale is not above 0")
    return event


def clean_reading(event: SensorReading, *, spec: PoolSpec, now_s: float) -> SensorReading:
    """Return `event` if it keeps every rule of a reading; raise InvalidEventError otherwise."""
    _known(event.resource_id, spec)
    _finite("value", event.value)
    _believable(event.observed_at_s, spec=spec, now_s=now_s)
    low, high = LIMITS[event.quantity]
    if not low <= event.value <= high:
        raise InvalidEventError("out-of-range", f"{event.quantity} {event.value} is outside [{low}, {high}]")
    return event


def clean_covariate(event: Covariate, *, spec: PoolSpec, now_s: float) -> Covariate:
    """Return `event` if it keeps every rule of a covariate; raise InvalidEventError otherwise."""
    _finite(event.name, event.value)
    _believable(event.observed_at_s, spec=spec, now_s=now_s)
    low, high = spec.covariate_limits.get(event.name, (-math.inf, math.inf))
    if not low <= event.value <= high:
        raise InvalidEventError("out-of-range", f"covariate {event.name} {event.value} is outside [{low}, {high}]")
    return event


def clean_heartbeat(event: Heartbeat, *, spec: PoolSpec, now_s: float) -> Heartbeat:
    """Return `event` if it keeps every rule of a promise; raise InvalidEventError otherwise."""
    if all(feed.id != event.feed_id for feed in spec.feeds):
        raise InvalidEventError("unknown-feed", f"pool {spec.pool_id} declares no feed {event.feed_id[:64]!r}")
    _believable(event.complete_until_s, spec=spec, now_s=now_s)
    return event


def _known(resource_id: str, spec: PoolSpec) -> None:
    if spec.resource(resource_id) is None:
        raise InvalidEventError("unknown-resource", f"the catalog of pool {spec.pool_id} has no {resource_id[:64]!r}")


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise InvalidEventError("not-finite", f"{name} is {value}")


def _believable(at_s: float, *, spec: PoolSpec, now_s: float) -> None:
    if not math.isfinite(at_s):
        raise InvalidEventError("not-finite", f"event time is {at_s}")
    if at_s > min(now_s + spec.ahead_s_max, TIME_S_MAX):
        shown = utc_text(at_s) if at_s < 4e9 else f"{at_s:.0f} s"
        limit = f"ahead_s_max {spec.ahead_s_max:.0f} s after the run's now, {utc_text(now_s)}"
        raise InvalidEventError("future", f"event time {shown} is more than {limit}")
    if at_s < TIME_S_MIN:
        raise InvalidEventError("past", f"event time {at_s:.0f} s is before {utc_text(TIME_S_MIN)}")


def _quantity(event: Transaction) -> None:
    quantity = event.quantity_units
    if event.kind in ("cancellation", "return"):
        if quantity > 0:
            raise InvalidEventError("positive-reversal", f"quantity_units {quantity} of a {event.kind} is above 0")
    elif quantity < 0:
        raise InvalidEventError("negative-quantity", f"quantity_units {quantity} of a {event.kind} is below 0")
    if quantity == 0 and event.kind != "count":
        raise InvalidEventError("zero-quantity", f"quantity_units of a {event.kind} is 0")
    if abs(quantity) > QUANTITY_UNITS_MAX:
        raise InvalidEventError("quantity-limit", f"quantity_units {quantity} is beyond {QUANTITY_UNITS_MAX:.0f}")
