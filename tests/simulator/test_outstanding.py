"""Orders that cross, come late or never come are received and sold as worked by hand, the same in numpy and torch."""

import numpy as np
import pytest

from simulator.inventory import outstanding
from simulator.inventory.outstanding import LOST, arriving, nothing, profit, step


def test_orders_cross_and_some_never_come():
    """Five periods by hand: the first order takes three periods, the second one, the third is lost."""
    lead_time = np.array([[3, 1, LOST, 0, 1]])
    stock, seen = nothing(1, 4), []
    for period, (order, demand) in enumerate(zip((5.0, 6.0, 7.0, 2.0, 0.0), (1.0, 1.0, 4.0, 4.0, 9.0), strict=True)):
        stock, sold = step(stock, np.array([order]), np.array([demand]), arriving(lead_time, period, 5))
        seen.append((sold[0], stock.on_hand[0], *stock.outstanding[0]))

    assert seen == [
        (0.0, 0.0, 5.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 6.0, 5.0, 0.0, 0.0),
        (4.0, 2.0, 7.0, 0.0, 5.0, 0.0),  # the second order is there before the first
        (4.0, 5.0, 0.0, 7.0, 0.0, 0.0),  # the first one and the fourth, which took no time
        (5.0, 0.0, 0.0, 0.0, 7.0, 0.0),
    ]


def test_what_is_sold_earns_and_what_is_left_over_is_held():
    """Three sold at 4, two kept at half a unit of currency each."""
    stock = outstanding.Stock(np.array([5.0]), np.zeros((1, 1)))
    after, sold = step(stock, np.array([0.0]), np.array([3.0]), arriving(np.array([[0]]), 0, 2))

    assert profit(after, sold, np.array([4.0]), np.array([0.5])) == 11.0


def test_numpy_and_torch_go_the_same_way_step_by_step():
    """One world: stock, outstanding orders and sales of every period are equal in both."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    rng = np.random.default_rng(1)
    lead_time = rng.choice([0, 1, 2, 3, LOST], (30, 25))
    one, other = nothing(30, 4), nothing(30, 4, torch)
    for period in range(25):
        order, demand = rng.integers(0, 9, 30).astype(float), rng.poisson(4.0, 30).astype(float)
        due = arriving(lead_time, period, 5)
        one, sold = step(one, order, demand, due)
        other, same = step(other, *(torch.as_tensor(each) for each in (order, demand, due)), torch)
        np.testing.assert_allclose(same.numpy(), sold)
        np.testing.assert_allclose(other.on_hand.numpy(), one.on_hand)
        np.testing.assert_allclose(other.outstanding.numpy(), one.outstanding)
