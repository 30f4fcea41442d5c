"""A TOML file in, the setting of a world out; `docs/worlds.md` lists every key."""

import csv
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from online_models.registry import FAMILIES
from simulator.inventory.deliveries import Deliveries
from simulator.inventory.demand import PERIODS_PER_WEEK, RETAIL, Kind
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.known import Known
from simulator.inventory.online import Online
from simulator.inventory.outlook import Source
from simulator.inventory.patterns import NOISES, Pattern
from simulator.inventory.replay import Replayed
from simulator.inventory.terms import Terms
from simulator.inventory.toml_section import Section, WorldFileError
from simulator.inventory.types import Float64s
from simulator.inventory.world import Setting

ITEMS_MAX, PERIODS_MAX, LEAD_TIME_PERIODS_MAX = 1000, 10_000, 60
BYTES_MAX = 16 * 1024 * 1024  # of the file, and of recorded series
MEAN_UNITS_MIN = 1e-3


def read(path: Path) -> Setting:
    """Return the world described in `path`; raise WorldFileError that names the file, the key and its limit."""
    try:
        return setting_of(tomllib.loads(_text(path)), path.parent)
    except tomllib.TOMLDecodeError as error:
        raise WorldFileError(f"{path} is no TOML: {error}") from error
    except WorldFileError as error:
        raise WorldFileError(f"{path}: {error}") from error


def setting_of(document: dict[str, Any], folder: Path) -> Setting:
    """Return the setting of a decoded file; recorded series are looked for in `folder`."""
    top = Section("", document)
    items = top.whole("items", 1, 1, ITEMS_MAX)
    periods = top.whole("periods", 140, 1, PERIODS_MAX)
    history_periods = top.whole("history_periods", 112, 14, PERIODS_MAX)
    tables = {name: top.section(name, items) for name in ("demand", "customers", "costs", "ordering", "pool")}
    demand = _demand(tables["demand"], folder)
    forecasts = _forecasts(top.section("forecasts", items), demand)
    setting = Setting(
        items=items,
        periods=periods,
        history_periods=history_periods,
        waiting_ratio=tables["customers"].number("waiting_ratio", 0.0, 0.0, 1.0),
        demand=demand,
        trade=_terms(tables["costs"], tables["ordering"], tables["pool"]),
        deliveries=_deliveries(tables["ordering"]),
        forecasts=forecasts,
    )
    for section in (top, *tables.values()):
        section.end()
    if isinstance(demand, Replayed) and demand.units.shape[1] < history_periods + periods:
        raise WorldFileError(
            f"the recorded series have {demand.units.shape[1]} periods; history_periods and periods ask for "
            f"{history_periods + periods}"
        )
    return setting


def _demand(section: Section, folder: Path) -> Kind:
    kind = section.word("kind", "pattern", ("pattern", "replayed", "retail"))
    if kind == "retail":
        return RETAIL
    if kind == "replayed":
        return Replayed(_series(section, folder))
    season = section.numbers("season")
    if season and sum(season) <= 0:
        raise section.error("season", "every factor is 0")
    return Pattern(
        noise=section.word("noise", "poisson", NOISES),
        mean_units=section.amount("mean_units", 5.0, MEAN_UNITS_MIN, 1e6),
        shape=section.amount("shape", 1.0, 0.01, 1e6),
        profile=season,
        profile_spread=section.number("season_spread", 0.0, 0.0, 2.0),
        drift=section.amount("drift", 0.0, 0.0, 1.0),
        regime_factors=section.numbers("regime_factors"),
        stay_ratio=section.number("stay_ratio", 0.9, 0.0, 1.0),
    )


def _series(section: Section, folder: Path) -> Float64s:
    """Return (series, periods) units from a CSV file, one series a row."""
    path = folder / section.text("file")
    try:
        rows = [[float(cell) for cell in row] for row in csv.reader(_text(path).splitlines()) if row]
    except ValueError as error:
        raise section.error("file", f"{path} has a cell that is no number: {error}") from error
    if not rows or len({len(row) for row in rows}) != 1:
        raise section.error("file", f"{path} needs one series a row, all of the same length")
    units = np.array(rows, dtype=np.float64)
    if not (np.isfinite(units) & (units >= 0)).all():
        raise section.error("file", f"{path} has units below 0 or not finite")
    return units


def _terms(costs: Section, ordering: Section, pool: Section) -> Terms:
    return Terms(
        lead_time_periods=ordering.lead_time("lead_time_periods", 2, LEAD_TIME_PERIODS_MAX),
        holding_cost=costs.amount("holding", 1.0),
        lost_sale_cost=costs.amount("lost_sale", 9.0),
        backlog_cost=costs.amount("backlog", 0.0) if costs.has("backlog") else None,
        unit_cost=costs.amount("unit", 1.0),
        purchase_counts=costs.flag("purchase_counts", default=False),
        order_cost=costs.amount("order", 0.0),
        minimum_order_units=ordering.amount("minimum_order_units", 0.0),
        pack_units=ordering.amount("pack_units", 1.0, 1.0),
        capacity_units=pool.number("capacity_units", float("inf")),
        budget=pool.number("budget", float("inf")),
    )


def _deliveries(ordering: Section) -> Deliveries:
    return Deliveries(
        late_ratio=ordering.amount("late_ratio", 0.0, 0.0, 1.0),
        delay_periods=ordering.wholes("delay_periods", (1, 3), -LEAD_TIME_PERIODS_MAX, LEAD_TIME_PERIODS_MAX),
        crossing=ordering.flag("crossing", default=True),
        lost_ratio=ordering.amount("lost_ratio", 0.0, 0.0, 1.0),
        patience_periods=ordering.whole("patience_periods", 4, 0, LEAD_TIME_PERIODS_MAX),
    )


def _forecasts(section: Section, demand: Kind) -> Source:
    source = section.word("source", "imitated", ("imitated", "known", "online"))
    family = section.word("family", "mixture", FAMILIES)
    section.end()
    if source == "known" and not (isinstance(demand, Pattern) and len(demand.regime_factors) < 2):
        raise section.error("source", "'known' is of patterns without hidden regimes; take 'imitated' or 'online'")
    if source == "online":
        if isinstance(demand, Pattern) and len(demand.profile) not in {0, PERIODS_PER_WEEK}:
            raise section.error("source", f"'online' needs a season of {PERIODS_PER_WEEK} periods")
        return Online(family)
    return Known() if source == "known" else LIVE_LIKE


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise WorldFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > BYTES_MAX:
        raise WorldFileError(f"{path} has more than {BYTES_MAX} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WorldFileError(f"{path} is not UTF-8 text") from error
