"""Seeds in, the best parameters of the rules out: on worlds, or a span, that no evaluation sees.

A grid first, then coordinate by coordinate around the best, all on the same worlds: with common random numbers a
difference of a tenth of a percent shows on a few dozen worlds, and all points of a round are played side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.rules import RULES, Parameter, Rule
from policies.registry import InventoryPolicy
from simulator.inventory import world
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.online import Online
from simulator.inventory.replay import Replayed
from simulator.inventory.types import Float64s
from simulator.inventory.world import Scenario, Setting, repeated
from simulator.training.tournament import compete

GRID_POINTS = 7  # of each parameter in the first round
ROUNDS = 3  # of refinement, each around the best with a third of the width
_HISTORY_MIN = 14


def tune(setting: Setting, seed: int) -> tuple[BaseStock, CappedBaseStock]:
    """Return the base-stock and the capped base-stock rule of lowest mean cost on the worlds of `seed`."""
    plain, capped = (tune_rule(name, setting, seed) for name in ("base-stock", "capped-base-stock"))
    assert isinstance(plain, BaseStock)
    assert isinstance(capped, CappedBaseStock)
    return plain, capped


def tune_rule(name: str, setting: Setting, seed: int) -> InventoryPolicy:
    """Return the rule `name` of `policies.inventory.rules` with the parameters of lowest mean cost."""
    return tuned(RULES[name], world.draw(np.random.default_rng(seed), setting))


def tuned(rule: Rule, scenario: Scenario) -> InventoryPolicy:
    """Return the rule with the parameters of lowest mean cost on `scenario`."""
    default = {one.name: one.default for one in rule.parameters}
    grid = product(*(_around(one, None) for one in rule.parameters))
    names = [one.name for one in rule.parameters]
    best = _best(rule, [default, *(dict(zip(names, values, strict=True)) for values in grid)], scenario)
    for step in range(1, ROUNDS + 1):
        for parameter in rule.parameters:
            width = 3.0**-step
            values = _around(parameter, best[parameter.name], width)
            best = _best(rule, [best, *({**best, parameter.name: value} for value in values)], scenario)
    return rule.of(best)


def earlier(setting: Setting, worlds: int) -> Setting:
    """Return what to tune on before `setting` is judged: other worlds of its kind.

    Recorded series are cut at the end of the history, so that no decided period is among what tuning saw. The online
    forecaster, too slow for hundreds of candidates, is imitated.
    """
    if isinstance(setting.forecasts, Online):
        setting = replace(setting, forecasts=LIVE_LIKE)
    kind = setting.demand
    if not isinstance(kind, Replayed):
        return replace(setting, worlds=worlds)
    past = kind.units[:, : setting.history_periods]
    history = max(past.shape[1] // 2, _HISTORY_MIN)
    if past.shape[1] - history < 1:
        raise ValueError(f"{past.shape[1]} periods of history are too few to tune on; at least {_HISTORY_MIN + 1}")
    span = Replayed(past, kind.season_periods)
    return replace(setting, worlds=worlds, demand=span, history_periods=history, periods=past.shape[1] - history)


def costs_of(rule: Rule, candidates: Sequence[Mapping[str, float]], scenario: Scenario) -> Float64s:
    """Return the mean cost of each candidate, (candidates,) currency per pool and period.

    All are played at once: the worlds repeated, each copy with parameters of its own.
    """
    worlds = scenario.setting.worlds
    rows = {
        one.name: np.repeat([values[one.name] for values in candidates], worlds * scenario.setting.items)
        for one in rule.parameters
    }
    score = compete({"all": rule.of(rows)}, repeated(scenario, len(candidates)))["all"]
    means = score.cost_per_period.reshape(len(candidates), worlds).mean(axis=1)
    return np.asarray(means, dtype=np.float64)


def _best(rule: Rule, candidates: Sequence[Mapping[str, float]], scenario: Scenario) -> dict[str, float]:
    """Return the candidate of lowest mean cost; of equal ones the first."""
    return dict(candidates[int(costs_of(rule, candidates, scenario).argmin())])


def _around(parameter: Parameter, centre: float | None, width: float = 1.0) -> Iterator[float]:
    """Yield values evenly spread in the logarithm: over the whole range, or around `centre` over a part of it."""
    low, high = np.log(parameter.low), np.log(parameter.high)
    if centre is not None:
        half = width * (high - low) / 2
        low, high = max(low, np.log(centre) - half), min(high, np.log(centre) + half)
    yield from np.exp(np.linspace(low, high, GRID_POINTS)).tolist()
