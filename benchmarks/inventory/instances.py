"""A table of InventoryBench instances in, arrays of their demand, lead times and costs out.

The format is that of its rows as one Parquet table: instance, split (`train`: known before the first order; `test`),
period, demand_units, lead_time_periods (-1: the order is lost), unit_profit, holding_cost, demand_path, part.
Source: github.com/TianyiPeng/InventoryBench, arXiv 2602.12631.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from policies.inventory.streaming import AGES, Terms

Float64s = NDArray[np.float64]
Rows = NDArray[np.int64] | NDArray[np.bool_]

STOCHASTIC_PERIODS = 2  # promised where the lead time is stochastic
STOCHASTIC_LAW = (0.0, 0.25, 0.25, 0.25, 0.0, 0.25)  # of 0 .. 4 periods; last: lost. The benchmark says so
LEAD_TIME = re.compile(r"lead_time_(stochastic|\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """n instances; those that end before the longest have no demand, and do not count, afterwards."""

    family: tuple[str, ...]  # (n,) such as real/lead_time_4
    demand_path: NDArray[np.str_]  # (n,) instances that share it share their demand
    known_units: Float64s  # (n, known periods) of demand before the first order
    demand_units: Float64s  # (n, periods)
    counts: NDArray[np.bool_]  # (n, periods) whether the period belongs to the instance
    lead_time_periods: NDArray[np.int64]  # (n, periods) of the order of each period; -1: lost
    promised_periods: Float64s  # (n,) lead time that is known beforehand
    stochastic: NDArray[np.bool_]  # (n,) whether an order may take one to three periods or be lost
    terms: Terms


def read(path: Path, part: str | None) -> Instances:
    """Return the instances of `part`, all of them when it is None; raise ValueError when there are none."""
    table = pq.read_table(path)
    if part is not None:
        table = table.filter(pa.compute.equal(table["part"], part))
    if not table.num_rows:
        raise ValueError(f"{path} has no instances of part {part!r}")
    return of_table(table)


def parts(path: Path) -> set[str]:
    """Return the parts that the table names; empty when it has no such column."""
    names = pq.read_schema(path).names
    return set(pq.read_table(path, columns=["part"])["part"].to_pylist()) if "part" in names else set()


def of_table(table: pa.Table) -> Instances:
    """Return the instances of a table in the format above, in the order of their names."""
    table = table.sort_by([("instance", "ascending"), ("period", "ascending")])
    column = {name: table[name].to_numpy() for name in table.column_names}
    names, rows = np.unique(column["instance"].astype(str), return_index=True)
    known = column["split"] == "train"
    lives = [_shaped(column[name], rows, known) for name in ("demand_units", "lead_time_periods")]
    (known_units, demand, counts), (_, lead, _) = lives
    promised = [_promised(name) for name in names]
    stochastic = np.array([one is None for one in promised])
    days = np.array([STOCHASTIC_PERIODS if one is None else one for one in promised], dtype=np.float64)
    return Instances(
        family=tuple("/".join(name.split("/")[:2]) for name in names),
        demand_path=column["demand_path"][rows].astype(str),
        known_units=known_units,
        demand_units=np.where(counts, demand, 0.0),
        counts=counts,
        lead_time_periods=np.where(counts, lead, -1.0).astype(np.int64),
        promised_periods=days,
        stochastic=stochastic,
        terms=Terms(column["unit_profit"][rows], column["holding_cost"][rows], _laws(days, stochastic)),
    )


def chosen(instances: Instances, rows: Rows) -> Instances:
    """Return some of the instances."""
    arrays = ("known_units", "demand_units", "counts", "lead_time_periods", "promised_periods", "stochastic")
    terms = (instances.terms.unit_profit, instances.terms.holding_cost, instances.terms.lead_time_probability)
    return replace(
        instances,
        family=tuple(np.array(instances.family)[rows]),
        demand_path=instances.demand_path[rows],
        terms=Terms(*(one[rows] for one in terms)),
        **{name: getattr(instances, name)[rows] for name in arrays},
    )


def _promised(name: str) -> int | None:
    """Return the lead time that an instance's name promises, None when it is stochastic."""
    found = LEAD_TIME.search(name)
    if found is None:
        raise ValueError(f"instance {name!r} names no lead time: lead_time_N or lead_time_stochastic")
    if found[1] == "stochastic":
        return None
    if int(found[1]) > AGES:
        raise ValueError(f"instance {name!r} has a longer lead time than {AGES} periods")
    return int(found[1])


def _laws(periods: Float64s, stochastic: NDArray[np.bool_]) -> Float64s:
    """Return (n, AGES + 2) probabilities of each lead time, as `Terms` has them."""
    fixed = np.eye(AGES + 2)[periods.astype(np.int64)]
    return np.where(stochastic[:, np.newaxis], np.array(STOCHASTIC_LAW), fixed)


def _shaped(
    values: NDArray[np.generic], first: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[Float64s, Float64s, NDArray[np.bool_]]:
    """Return what is known (n, known periods), then (n, periods) and which periods there are."""
    ends = np.append(first[1:], len(values))
    before = [values[a:b][known[a:b]] for a, b in zip(first, ends, strict=True)]
    after = [values[a:b][~known[a:b]] for a, b in zip(first, ends, strict=True)]
    periods = max(len(one) for one in after)
    counts = np.array([np.arange(periods) < len(one) for one in after])
    padded = np.array([np.pad(one.astype(np.float64), (0, periods - len(one))) for one in after])
    return np.array(before, dtype=np.float64), padded, counts
