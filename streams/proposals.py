"""A pool's view and its lineup in, what is asked for out: by champion, canary, rule or baseline, item by item. Pure."""

import numpy as np

from policies.asking import ask
from policies.errors import PolicyFileError
from policies.explain import duration
from policies.inventory.base_stock import BaseStock
from policies.observation import Float32s, Observation
from streams.action_lines import Case, Decider, Proposed
from streams.events import Role
from streams.forecast_store import Fresh, Missing, Reading, Stale
from streams.lineup import REASON_CHARACTERS_MAX, InventoryPolicy, Lineup
from streams.live_observation import observe, observe_recent

_Asked = tuple[Float32s, tuple[Decider, ...]]  # units (n,) and by whom

BASELINE = "baseline"  # base-stock on the mean and spread of recent demand
BASELINE_POLICY = BaseStock()


def propose(case: Case, reading: Reading, lineup: Lineup) -> Proposed:
    """Return what is asked for; whatever a policy does, something is."""
    claims = case.control.claimed(
        case.spec.pool_id, tick_id=case.tick.tick_id, period_start_s=case.tick.period_start_s, now_s=case.now_s
    )
    code, words = _fallback(reading, case.now_s)
    if not code:
        try:
            observation = observe(case.view, case.spec, claims, case.tick.period_start_s)
            return _mixed(case, observation, lineup, _ask(lineup.policy, observation, lineup.role))
        except PolicyFileError as error:
            code, words = "policy-error", f"the policy is not served: {str(error)[:REASON_CHARACTERS_MAX]}"
        except Exception as error:  # noqa: BLE001  a policy is a plug-in: whatever it raises, the pool is decided
            code, words = "policy-error", f"the policy failed ({type(error).__name__})"
    observation = observe_recent(case.view, case.spec, claims, case.tick.period_start_s)
    units, by = _ask(BASELINE_POLICY, observation, "baseline")
    return Proposed(observation, units, by, fallback_code=code, fallback=words)


def _mixed(case: Case, observation: Observation, lineup: Lineup, champion: _Asked) -> Proposed:
    """Return the champion's proposal with the challenger's for the canary's items, and the other of each beside it."""
    if lineup.challenger is None:
        return Proposed(observation, *champion, challenger_failed=lineup.challenger_failed)
    try:
        challenger = _ask(lineup.challenger, observation, "canary")
    except Exception as error:  # noqa: BLE001  as above; what the champion asks for stands
        return Proposed(observation, *champion, challenger_failed=f"the challenger failed ({type(error).__name__})")
    canary = [lineup.is_canary(case.spec.pool_id, one) for one in observation.resource_ids]
    both = zip(canary, champion[1], challenger[1], strict=True)
    return Proposed(
        observation,
        np.where(canary, challenger[0], champion[0]),
        tuple(theirs if is_canary else ours for is_canary, ours, theirs in both),
        beside=np.where(canary, champion[0], challenger[0]),
    )


def _ask(policy: InventoryPolicy, observation: Observation, role: Role) -> _Asked:
    """Return what a policy asks for and who that is of each item: it, or its rule where it was not trained."""
    asked, own = ask(policy, observation), Decider(role, policy.name, policy.version)
    rule = asked.rule
    if rule is None:
        return asked.units, (own,) * len(asked.units)
    return asked.units, tuple(
        Decider("rule", rule.name, rule.version, words) if words else own for words in asked.unsure
    )


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
