"""A lost-sales instance and seconds in, a network that learnt for this instance alone, and its rules, out."""

import copy
from collections.abc import Callable

import numpy as np
import torch

from policies import features
from policies.features import Prospect
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import Learned
from simulator.inventory.lost_sales import LostSales, OrderRule, Units
from simulator.inventory.stationary import evaluate_exactly
from simulator.training.actor import TorchSession
from simulator.training.known_instances import known_of, order_rule
from simulator.training.lost_sales_bed import bed_of
from simulator.training.network import Network, prepared
from simulator.training.pathwise import Course, learn, order_units

ROWS, HIDDEN = 512, 32
SEED = 1
SHIFTS_UNITS = (0.0, -0.1, 0.1, -0.2, 0.2, -0.3, 0.3)
SHIFTED_LEAD_TIME_MAX = 2  # the exact evaluation takes no time
RULE = CappedBaseStock()  # decides what is out of range: nothing is, on the world that was trained on


def course_of(lead_time_periods: int) -> Course:
    """Return how an instance is learnt."""
    return Course(learnt_periods=16, following_periods=lead_time_periods + 12, rate=2e-2)


def own_network(
    instance: LostSales,
    seconds: float,
    clock_s: Callable[[], float],
    course: Course | None = None,
    begun: Network | None = None,
) -> tuple[Network, int]:
    """Return a network that learnt the instance for `seconds` of `clock_s`, and in how many steps.

    It goes on from `begun` where that is given, which is left as it is.
    """
    started, steps = clock_s(), 0

    def share(step: int) -> float:
        nonlocal steps
        steps = step
        return (clock_s() - started) / seconds

    torch.set_num_threads(1)  # the network is smaller than what threads cost
    network = Network(SEED, HIDDEN) if begun is None else copy.deepcopy(begun)
    how = course or course_of(instance.lead_time_periods)
    learn(network, bed_of(instance, ROWS), how, np.random.default_rng(SEED), share)
    if instance.lead_time_periods <= SHIFTED_LEAD_TIME_MAX:
        _shift(network, instance)
    return network, steps


def _shift(network: Network, instance: LostSales) -> None:
    """Move all orders by the part of a unit that is best, evaluated exactly.

    With a short lead time few states decide the cost, and in one of them the network may be undecided between two whole
    orders: near n + 1/2.
    """
    bias, learnt = network.last.bias.data, network.last.bias.item()
    cost = {}
    for shift in SHIFTS_UNITS:
        bias.fill_(learnt + shift / instance.demand_mean_units)
        cost[shift] = evaluate_exactly(instance, order_rule(served(network).decide, instance)).cost
    bias.fill_(learnt + min(cost, key=cost.__getitem__) / instance.demand_mean_units)


def served(network: Network) -> Learned:
    """Return the policy as it is served, with torch in the place of onnxruntime."""
    return Learned(TorchSession(network), RULE, "own", head="orders")


def fast_rule(network: Network, instance: LostSales) -> OrderRule:
    """Return what `order_rule(served(network).decide, instance)` returns, several times as fast.

    What is known of the instance is computed once, and nothing is looked up per row.
    """
    empty, first = np.zeros((1, 1), dtype=np.int32), np.zeros(1, dtype=np.int64)
    seen = features.prospect(known_of(instance).observation(empty, first))
    ahead = Prospect(*(torch.as_tensor(one) for one in (seen.columns, seen.scale_units, seen.target_units)))
    weights = [one.detach() for one in network.parameters()]
    part = prepared(weights, ahead.columns)

    def orders(states: Units) -> Units:
        stock = torch.as_tensor(states, dtype=torch.float32)
        columns = features.stock_columns(stock[:, 0], stock[:, 1:], ahead, torch)
        wanted = order_units(weights, columns, part, ahead)
        return np.asarray(torch.floor(wanted + 0.5).numpy(), dtype=np.int32)

    return orders
