"""A guarded proposal in, the lines of an allocation out: ids, reason codes and a line of plain words each."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from policies.cover import cover_ratio
from policies.explain import Facts, explain, explain_cut, explain_hold, number
from policies.guard import SCARCE, Guarded, Limits
from policies.observation import Float32s, Observation
from streams.catalog import PoolSpec, ResourceSpec
from streams.control_view import ControlView
from streams.events import ActionLine, PoolView, Role, Tick
from streams.live_observation import series_of

_REASON_CHARACTERS_MAX = 120  # of an operator's words in an explanation


@dataclass(frozen=True, slots=True)
class Case:
    """One tick and all that is known when it is decided."""

    tick: Tick
    spec: PoolSpec
    view: PoolView
    control: ControlView
    now_s: float  # event time


@dataclass(frozen=True, slots=True)
class Decider:
    """Who asks for the units of a line."""

    role: Role
    policy: str  # its name
    version: str
    unsure: str = ""  # why a learned policy left it to this rule


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is asked for, and from what."""

    observation: Observation
    units: Float32s  # (n,)
    by: tuple[Decider, ...]  # (n,)
    fallback_code: str = ""  # "" when the policy decided
    fallback: str = ""  # why not, in words
    beside: Float32s | None = None  # (n,) what the other alias would have asked for
    challenger_failed: str = ""  # why there is none beside although there should be


def limits_of(case: Case) -> Limits:
    """Return what binds each line: its bound, recent demand, and holds; what has no known stock is held too."""
    spec, series = case.spec, series_of(case.view, case.spec)
    most = [float(resource.order_units_max) for resource in spec.resources]
    steps = [
        order_step_max_units(spec.order_step_ratio_max, one.lead_time_periods, seen.recent_mean)
        for one, seen in zip(spec.resources, series, strict=True)
    ]
    held = [
        seen.on_hand_units is None or case.control.hold(spec.pool_id, resource.id, case.now_s) is not None
        for resource, seen in zip(spec.resources, series, strict=True)
    ]
    return Limits(
        order_units_max=np.array(most, dtype=np.float32),
        order_step_max=np.array(steps, dtype=np.float32),
        dead_band_units=spec.dead_band_units,
        held=np.array(held),
    )


def lines_of(
    case: Case, proposed: Proposed, guarded: Guarded, limits: Limits, beside: Guarded | None = None
) -> tuple[ActionLine, ...]:
    """Return one line for each resource of the catalog, in its order; `beside` is what the other alias would order."""
    facts = _facts(case, proposed.observation, guarded)
    lines = []
    for row, (resource, seen) in enumerate(zip(case.spec.resources, series_of(case.view, case.spec), strict=True)):
        if seen.on_hand_units is None:
            lines.append(unknown_line(case.tick, case.spec, resource, "no-stock", "stock on hand is not known yet"))
            continue
        order, asked, code = float(guarded.order_units[row]), float(proposed.units[row]), guarded.reasons[row]
        rule = "" if code == "policy" else _rule_words(case, code, resource, float(limits.order_step_max[row]))
        if code in SCARCE:
            rule = _cut_words(case.spec, code, rule, guarded, row)
        by = proposed.by[row]
        words = explain(order, asked, facts[row], rule=rule, fallback=proposed.fallback, unsure=by.unsure)
        if code == "policy":
            code = proposed.fallback_code or ("out-of-range" if by.unsure else code)
        line = _line(case.tick, case.spec, resource, order, asked, code, words)
        lines.append(_signed(line, by, None if beside is None else float(beside.order_units[row])))
    return tuple(lines)


def _signed(line: ActionLine, by: Decider, shadow_units: float | None) -> ActionLine:
    """Return the line with who decided it; the allocation's own policy is not named again."""
    is_other = by.role in ("canary", "rule")
    return msgspec.structs.replace(
        line,
        role=by.role,
        policy=by.policy if is_other else "",
        policy_version=by.version if is_other else "",
        shadow_units=shadow_units,
    )


