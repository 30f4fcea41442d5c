"""The twin's journal, its catalog and its recorded demand in; how well Headgate did beside rule and foresight out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ops import model_changes, tuned_rule
from ops.comparison import Arm, Deciders, Difference, arm, deciders, difference, weekly_costs
from ops.foresight import foresee
from ops.journal import Lived, read
from ops.recorded_demand import RecordedPeriod, recorded_periods
from ops.rule_alone import rule_alone
from ops.served import Served, served
from streams.catalog import Catalog, PoolSpec
from streams.errors import ConfigurationError
from streams.events import Transaction

HEADGATE, RULE, FORESIGHT = "Headgate", "rule alone", "perfect foresight"
DEMAND_SLACK_UNITS = 1e-6


@dataclass(frozen=True, slots=True)
class Report:
    """What a run amounts to."""

    first: str  # the first period, local date
    last: str
    periods: int  # of the pool that has most
    items: int
    currency: str
    note: str  # the catalog's: where the costs come from
    policies: list[Served]  # which decided in which part, from when to when
    factor: float  # of the rule alone, tuned before the first period
    tried: dict[float, float]  # factor -> cost before the first period
    total: dict[str, Arm]  # by HEADGATE, RULE and FORESIGHT
    pools: dict[str, dict[str, Arm]]  # by pool
    difference: Difference  # Headgate minus rule
    deciders: Deciders
    weekly: dict[str, list[float]]  # cost of each week
    models: list[str]  # what became of the models while they ran, with the reasons

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return asdict(self)


def build(journal: Path, catalog: Catalog, lines: Sequence[Transaction]) -> Report:
    """Compare the run in `journal` with the rule and with foresight on the recorded `lines`, in time order.

    Raises ConfigurationError when there is no journal, or when it was made with another catalog or other lines.
    """
    _, rows = read(journal)
    specs = _specs(journal, catalog, rows)
    recorded = {pool_id: _recorded(journal, spec, lines, rows) for pool_id, spec in specs.items()}
    spans = [(periods[0].start_s, periods[-1].end_s) for periods in recorded.values()]
    rule = rule_alone(list(specs.values()), lines, spans, journal.parent / tuned_rule.FILE)
    foresight = [row for pool_id, spec in specs.items() for row in _foreseen(spec, recorded[pool_id])]
    arms = {HEADGATE: rows, RULE: rule.rows, FORESIGHT: foresight}
    from_s, until_s = min(start_s for start_s, _ in spans), max(end_s for _, end_s in spans)
    weekly = {name: weekly_costs(of_arm, from_s=from_s, until_s=until_s) for name, of_arm in arms.items()}
    days = next(iter(specs.values())).periods
    return Report(
        first=days.text(from_s),
        last=days.text(max(periods[-1].start_s for periods in recorded.values())),
        periods=max(len(periods) for periods in recorded.values()),
        items=sum(len(spec.resources) for spec in specs.values()),
        currency=next(iter(specs.values())).currency,
        note=catalog.note,
        policies=served(rows, days),
        factor=rule.factor,
        tried=rule.tried,
        total={name: arm(of_arm, specs) for name, of_arm in arms.items()},
        pools={pool_id: {name: arm(_of(of_arm, pool_id), specs) for name, of_arm in arms.items()} for pool_id in specs},
        difference=difference(weekly[HEADGATE], weekly[RULE], np.random.default_rng(0)),
        deciders=deciders(rows),
        weekly={name: costs.tolist() for name, costs in weekly.items()},
        models=model_changes.lines(model_changes.read(journal.parent / model_changes.FILE)),
    )


def _specs(journal: Path, catalog: Catalog, rows: Sequence[Lived]) -> dict[str, PoolSpec]:
    """Return the journal's pools by id; raise ConfigurationError when the catalog has other ones."""
    specs = {}
    for pool_id in sorted({row.pool_id for row in rows}):
        spec = catalog.pool(pool_id)
        lived = {row.resource_id for row in rows if row.pool_id == pool_id}
        if spec is None or lived != {one.id for one in spec.resources}:
            raise ConfigurationError(
                f"journal {journal}: its pool {pool_id} is not the catalog's; name the one of that run with --catalog"
            )
        specs[pool_id] = spec
    return specs


def _recorded(
    journal: Path, spec: PoolSpec, lines: Sequence[Transaction], rows: Sequence[Lived]
) -> list[RecordedPeriod]:
    """Return the pool's recorded periods that the journal covers; raise ConfigurationError when demand was another."""
    lived = {(row.period_start_s, row.resource_id): row.demand for row in _of(rows, spec.pool_id)}
    starts = sorted({start_s for start_s, _ in lived})
    until_s = spec.periods.shift(starts[-1], 1)
    periods = recorded_periods(lines, spec, from_s=starts[0], until_s=until_s)
    for period in periods:
        for resource_id, units in period.demand_units.items():
            was = lived.get((period.start_s, resource_id))
            if was is None or abs(was - units) > DEMAND_SLACK_UNITS:
                raise ConfigurationError(
                    f"journal {journal}: {was} units of {resource_id} were asked for on "
                    f"{spec.periods.text(period.start_s)}, the data say {units}; name the data of that run with --data"
                )
    return periods


def _foreseen(spec: PoolSpec, periods: Sequence[RecordedPeriod]) -> list[Lived]:
    ids = [one.id for one in spec.resources]
    demand = np.array([[period.demand_units[one] for one in ids] for period in periods])
    returned = np.array([[period.returned_units[one] for one in ids] for period in periods])
    plan = foresee(spec, demand, returned, np.array([one.initial_on_hand_units for one in spec.resources]))
    rows = []
    for at, period in enumerate(periods):
        for place, resource in enumerate(spec.resources):
            on_hand, unmet = float(plan.on_hand[at, place]), float(plan.unmet[at, place])
            rows.append(
                Lived(
                    pool_id=spec.pool_id,
                    period_start_s=period.start_s,
                    resource_id=resource.id,
                    demand=float(demand[at, place]),
                    sold=float(demand[at, place]) - unmet,
                    unmet=unmet,
                    returned=0.0,
                    ordered=float(plan.ordered[at, place]),
                    received=0.0,
                    on_hand=on_hand,
                    cost=resource.holding_cost * on_hand + resource.lost_sale_cost * unmet,
                    proposed=float(plan.ordered[at, place]),
                    decided_by="foresight",
                    reason_code="foresight",
                    policy="foresight",
                    policy_version="",
                )
            )
    return rows


def _of(rows: Sequence[Lived], pool_id: str) -> list[Lived]:
    return [row for row in rows if row.pool_id == pool_id]
