"""A start in, a learner by the pathwise gradient through them out.

The cost of a whole season is a differentiable function of the network's weights while demand and lead times stay as
they were drawn: its exact gradient needs no critic and no exploration, and common random numbers come for free. Costs
are taken relative to what the rule pays for the same item in the same season, so that every item counts alike. Orders
are fractions while learning, as they are whole when served; of slow items, where a unit is much, they are rounded in
the forward pass only (straight through: Bengio et al. 2013, arXiv:1308.3432).

Source: Madeka et al. 2022, "Deep Inventory Management", arXiv:2210.03137; Alvo et al. 2023, "Neural inventory control
in networks via hindsight differentiable policy optimization", arXiv:2306.11246.
"""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from policies import features
from policies.inventory.ranges import Ranges
from simulator.inventory import world
from simulator.inventory.dynamics import play
from simulator.training.actor import Actor
from simulator.training.checkpoints import Checkpoint, prefixed
from simulator.training.course import Course
from simulator.training.kept_state import (
    Arrays,
    module_arrays,
    optimizer_arrays,
    restore_chance,
    restore_module,
    restore_optimizer,
)
from simulator.training.network import STOCK, STOCK_WEIGHT
from simulator.training.seen_ranges import SeenRanges
from simulator.training.start import Start
from simulator.training.unrolled import Belief, Buyer, Unrolled, unroll
from simulator.training.watch import Watch

PASSES = 4  # gradient steps on one draw of worlds: drawing costs about as much as one
WARM_UP_PERIODS = 8  # whose costs say more of the start than of the policy
RATE_FIRST, RATE_LAST = 6e-3, 2e-5
GRADIENT_MAX = 1.0
AVERAGE_KEPT = 0.97  # of the moving average of the weights by a gradient step
ROUNDED_BELOW_UNITS = 5.0  # a period's mean below which orders are rounded while learning
FLOOR_RATIO = 0.1  # of the cost of holding the mean need: what an item that costs next to nothing counts as
RANGED_PERIODS = 8  # of so many periods one is looked at for the ranges of features
HIDDEN = 64


class PathwiseLearner:
    """A network, its optimizer, and the season that it is in."""

    def __init__(self, start: Start) -> None:
        """Decide as the rule itself; seasons take the kinds of worlds in turn."""
        torch.manual_seed(start.course.seed)
        self.steps = 0
        self._season = 0
        self._start = start
        self._seen = SeenRanges(len(features.NAMES))
        self._actor = network()
        self._average = copy.deepcopy(self._actor)
        self._optimizer = torch.optim.Adam(self._actor.parameters(), lr=RATE_FIRST)

    def actor(self) -> torch.nn.Module:
        """Return the moving average of the network's weights: seasons differ, and the newest one would show."""
        return self._average

    def ranges(self) -> Ranges:
        """Return what each feature was so far."""
        return self._seen.ranges()

    def learn(self, course: Course, watch: Watch) -> None:
        """Learn season by season until the course is over or the watch says so."""
        rate, rule = self._start.pace.rate(RATE_FIRST, RATE_LAST), self._start.rule
        while watch.season(self):
            kind = replace(self._start.kind(self._season), worlds=course.rows, items=1)
            season = unroll(world.draw(np.random.default_rng((course.seed, self._season)), kind), rule)
            with torch.no_grad():
                usual = season_cost(season, None, rule.factor, self._seen) + FLOOR_RATIO * season.scale_cost
            for _ in range(PASSES):
                self._optimizer.param_groups[0]["lr"] = rate(1.0 - self.steps / course.steps)
                watch.logger.record("train/cost_ratio", self._step(season, usual))
                self.steps += course.rows * kind.periods
            self._season += 1

    def _step(self, season: Unrolled, usual: torch.Tensor) -> float:
        loss = (season_cost(season, self._actor, self._start.rule.factor, self._seen) / usual).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._actor.parameters(), GRADIENT_MAX)
        self._optimizer.step()
        with torch.no_grad():
            for average, newest in zip(self._average.parameters(), self._actor.parameters(), strict=True):
                average.lerp_(newest, 1.0 - AVERAGE_KEPT)
        return float(loss.detach())

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return what `restore` needs, at the start of a season."""
        arrays = prefixed("actor", module_arrays(self._actor)) | prefixed("adam", optimizer_arrays(self._optimizer))
        arrays |= prefixed("seen", self._seen.arrays()) | prefixed("average", module_arrays(self._average))
        return {"steps": self.steps, "season": self._season}, arrays

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        self.steps, self._season = int(checkpoint.facts["steps"]), int(checkpoint.facts["season"])
        restore_module(self._actor, checkpoint.within("actor"))
        restore_module(self._average, checkpoint.within("average"))
        restore_optimizer(self._optimizer, checkpoint.within("adam"))
        self._seen.restore(checkpoint.within("seen"))
        restore_chance(checkpoint.within("chance"))


def network() -> Actor:
    """Return a network whose adjustments are about zero."""
    first, second = torch.nn.Linear(len(features.NAMES), HIDDEN), torch.nn.Linear(HIDDEN, HIDDEN)
    layers = torch.nn.Sequential(first, torch.nn.SiLU(), second, torch.nn.SiLU())
    last = torch.nn.Linear(HIDDEN, 1)
    with torch.no_grad():
        first.weight[:, :STOCK].mul_(STOCK_WEIGHT)
        last.weight.mul_(0.1)
        last.bias.zero_()
    return Actor(layers, last, smooth=True)


def season_cost(
    season: Unrolled, actor: torch.nn.Module | None, factor: float, ranges: SeenRanges | None = None
) -> torch.Tensor:
    """Return (n,) the mean cost of a period after the warm-up, in currency; without an actor the rule's.

    What is seen widens `ranges`.
    """
    stock, buyer, belief = season.start, Buyer(season.start), Belief(season)
    total = torch.zeros_like(season.scale_cost)
    for number, known in enumerate(season.periods):
        period = known.believed(belief.seen_ratio)
        pipeline = buyer.pipeline(stock, period)
        position = stock.on_hand + pipeline.sum(-1)
        seen = period.seen(stock.on_hand, pipeline)
        if ranges is not None and number % RANGED_PERIODS == 0:
            ranges.add(seen.detach().numpy())
        adjustment = torch.zeros_like(position) if actor is None else actor(seen)[:, 0]
        order = _whole_if_slow(period.adjusted(adjustment, position, factor), period.ahead.scale_units)
        buyer.placed(order)
        stock, outcome = play(stock, order, period.chance, season.items, torch)
        belief.learn(period.chance.demand_units, outcome.lost_units)
        if number >= WARM_UP_PERIODS:
            total = total + outcome.cost
    return total / (len(season.periods) - WARM_UP_PERIODS)


def _whole_if_slow(order: torch.Tensor, scale_units: torch.Tensor) -> torch.Tensor:
    whole = order + (torch.floor(order.detach() + 0.5) - order.detach())
    return torch.where(scale_units < ROUNDED_BELOW_UNITS, whole, order)
