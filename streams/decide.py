"""A tick and what is known of its pool in, the allocation out: pure, the same answer every time.

| what is known                                      | who decides    | reason code of its lines                |
|----------------------------------------------------|----------------|-----------------------------------------|
| stock and valid forecasts                          | the champion   | `policy`, or the guard's rule           |
| the same, and the item is the canary's             | the challenger | `policy`, or the guard's rule           |
| the same, outside what the policy was trained on   | its rule       | `out-of-range`, or the guard's rule     |
| stock, but forecasts too old                       | the baseline   | `stale-forecast`, or the guard's rule   |
| stock, but no forecasts yet                        | the baseline   | `missing-forecast`, or the guard's rule |
| stock and forecasts, and the policy fails          | the baseline   | `policy-error`, or the guard's rule     |
| no stock of a resource                             | nobody, for it | `no-stock`                              |
| an operator's hold on a resource or its pool       | nobody, for it | `hold`; the recommendation stays visible|
| no view of the pool                                | nobody         | `no-view`                               |
| the tick has expired                               | nobody         | no allocation at all                    |

A challenger that fails or could not be loaded decides nothing: the champion decides its items too, and the allocation
says why. What it would have ordered elsewhere stands beside the champion's order (`shadow_units`); for its own items
the champion's stands there.
"""

import msgspec

from policies.guard import guard
from streams.action_lines import Case, limits_of, lines_of, unknown_line
from streams.catalog import PoolSpec
from streams.control_view import ControlView
from streams.events import ActionLine, Allocation, PoolView, Tick
from streams.forecast_store import Reading
from streams.lineup import Lineup
from streams.proposals import BASELINE, BASELINE_POLICY, propose

_UNDECIDED = frozenset({"hold", "no-stock", "no-view"})


def decide(
    tick: Tick, reading: Reading, spec: PoolSpec, lineup: Lineup, control: ControlView, now_s: float
) -> Allocation | None:
    """Return what to do for `tick` at event time `now_s`, or None when it has expired."""
    if not now_s <= tick.valid_until_s:
        return None
    if reading.view is None:
        none = tuple(unknown_line(tick, spec, one, "no-view", "nothing is known of the pool") for one in spec.resources)
        return _allocation(tick, lineup, None, none, now_s, on_baseline=False)
    case = Case(tick, spec, reading.view, control, now_s)
    proposed = propose(case, reading, lineup)
    limits = limits_of(case)
    guarded = guard(proposed.units, proposed.observation, limits)
    beside = None if proposed.beside is None else guard(proposed.beside, proposed.observation, limits)
    lines = lines_of(case, proposed, guarded, limits, beside)
    allocation = _allocation(tick, lineup, case.view, lines, now_s, on_baseline=bool(proposed.fallback_code))
    return msgspec.structs.replace(allocation, challenger_failed=proposed.challenger_failed)


def _allocation(
    tick: Tick, lineup: Lineup, view: PoolView | None, lines: tuple[ActionLine, ...],
    now_s: float, *, on_baseline: bool,
) -> Allocation:  # fmt: skip
    forecasts = [series.forecast for series in view.series if series.forecast] if view else []
    undecided = all(line.reason_code in _UNDECIDED for line in lines)
    beside = lineup.challenger
    return Allocation(
        tick_id=tick.tick_id,
        pool_id=tick.pool_id,
        period_start_s=tick.period_start_s,
        decided_at_s=now_s,
        valid_until_s=tick.valid_until_s,
        policy=BASELINE if on_baseline else lineup.policy.name,
        policy_version=BASELINE_POLICY.version if on_baseline else lineup.policy.version,
        forecast_model=", ".join(sorted({f"{one.model}/{one.version}" for one in forecasts})),
        forecast_as_of_s=min((one.as_of_s for one in forecasts), default=None),
        decided_by="hold" if undecided else ("baseline" if on_baseline else "policy"),
        cut=view.cut if view else tick.cut,
        lines=lines,
        role="baseline" if on_baseline else lineup.role,
        aliases_revision=None if lineup.aliases is None else lineup.aliases.revision,
        challenger=f"{beside.name} {beside.version}" if beside else "",
    )
