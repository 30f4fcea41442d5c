"""A policy and worlds in, what trying other orders would have cost in the states it lives through out.

Every trial is followed by the policy itself on the same demand and lead times, so that differences between trials are
due to the order alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from policies import features
from policies.features import Prospect
from policies.inventory.choices import CHOICES, compute, quantities
from policies.registry import InventoryPolicy
from simulator.inventory.dynamics import play
from simulator.inventory.types import Chance, Items, Stock
from simulator.inventory.world import Scenario, Worlds
from simulator.training.unrolled import OF_AN_ITEM, Period, Unrolled

TRIALS = 10  # orders tried in a state, the policy's own first
STRIDE_PERIODS = 3  # from one state in which others are tried to the next
FIRST_PERIOD = 6
STRAY_RATIO = 0.1  # of orders are any other on the way, so that states the policy avoids are known too

Actor = Callable[[torch.Tensor], torch.Tensor]  # (n, F) to scores (n, CHOICES)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was tried in each of S states."""

    seen: torch.Tensor  # (S, F)
    tried: torch.Tensor  # (S, TRIALS) choices; the policy's own first
    cost: torch.Tensor  # (S, TRIALS) more than the policy's own, in its mean cost of a period


def together(lessons: list[Lessons]) -> Lessons:
    """Return all lessons as one."""
    return Lessons(*(torch.cat([getattr(one, name) for one in lessons]) for name in ("seen", "tried", "cost")))


@dataclass(frozen=True, slots=True)
class _Known:
    """One period for `copies` of every row, one after the other."""

    ahead: Prospect
    terms: torch.Tensor
    table: torch.Tensor  # (copies * n, CHOICES) units
    chance: Chance

    def seen(self, stock: Stock) -> torch.Tensor:
        columns = features.stock_columns(stock.on_hand, stock.pipeline, self.ahead, torch)
        return torch.cat((columns, self.ahead.columns, self.terms), 1)

    def units(self, choice: torch.Tensor) -> torch.Tensor:
        return torch.gather(self.table, 1, choice[:, None])[:, 0]


def imitation(scenario: Scenario, rule: InventoryPolicy, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what a network would see (S, F) where `rule` decides, and the nearest choice to its order (S,)."""
    worlds, seen, chosen = Worlds(scenario), [], []
    while not worlds.done:
        observation = worlds.observation()
        order, table = rule.decide(observation), quantities(observation)
        seen.append(compute(observation))
        chosen.append(np.abs(table - order[:, np.newaxis]).argmin(axis=1))
        stray = rng.random(len(order)) < STRAY_RATIO
        any_other = table[np.arange(len(order)), rng.integers(CHOICES, size=len(order))]
        worlds.step(np.where(stray, any_other, order).reshape(scenario.start.on_hand.shape).astype(np.float64))
    return torch.as_tensor(np.concatenate(seen)), torch.as_tensor(np.concatenate(chosen))


@torch.no_grad()
def branch(season: Unrolled, actor: Actor, horizon_periods: int, rng: np.random.Generator) -> Lessons:
    """Return what other orders cost in states along the way; the last `horizon_periods` are only followed."""
    once = [_known(period, 1) for period in season.periods]
    often = [_known(period, TRIALS) for period in season.periods]
    stock, lessons, n = season.start, [], len(season.scale_cost)
    for number, period in enumerate(once[: len(once) - horizon_periods]):
        seen = period.seen(stock)
        scores = actor(seen)
        own = scores.argmax(1)
        if number >= FIRST_PERIOD and number % STRIDE_PERIODS == 0:
            tried = _trials(scores, rng)
            following = often[number : number + horizon_periods]
            cost = _followed(following, _items(season.items, TRIALS), actor, _copied(stock), tried.t().reshape(-1))
            by_trial = cost.reshape(TRIALS, n).t()
            usual = by_trial[:, :1] / horizon_periods + 0.1 * season.scale_cost[:, None]
            lessons.append(Lessons(seen, tried, (by_trial - by_trial[:, :1]) / usual))
        stray = torch.as_tensor(rng.random(n) < STRAY_RATIO)
        chosen = torch.where(stray, torch.as_tensor(rng.integers(CHOICES, size=n)), own)
        stock, _ = play(stock, period.units(chosen), period.chance, season.items, torch)
    return together(lessons)


def _trials(scores: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Return (n, TRIALS) choices: the best, nothing, the best order and its neighbours, near and far, and any."""
    n = len(scores)
    best, order = scores.argmax(1), scores[:, 1:].argmax(1) + 1

    def drawn(low: int, high: int) -> torch.Tensor:
        return torch.as_tensor(rng.integers(low, high, size=n))

    near, far, further = drawn(2, 4), drawn(4, 7), drawn(7, 12)
    around = (order, order - 1, order + 1, order - near, order + near, order - far, order + further)
    tried = (best, torch.zeros_like(best), *around, drawn(0, CHOICES))
    return torch.clamp(torch.stack(tried, 1), 0, CHOICES - 1)


def _followed(periods: list[_Known], items: Items, actor: Actor, stock: Stock, first: torch.Tensor) -> torch.Tensor:
    """Return (rows,) the cost of ordering `first` and then what the actor chooses."""
    total = torch.zeros_like(stock.on_hand)
    for number, period in enumerate(periods):
        choice = first if number == 0 else actor(period.seen(stock)).argmax(1)
        stock, outcome = play(stock, period.units(choice), period.chance, items, torch)
        total = total + outcome.cost
    return total


def _known(period: Period, copies: int) -> _Known:
    ahead, chance, seen = period.ahead, period.chance, period.observation
    terms = compute(seen)[:, len(features.NAMES) :]
    return _Known(
        Prospect(ahead.columns.repeat(copies, 1), ahead.scale_units.repeat(copies), ahead.target_units.repeat(copies)),
        torch.as_tensor(terms).repeat(copies, 1),
        torch.as_tensor(quantities(seen).astype(np.float32)).repeat(copies, 1),
        Chance(
            demand_units=chance.demand_units.repeat(copies),
            lead_time_periods=chance.lead_time_periods.repeat(copies),
            arrived_ratio=chance.arrived_ratio.repeat(copies),
            waiting_ratio=chance.waiting_ratio,
            waiting_draw=None if chance.waiting_draw is None else chance.waiting_draw.repeat(copies),
        ),
    )


def _items(items: Items, copies: int) -> Items:
    rows: dict[str, Any] = {name: getattr(items, name).repeat(copies) for name in OF_AN_ITEM}
    return replace(items, **rows)


def _copied(stock: Stock) -> Stock:
    return Stock(stock.on_hand.repeat(TRIALS), stock.pipeline.repeat(TRIALS, 1))
