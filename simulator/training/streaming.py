"""A course in, a network that orders for items nobody forecasts out: the pathwise gradient through the worlds.

Worlds, demand and lead times are drawn anew for every step; what an item earns is followed through stock and orders
back to the weights. Source: Alvo, Russo and Kanoria 2023, "Neural inventory control in networks via
hindsight differentiable policy optimization", arXiv 2306.11246; ours departs in the objective, which is the score
below, and in the network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from policies.inventory.streaming import AGES
from simulator.inventory import outstanding
from simulator.training.streaming_network import Member
from simulator.training.streaming_worlds import KNOWN_PERIODS, Batch, draw

PERIODS = (36, 64)  # that an item lives; unlike ones, so that no network learns when the end is near
LOSS_SLOPE = 0.15  # of a score below zero: it counts little, but the way back is shown
LOSS_MAX = 1.0
GRADIENT_MAX = 0.5  # norm; a few worlds are wild


@dataclass(frozen=True, slots=True)
class Course:
    """How long and from which chance each of the members learns."""

    steps: int = 1200
    items: int = 480  # a step; each path of demand is traded on under three terms
    members: int = 2
    learning_rate: float = 3e-3  # the largest; it rises for a tenth of the course and falls for the rest
    seed: int = 1


def train(course: Course, progress: Callable[[str], None]) -> nn.ModuleList:
    """Return the trained members; the same for the same course on the same machine and library versions."""
    torch.set_num_threads(1)  # the network is smaller than what threads cost
    return nn.ModuleList(_member(course, course.seed + index, progress) for index in range(course.members))


def _member(course: Course, seed: int, progress: Callable[[str], None]) -> Member:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    member = Member()
    optimiser = torch.optim.Adam(member.parameters(), course.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, course.learning_rate, total_steps=course.steps + 1, pct_start=0.1
    )
    earned = 0.0
    for step in range(course.steps):
        ratio = score(member, draw(rng, course.items, int(rng.integers(*PERIODS))))
        loss = -torch.where(ratio > 0, ratio, LOSS_SLOPE * ratio).clamp(min=-LOSS_MAX).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(member.parameters(), GRADIENT_MAX)
        optimiser.step()
        schedule.step()
        earned += (ratio.detach().clamp(min=0.0).mean().item() - earned) / min(step + 1, 50)
        if 10 * (step + 1) // course.steps > 10 * step // course.steps:
            progress(f"member {seed}: step {step + 1} of {course.steps}, score of the last worlds {earned:.4f}")
    return member.eval()


def score(member: Member, batch: Batch) -> Tensor:
    """Return (n,) profit as a share of what selling all that is asked for would earn, holding nothing."""
    items = len(batch.terms)
    trades = items // len(batch.demand)
    known = member.know(batch.seen).repeat(trades, 1, 1)
    demand, scales = batch.demand.repeat(trades, 1), batch.scale.repeat(trades, 1)
    stock, profit = outstanding.nothing(items, AGES, torch), torch.zeros(items)
    for period in range(demand.shape[1]):
        now = KNOWN_PERIODS - 1 + period  # the newest period that is known
        scale = scales[:, now]
        held = torch.cat([stock.on_hand[:, None], stock.outstanding], -1) / scale[:, None]
        order = member.order(known[:, now], batch.terms, held) * scale
        due = torch.as_tensor(outstanding.arriving(batch.lead_time_periods, period, AGES + 1))
        stock, sold = outstanding.step(stock, order, demand[:, period], due, torch)
        profit = profit + outstanding.profit(stock, sold, batch.unit_profit, batch.holding_cost)
    asked = (batch.unit_profit * demand.sum(-1)).clamp(min=1.0)
    return profit / asked
