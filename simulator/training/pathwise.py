"""A differentiable world and a network in, the network trained by the gradient of its costs along sampled paths out.

The cost of a path is differentiated through every order, sale and delivery (the pathwise gradient of "hindsight
differentiable policy optimization", Alvo, Russo and Kanoria 2023, arXiv:2306.11246). Departures from the paper:

- A stretch goes on from where the last one ended, instead of from a warm-up of its own.
- Weights learn from the orders of the first periods only; the periods after them are played with the weights held
  still, so that what an order costs later is counted.
- Orders are drawn towards whole units (`towards_whole`), more and more, since they will be rounded when served.
- What is served is the moving average of the weights.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from policies import features
from policies.features import Prospect
from policies.inventory.own_orders import wanted_units
from policies.inventory.ranges import Ranges
from simulator.inventory.types import Stock
from simulator.training.network import Network, Part, Weights, prepared, said
from simulator.training.seen_ranges import SeenRanges
from simulator.training.stretch import Stretch, World

GRADIENT_MAX = 1.0  # norm to which a gradient is cut: one wild path moves nothing


@dataclass(frozen=True, slots=True)
class Course:
    """How to learn. The rate falls from `rate` to nothing along half a cosine."""

    steps: int = 400  # stretches; a clock may end it differently, see `learn`
    learnt_periods: int = 24  # of each stretch, whose orders the weights learn from
    following_periods: int = 16  # after them: lead time and a dozen more
    rate: float = 1e-2
    average: float = 0.995  # share of the moving average of the weights that a step keeps
    wholeness: float = 0.8  # how much orders are drawn towards whole units in the end, see `towards_whole`
    whole_from: float = 0.2  # share of the course from which on orders are drawn towards whole units ...
    whole_by: float = 0.7  # ... and by which they are as much as they can be


def learn(
    network: Network,
    world: World,
    course: Course,
    rng: np.random.Generator,
    share: Callable[[int], float] | None = None,
) -> Ranges:
    """Train `network` in place; return the range of each feature that it saw.

    `share` says after a number of steps how much of the course is over, 1 at its end: by default `steps` counts.
    The same for the same arguments on the same machine and library versions, unless `share` reads a clock.
    """
    done = share or (lambda step: step / course.steps)
    weights = list(network.parameters())
    optimiser = torch.optim.Adam(weights, lr=course.rate, betas=(0.9, 0.98))
    mean = [one.detach().clone() for one in weights]
    seen = SeenRanges(len(features.NAMES))
    step = 0
    while (passed := done(step)) < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = course.rate * min(1.0, (step + 1) / 20) * 0.5 * (1.0 + math.cos(math.pi * passed))
        stretch = world.draw(rng, course.learnt_periods + course.following_periods)
        cost, stock = path_cost(weights, stretch, course.learnt_periods, _wholeness(course, passed), seen)
        optimiser.zero_grad(set_to_none=True)
        cost.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, GRADIENT_MAX)
        optimiser.step()
        world.keep(stock)
        step += 1
        kept = min(course.average, step / (step + 20.0))
        for average, one in zip(mean, weights, strict=True):
            average.lerp_(one.detach(), 1.0 - kept)
    with torch.no_grad():
        for one, average in zip(weights, mean, strict=True):
            one.copy_(average)
    return seen.ranges()


def path_cost(
    weights: Weights, stretch: Stretch, learnt_periods: int, wholeness: float, seen: SeenRanges | None = None
) -> tuple[torch.Tensor, Stock]:
    """Return the mean cost of a learnt period, each row's divided by its scale, and the stock at their end.

    The cost of the periods after them is in the first number too: see the head of the module.
    """
    still = [one.detach() for one in weights]
    stock = left = stretch.start
    total = torch.zeros_like(stretch.cost_scale)
    last: Prospect | None = None
    part: Part
    for period, ahead in enumerate(stretch.prospects):
        used = weights if period < learnt_periods else still
        if ahead is not last or period == learnt_periods:
            part, last = prepared(used, ahead.columns), ahead
        columns = features.stock_columns(stock.on_hand, stock.pipeline, ahead, torch)
        if seen is not None and period == 0:
            seen.add(torch.cat([columns.detach(), ahead.columns], 1).numpy())
        stock, cost = stretch.play(period, stock, towards_whole(order_units(used, columns, part, ahead), wholeness))
        total = total + cost
        if period == learnt_periods - 1:
            left = stock
    left = Stock(torch.round(left.on_hand.detach()), torch.round(left.pipeline.detach()))
    return (total / stretch.cost_scale).mean() / learnt_periods, left


def order_units(weights: Weights, columns: torch.Tensor, part: Part, ahead: Prospect) -> torch.Tensor:
    """Return (n,) units ordered, not whole: the lines of `policies.inventory.own_orders` on torch."""
    missing = columns[:, -1] * ahead.scale_units
    ordered: torch.Tensor = wanted_units(said(weights, columns, *part), missing, ahead.scale_units, torch)
    return ordered


def towards_whole(order: torch.Tensor, wholeness: float) -> torch.Tensor:
    """Return `order` drawn towards whole units: not at all at 0; at 1 as far as a smooth, never falling curve can.

    At 1 and beyond no slope is left at whole units: what is near the wrong one stays there.

    >>> towards_whole(torch.tensor([2.0, 2.25, 2.5, 2.75]), 1.0)
    tensor([2.0000, 2.0908, 2.5000, 2.9092])
    """
    if wholeness == 0.0:
        return order
    return order - (wholeness / math.tau) * torch.sin(math.tau * order)


def _wholeness(course: Course, passed: float) -> float:
    passed = (passed - course.whole_from) / (course.whole_by - course.whole_from)
    return course.wholeness * min(max(passed, 0.0), 1.0)
