"""A serial chain and a course in, a network that orders for all its stages out: the pathwise gradient.

The whole horizon is one differentiable expression of orders and demand, so what an episode earns is followed back to
the weights. Source: Alvo, Russo and Kanoria 2023, "Neural inventory control in networks via hindsight differentiable
policy optimization", arXiv 2306.11246.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from policies.inventory.learned import session
from policies.inventory.learned_chain import ORDER, SEEN, ChainTerms, LearnedChain, features, orders
from simulator.inventory.serial_chain import Array, Chain, start, step
from simulator.training.onnx_graph import exported

HIDDEN = 64
GRADIENT_MAX = 0.5  # norm
PARITY_SEED = 80_002


@dataclass(frozen=True, slots=True)
class Course:
    """How long and from which chance to learn."""

    steps: int = 1000
    episodes: int = 256  # a step
    learning_rate: float = 4e-3  # the largest; it rises for a tenth of the course and falls for the rest
    seed: int = 1


class Orders(nn.Module):
    """The network: (n, features) to (n, m) orders in mean periods of demand, above 0."""

    def __init__(self, seen: int, stages: int) -> None:
        """Begin at a third of a period's demand for every stage."""
        super().__init__()
        self.first, self.second, self.last = (
            nn.Linear(seen, HIDDEN),
            nn.Linear(HIDDEN, HIDDEN),
            nn.Linear(HIDDEN, stages),
        )
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()

    def forward(self, seen: Tensor) -> Tensor:
        """Return what each stage orders."""
        hidden = nn.functional.silu(self.first(seen))
        hidden = hidden + nn.functional.silu(self.second(hidden))
        return nn.functional.softplus(4.0 * self.last(hidden) + 1.0) / 4.0


def train(chain: Chain, terms: ChainTerms, discount: float, course: Course, progress: Callable[[str], None]) -> Orders:
    """Return the trained network; the same for the same course on the same machine and library versions.

    An episode has `terms.periods` periods of Poisson demand; `discount` is of a period's profit.
    """
    torch.set_num_threads(1)  # the network is smaller than what threads cost
    torch.manual_seed(course.seed)
    rng = np.random.default_rng(course.seed)
    network = Orders(terms.feature_count, len(chain.lead_time_periods))
    optimiser = torch.optim.Adam(network.parameters(), course.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, course.learning_rate, total_steps=course.steps + 1, pct_start=0.1
    )
    for index in range(course.steps):
        demand = rng.poisson(terms.demand_mean_units, (course.episodes, terms.periods))
        earned = profit(network, chain, terms, discount, torch.as_tensor(demand, dtype=torch.float32)).mean()
        optimiser.zero_grad()
        (-earned / (terms.demand_mean_units * terms.periods)).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_MAX)
        optimiser.step()
        schedule.step()
        if 5 * (index + 1) // course.steps > 5 * index // course.steps:
            progress(f"step {index + 1} of {course.steps}: {earned.item():.1f} an episode")
    return network


def profit(network: Orders, chain: Chain, terms: ChainTerms, discount: float, demand: Tensor) -> Tensor:
    """Return (n,) discounted profit of episodes with `demand` (n, periods), orders not rounded."""
    chain, terms = _in_torch(chain), replace(terms, capacity_units=_single(terms.capacity_units))
    stock, total = start(chain, (len(demand),), torch), torch.zeros(len(demand))
    for period in range(terms.periods):
        order = orders(network(features(stock, terms, period, torch)), stock, terms, torch)
        stock, earned = step(chain, stock, order, demand[:, period], torch)
        total = total + discount**period * earned
    return total


def served(network: Orders, terms: ChainTerms) -> LearnedChain:
    """Return the policy as it is served, by onnxruntime, proven equal to torch."""
    content = exported(network, {SEEN: terms.feature_count}, ORDER, np.random.default_rng(PARITY_SEED))
    return LearnedChain(session(content, "memory"), terms, hashlib.sha256(content).hexdigest()[:12])


def _in_torch(chain: Chain) -> Chain:
    return replace(
        chain,
        initial_units=_single(chain.initial_units),
        capacity_units=_single(chain.capacity_units),
        price=_single(chain.price),
        order_cost=_single(chain.order_cost),
        unfilled_cost=_single(chain.unfilled_cost),
        holding_cost=_single(chain.holding_cost),
    )


def _single(array: Array) -> Tensor:
    return torch.as_tensor(array, dtype=torch.float32)