def unknown_line(tick: Tick, spec: PoolSpec, resource: ResourceSpec, code: str, why: str) -> ActionLine:
    """Return the line of a resource that cannot be decided."""
    return _line(tick, spec, resource, 0.0, 0.0, code, explain_hold(why))


def _line(
    tick: Tick, spec: PoolSpec, resource: ResourceSpec, order: float, asked: float, code: str, words: str
) -> ActionLine:
    return ActionLine(
        action_id=f"{spec.pool_id}/{resource.id}/{spec.periods.text(tick.period_start_s)}",
        resource_id=resource.id,
        order_units=order,
        proposed_units=round(asked, 3) if np.isfinite(asked) else 0.0,  # JSON has no NaN
        reason_code=code,
        explanation=words,
        arrives_at_s=spec.periods.shift(tick.period_start_s, resource.lead_time_periods),
    )


def order_step_max_units(step_ratio_max: float, lead_time_periods: int, recent_mean: float) -> float:
    """Return the most units that recent demand justifies; at least one, so that a slow item is not shut out."""
    return max(1.0, float(np.ceil(step_ratio_max * recent_mean * (lead_time_periods + 1))))


def _facts(case: Case, observation: Observation, guarded: Guarded) -> list[Facts]:
    spec = case.spec
    on_order = observation.pipeline_units.sum(axis=1)
    position = observation.on_hand_units + on_order + guarded.order_units
    cover = cover_ratio(position.astype(np.float64), observation.lead_demand_quantile_units)
    facts = []
    for row, resource in enumerate(spec.resources):
        periods = resource.lead_time_periods + 1
        facts.append(
            Facts(
                expected_units=float(observation.demand_mean_units[row, :periods].sum()),
                periods=periods,
                period=spec.period,
                until=_moment(spec, spec.periods.shift(case.tick.period_start_s, periods)),
                on_hand_units=float(observation.on_hand_units[row]),
                on_order_units=float(on_order[row]),
                cover_ratio=float(cover[row]),
            )
        )
    return facts


def _rule_words(case: Case, rule: str, resource: ResourceSpec, step_max: float) -> str:
    spec = case.spec
    if rule == "hold":
        held = case.control.hold(spec.pool_id, resource.id, case.now_s)
        assert held is not None, "the guard holds only what is held"
        return f"held until {_moment(spec, held.expires_at_s)}: {held.reason[:_REASON_CHARACTERS_MAX]}"
    return {
        "invalid-proposal": "that is no number of units",
        "order-terms": "the supplier takes whole packs, and no less than the minimum order",
        "bound": f"at most {number(resource.order_units_max)} units an order",
        "rate-limit": f"at most {number(step_max)} units after recent demand",
        "dead-band": f"orders start at {number(spec.dead_band_units)} units",
        "capacity": f"pool capacity {number(spec.capacity_units)} units",
        "budget": f"pool budget {number(spec.budget)} {spec.currency}",
    }[rule]


def _cut_words(spec: PoolSpec, code: str, limit: str, guarded: Guarded, row: int) -> str:
    cut = guarded.cuts[row]
    assert cut is not None, "what is scarce cuts lines, and says how much"
    scarce_unit = "unit" if code == "capacity" else f"{spec.currency} spent"
    order = float(guarded.order_units[row])
    return explain_cut(limit, scarce_unit, cut.asked_units, order, (cut.worth, cut.pool_worth))


def _moment(spec: PoolSpec, at_s: float) -> str:
    """Return a moment as people say it: a date, and where it is not midnight the time."""
    local = datetime.fromtimestamp(at_s, ZoneInfo(spec.timezone))
    date = f"{local.day} {local:%B}"
    return date if (local.hour, local.minute) == (0, 0) else f"{date} {local:%H:%M}"
