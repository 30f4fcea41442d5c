"""What is controlled, under which limits: a versioned TOML file in, validated pools out.

A pool travels as one `PoolSpec` record: in the compacted topic `catalog` for readers, and in the pool's own
input partition for the shard, so that the fold knows its catalog from the log alone.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from online_models.registry import DEFAULT, FAMILIES, FORECASTERS, POOL_FORECASTERS, SIMPLE
from streams.calendar import Calendar, holiday_days
from streams.closed_days import closed_days
from streams.errors import ConfigurationError
from streams.periods import PeriodName, Periods

Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
PositiveInt = Annotated[int, Meta(ge=1, le=1_000_000)]
PositiveFloat = Annotated[float, Meta(gt=0)]
NonNegativeFloat = Annotated[float, Meta(ge=0)]
LeadTime = Annotated[int, Meta(ge=0, le=60)]
Horizon = Annotated[int, Meta(ge=1, le=672)]
HolidayName = Annotated[str, Meta(max_length=64, pattern=r"^([A-Z]{2}(-.+)?)?$")]
HolidayDays = Annotated[tuple[int, ...], Meta(max_length=10_000)]
ClosedWords = Annotated[tuple[Annotated[str, Meta(max_length=16)], ...], Meta(max_length=1000)]

CATALOG_VERSION = 1


class ResourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing whose allocation is controlled, or whose demand is only watched (`PoolSpec.controlled` false)."""

    id: Identifier
    name: str = ""
    unit: Annotated[str, Meta(max_length=24)] = "units"  # what its quantities are counted in, for people
    aggregate: Literal["sum", "mean", "last", "max"] = "sum"  # how a bucket's events become one number
    unit_price: PositiveFloat = 1.0  # currency per unit sold
    unit_cost: PositiveFloat = 1.0  # currency per unit bought, what the budget is spent in
    lost_sale_cost: NonNegativeFloat = 0.0  # currency per unit of unmet demand
    holding_cost: NonNegativeFloat = 0.0  # currency per unit and period
    lead_time_periods: LeadTime = 1  # an order placed at the start of period t is there at the start of t + this
    order_units_max: PositiveInt = 100_000  # bound of one order
    initial_on_hand_units: NonNegativeFloat = (
        0.0  # what a twin starts with; a ledger knows nothing before its first count
    )


class FeedSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A source of events that the pool's watermark waits for."""

    id: Identifier
    repeated_lines: Literal["keep", "drop"] = "keep"  # whether equal lines of one document count once
    silence_s_max: PositiveFloat = 172_800.0  # a feed not heard for longer (event time) is waited for no more


class PoolSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="catalog.v1"):
    """Resources that are decided together because they share a limit. The unit of sharding."""

    pool_id: Identifier
    name: str = ""
    topic: Literal["transactions", "readings"] = "transactions"
    timezone: str = "UTC"
    holidays: HolidayName = ""  # whose the forecasts know: a country of ISO 3166 or a part of one, such as "GB-ENG"
    holiday_days: HolidayDays = ()  # local days since 1970-01-01: what `holidays` says, written down by `load`
    closed: ClosedWords = ()  # days without demand: "sunday", "12-25", "2027-04-02" or "holidays"
    period: PeriodName = "day"
    ahead_s_max: PositiveFloat = 3600.0  # an event further in the future than this is not believed
    lateness_s: NonNegativeFloat = 0.0  # how long after its end a bucket waits for stragglers
    horizon_periods: Horizon = 8  # periods forecast ahead; at least lead_time_periods + 1 of every resource
    forecast: Identifier = DEFAULT  # a name in online_models.registry
    policy: Identifier = "champion"  # a name in policies.registry, or the alias of the promoted policy
    controlled: bool = False  # whether ticks of this pool are decided
    decision_window_s: PositiveFloat = 43_200.0  # an action expires this long (event time) after its tick
    capacity_units: PositiveFloat = 1e9  # units the pool may order per period
    budget: PositiveFloat = 1e12  # currency the pool may spend per period
    order_step_ratio_max: PositiveFloat = 5.0  # an order may exceed the series' recent mean demand over L+1 by this
    dead_band_units: NonNegativeFloat = 0.0  # smaller orders are not placed
    currency: str = "EUR"
    covariate_limits: dict[str, tuple[float, float]] = {}  # what a covariate can be; outside is a broken sensor
    feeds: tuple[FeedSpec, ...]
    resources: tuple[ResourceSpec, ...]

    @property
    def periods(self) -> Periods:
        """Return the pool's grid of periods."""
        return Periods(self.period, self.timezone)

    @property
    def calendar(self) -> Calendar:
        """Return the pool's grid of periods with its holidays and closed days."""
        return Calendar(self.periods, frozenset(self.holiday_days), closed_days(self.closed))

    def resource(self, resource_id: str) -> ResourceSpec | None:
        """Return the resource, or None when the catalog does not have it."""
        return next((known for known in self.resources if known.id == resource_id), None)


class Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole catalog file. `note` says where costs come from when the data has none."""

    version: Literal[1]
    revision: PositiveInt = 1  # raised by people when they change the file; shown to operators
    note: str = ""
    pools: tuple[PoolSpec, ...]

    def pool(self, pool_id: str) -> PoolSpec | None:
        """Return the pool, or None when the catalog does not have it."""
        return next((known for known in self.pools if known.pool_id == pool_id), None)


def load(path: Path) -> Catalog:
    """Return the catalog in the TOML file `path`; raise ConfigurationError naming file, place and limit.

    Each pool's holidays are looked up here and nowhere later: a shard and a replay take the days from the declaration.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        catalog = msgspec.convert(
            {**raw, "pools": [{"type": "catalog.v1", **pool} for pool in raw.get("pools", [])]}, Catalog
        )
    except FileNotFoundError as error:
        raise ConfigurationError(f"catalog {path}: no such file; `headgate catalog example` prints one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"catalog {path}: {error}") from error
    catalog = msgspec.structs.replace(catalog, pools=tuple(_with_holidays(pool, path) for pool in catalog.pools))
    validate(catalog, str(path))
    return catalog


def _with_holidays(pool: PoolSpec, path: Path) -> PoolSpec:
    if not pool.holidays:
        return pool
    try:
        return msgspec.structs.replace(pool, holiday_days=holiday_days(pool.holidays))
    except ValueError as error:
        raise ConfigurationError(f"catalog {path}: pool {pool.pool_id}: {error}") from error


def validate(catalog: Catalog, where: str) -> None:
    """Raise ConfigurationError when pools contradict themselves or each other."""
    if not catalog.pools:
        raise ConfigurationError(f"catalog {where}: no [[pools]]; at least one is needed")
    seen: set[str] = set()
    for pool in catalog.pools:
        place = f"catalog {where}: pool {pool.pool_id}"
        if pool.pool_id in seen:
            raise ConfigurationError(f"{place}: declared twice")
        seen.add(pool.pool_id)
        validate_pool(pool, place)


def validate_pool(pool: PoolSpec, place: str) -> None:
    """Raise ConfigurationError when the pool contradicts itself or cannot be served."""
    if pool.forecast not in FAMILIES:
        raise ConfigurationError(f"{place}: no forecast {pool.forecast!r}; known: {', '.join(FAMILIES)}")
    try:
        ZoneInfo(pool.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder, such as "America"
        raise ConfigurationError(f"{place}: timezone {pool.timezone!r} is no IANA timezone") from error
    if pool.holidays and not pool.holiday_days:
        raise ConfigurationError(
            f"{place}: holidays {pool.holidays!r} without holiday_days, the days themselves, which `headgate` "
            "writes down when it reads a catalog and every other sender has to"
        )
    if pool.closed and pool.forecast in FORECASTERS and pool.forecast != SIMPLE:
        able = ", ".join(sorted([*POOL_FORECASTERS, SIMPLE]))
        unable = f"forecast {pool.forecast!r} learns no sums over closed days"
        raise ConfigurationError(f"{place}: {unable}; with `closed` it has to be one of {able}")
    try:
        _ = pool.calendar
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from error
    for kind, ids in (("resource", [r.id for r in pool.resources]), ("feed", [f.id for f in pool.feeds])):
        if not ids:
            raise ConfigurationError(f"{place}: no {kind}s; at least one is needed")
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ConfigurationError(f"{place}: {kind} {twice[0]} declared twice")
    for resource in pool.resources:
        if pool.controlled and resource.lead_time_periods + 1 > pool.horizon_periods:
            raise ConfigurationError(
                f"{place}: resource {resource.id}: lead_time_periods {resource.lead_time_periods} + 1 is above "
                f"horizon_periods {pool.horizon_periods}; raise the horizon"
            )
