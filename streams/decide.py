"""A tick and what is known of its pool in, the allocation out: pure, the same answer every time.

| what is known                                      | who decides    | reason code of its lines                |
|----------------------------------------------------|----------------|-----------------------------------------|
| stock and valid forecasts                          | the policy     | `policy`, or the guard's rule           |
| stock, but forecasts too old                       | the baseline   | `stale-forecast`, or the guard's rule   |
| stock, but no forecasts yet                        | the baseline   | `missing-forecast`, or the guard's rule |
| stock and forecasts, and the policy fails          | the baseline   | `policy-error`, or the guard's rule     |
| no stock of a resource                             | nobody, for it | `no-stock`                              |
| an operator's hold on a resource or its pool       | nobody, for it | `hold`; the recommendation stays visible|
| no view of the pool                                | nobody         | `no-view`                               |
| the tick has expired                               | nobody         | no allocation at all                    |
"""

import numpy as np

from policies.base import Policy
from policies.explain import duration
from policies.guard import guard
from policies.inventory.base_stock import BaseStock
from policies.observation import Float32s, Observation
from streams.action_lines import Case, Proposed, limits_of, lines_of, unknown_line
from streams.catalog import PoolSpec
from streams.control_view import ControlView
from streams.events import ActionLine, Allocation, PoolView, Tick
from streams.forecast_store import Fresh, Missing, Reading, Stale
from streams.live_observation import observe, observe_recent

InventoryPolicy = Policy[Observation, Float32s]

BASELINE = "baseline"  # base-stock on the mean and spread of recent demand
_BASELINE_POLICY = BaseStock()
_UNDECIDED = frozenset({"hold", "no-stock", "no-view"})


def decide(
    tick: Tick, reading: Reading, spec: PoolSpec, policy: InventoryPolicy, control: ControlView, now_s: float
) -> Allocation | None:
    """Return what to do for `tick` at event time `now_s`, or None when it has expired."""
    if not now_s <= tick.valid_until_s:
        return None
    if reading.view is None:
        none = tuple(unknown_line(tick, spec, one, "no-view", "nothing is known of the pool") for one in spec.resources)
        return _allocation(tick, policy, None, none, now_s, on_baseline=False)
    case = Case(tick, spec, reading.view, control, now_s)
    proposed = _propose(case, reading, policy)
    limits = limits_of(case)
    guarded = guard(proposed.units, proposed.observation, limits)
    lines = lines_of(case, proposed, guarded, limits)
    return _allocation(tick, policy, case.view, lines, now_s, on_baseline=bool(proposed.fallback_code))


def _propose(case: Case, reading: Reading, policy: InventoryPolicy) -> Proposed:
    spec, tick = case.spec, case.tick
    claims = case.control.claimed(
        spec.pool_id, tick_id=tick.tick_id, period_start_s=tick.period_start_s, now_s=case.now_s
    )
    code, words = _fallback(reading, case.now_s)
    if not code:
        try:
            observation = observe(case.view, spec, claims, tick.period_start_s)
            return Proposed(observation, _of_shape(policy.decide(observation), len(spec.resources)), "", "")
        except Exception as error:  # noqa: BLE001  a policy is a plug-in: whatever it raises, the pool is decided
            code, words = "policy-error", f"the policy failed ({type(error).__name__})"
    observation = observe_recent(case.view, spec, claims, tick.period_start_s)
    return Proposed(observation, _BASELINE_POLICY.decide(observation), code, words)


def _of_shape(units: Float32s, n: int) -> Float32s:
    proposed = np.asarray(units, dtype=np.float32)
    if proposed.shape != (n,):
        raise ValueError(f"the policy proposed shape {proposed.shape}, not {(n,)}")
    return proposed


def _fallback(reading: Reading, now_s: float) -> tuple[str, str]:
    """Return why the policy may not decide, as a code and in words; nothing when it may."""
    match reading:
        case Fresh():
            return "", ""
        case Missing():
            return "missing-forecast", "no forecast yet"
        case Stale(view=view):
            expiries = [series.forecast.expires_at_s for series in view.series if series.forecast]
            late_s = now_s - min(expiries, default=now_s)
            words = f"forecast is {duration(late_s)} too old" if late_s > 0 else "the view is older than the tick"
            return "stale-forecast", words


def _allocation(
    tick: Tick, policy: InventoryPolicy, view: PoolView | None, lines: tuple[ActionLine, ...],
    now_s: float, *, on_baseline: bool,
) -> Allocation:  # fmt: skip
    forecasts = [series.forecast for series in view.series if series.forecast] if view else []
    undecided = all(line.reason_code in _UNDECIDED for line in lines)
    return Allocation(
        tick_id=tick.tick_id,
        pool_id=tick.pool_id,
        period_start_s=tick.period_start_s,
        decided_at_s=now_s,
        valid_until_s=tick.valid_until_s,
        policy=BASELINE if on_baseline else policy.name,
        policy_version=_BASELINE_POLICY.version if on_baseline else policy.version,
        forecast_model=", ".join(sorted({f"{one.model}/{one.version}" for one in forecasts})),
        forecast_as_of_s=min((one.as_of_s for one in forecasts), default=None),
        decided_by="hold" if undecided else ("baseline" if on_baseline else "policy"),
        cut=view.cut if view else tick.cut,
        lines=lines,
    )
