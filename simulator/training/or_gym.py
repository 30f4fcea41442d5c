"""`python -m simulator.training.or_gym [--lost-sales] [--steps N] [--seed N]`: a learned policy for or-gym's chain.

It is judged beside echelon base-stock, whose levels are tuned, on demand that neither has seen.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from policies.inventory.chain_stock import ChainStock
from policies.inventory.echelon_base_stock import EchelonBaseStock
from policies.inventory.learned_chain import LearnedChain
from simulator.inventory import or_gym
from simulator.inventory.serial_chain import Chain, start, step
from simulator.inventory.types import Float64s
from simulator.training.serial_chain import Course, served, train

Decide = Callable[[ChainStock, int], Float64s]  # stock and period in, (n, m) orders out

TUNING_SEED, JUDGING_SEED = 70_003, 90_003
TUNING_EPISODES, JUDGING_EPISODES = 400, 1000
STRIDES = (32.0, 8.0, 2.0, 1.0)  # units by which a level is moved, coarse before fine


def profits(chain: Chain, decide: Decide, demand: Float64s) -> Float64s:
    """Return (n,) discounted profit of episodes with `demand` (n, periods)."""
    stock, total = start(chain, (len(demand),)), np.zeros(len(demand))
    for period in range(demand.shape[1]):
        stock, earned = step(chain, stock, decide(stock, period), demand[:, period])
        total += or_gym.DISCOUNT**period * earned
    return total


def learned(chain: Chain, course: Course, progress: Callable[[str], None]) -> LearnedChain:
    """Return the policy that `course` trains on the chain."""
    terms = or_gym.terms(chain)
    return served(train(chain, terms, or_gym.DISCOUNT, course, progress), terms)


def tuned(chain: Chain, demand: Float64s) -> EchelonBaseStock:
    """Return base-stock with the levels that earn most on `demand`: one level after the other, in ever finer steps."""

    def earned(levels: Float64s) -> float:
        rule = EchelonBaseStock(levels, chain.capacity_units)
        return float(profits(chain, lambda stock, _: rule.decide(stock), demand).mean())

    levels = np.cumsum(chain.initial_units)
    best = earned(levels)
    moves = [stride * unit for stride in STRIDES for unit in (*np.eye(len(levels)), *-np.eye(len(levels)))]
    index = 0
    while index < len(moves):
        profit = earned(levels + moves[index])
        if profit > best:
            best, levels = profit, levels + moves[index]
        else:
            index += 1
    return EchelonBaseStock(levels, chain.capacity_units)


def demand_of(seed: int, episodes: int) -> Float64s:
    """Return (episodes, periods) of or-gym's demand."""
    drawn = np.random.default_rng(seed).poisson(or_gym.DEMAND_MEAN_UNITS, (episodes, or_gym.PERIODS))
    return drawn.astype(np.float64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, judge, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lost-sales", action="store_true", help="v1: what is not filled is lost; without it, v0")
    parser.add_argument("--steps", type=int, default=Course().steps)
    parser.add_argument("--seed", type=int, default=Course().seed)
    chosen = parser.parse_args(arguments)
    chain = or_gym.chain(backlog=not chosen.lost_sales)
    rule = tuned(chain, demand_of(TUNING_SEED, TUNING_EPISODES))
    policy = learned(chain, Course(steps=chosen.steps, seed=chosen.seed), _tell)
    demand = demand_of(JUDGING_SEED, JUDGING_EPISODES)
    stocked = profits(chain, lambda stock, _: rule.decide(stock), demand)
    difference = profits(chain, policy.decide, demand) - stocked
    _tell(f"echelon base-stock at {rule.version} earns {stocked.mean():.1f} an episode")
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    _tell(f"the learned policy {difference.mean():+.1f} +- {error:.1f} against it")
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
