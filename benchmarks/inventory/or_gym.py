"""Table or-gym: a learned policy without a solver beside base-stock, a re-solved programme and perfect foresight.

InvManagement-v0 (backlog) and -v1 (lost sales) of or-gym, our own re-implementation. The network is trained in the run,
on demand of another seed than the 2,000 reported episodes; the levels of base-stock are those of the best found on
other seeds.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.inventory.chain_program import plan
from policies.inventory.chain_stock import ChainStock
from policies.inventory.echelon_base_stock import EchelonBaseStock
from simulator.inventory import or_gym
from simulator.inventory.serial_chain import Chain, start
from simulator.training import or_gym as training
from simulator.training.serial_chain import Course

Float64s = NDArray[np.float64]

REPORTED_SEED, EPISODES = 0, 2000
QUICK_SEED, EPISODES_QUICK = 6, 40  # a smoke run is on other demand than what is reported
EPISODES_SOLVED = 60  # of the reported ones, in which a programme is solved again in each period
TRAINING_SEED, STEPS, STEPS_QUICK = 11, 1000, 10
LEVELS_UNITS = {True: (91.0, 212.0, 416.0), False: (94.0, 212.0, 410.0)}  # by whether orders are owed
MUST, GOAL = {True: 480.0, False: 470.0}, {True: 515.0, False: 500.0}
WHOLE_UNITS_SLACK = 1e-6  # a solver's 3 is 2.9999999


def figures(options: argparse.Namespace) -> list[Figure]:
    """Return the rows of both versions."""
    reported = (QUICK_SEED, EPISODES_QUICK) if options.quick else (REPORTED_SEED, EPISODES)
    demand = training.demand_of(*reported)
    return [row for backlog in (True, False) for row in _version(backlog, demand, quick=options.quick)]


def _version(backlog: bool, demand: Float64s, *, quick: bool) -> list[Figure]:
    chain, name = or_gym.chain(backlog=backlog), "v0 backlog" if backlog else "v1 lost sales"
    rule = EchelonBaseStock(np.array(LEVELS_UNITS[backlog]), chain.capacity_units)
    begun_s = time.process_time()
    policy = training.learned(chain, Course(steps=STEPS_QUICK if quick else STEPS, seed=TRAINING_SEED), _tell)
    trained_s = time.process_time() - begun_s
    learned = training.profits(chain, policy.decide, demand)
    stocked = training.profits(chain, lambda stock, _: rule.decide(stock), demand)
    known = np.array([plan(chain, start(chain), one, or_gym.DISCOUNT).profit for one in demand])
    few = demand[: 3 if quick else EPISODES_SOLVED]
    solved = training.profits(chain, lambda stock, period: _solved(chain, stock, period), few)
    return [
        Figure(
            f"{name}: learned, no solver", float(learned.mean()), "profit", MUST[backlog], GOAL[backlog], at_least=True
        ),
        Figure(f"{name}: learned, standard error", _error(learned), "profit"),
        Figure(f"{name}: training", trained_s, "CPU s"),
        Figure(f"{name}: learned less base-stock, paired", float((learned - stocked).mean()), "profit"),
        Figure(f"{name}: learned less base-stock, standard error", _error(learned - stocked), "profit"),
        Figure(f"{name}: best echelon base-stock", float(stocked.mean()), "profit"),
        Figure(f"{name}: best echelon base-stock, standard error", _error(stocked), "profit"),
        Figure(f"{name}: programme solved again each period, {len(solved)} episodes", float(solved.mean()), "profit"),
        Figure(f"{name}: programme, standard error", _error(solved), "profit"),
        Figure(
            f"{name}: learned less programme, paired, the same episodes",
            float((learned[: len(solved)] - solved).mean()),
            "profit",
        ),
        Figure(f"{name}: learned less programme, standard error", _error(learned[: len(solved)] - solved), "profit"),
        Figure(f"{name}: perfect foresight", float(known.mean()), "profit"),
        Figure(f"{name}: perfect foresight, standard error", _error(known), "profit"),
    ]


def _solved(chain: Chain, stock: ChainStock, period: int) -> Float64s:
    """Return (n, m) orders of the programme that believes every period to come asks for the mean."""
    expected = np.full(or_gym.PERIODS - period, or_gym.DEMAND_MEAN_UNITS)
    rows = [
        plan(chain, ChainStock(on_hand, pipeline, owed), expected, or_gym.DISCOUNT).orders
        for on_hand, pipeline, owed in zip(stock.on_hand, stock.pipeline, stock.owed_units, strict=True)
    ]
    return np.floor(np.array(rows) + WHOLE_UNITS_SLACK)


def _error(values: Float64s) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _tell(line: str) -> None:
    print(f"  {line}")
