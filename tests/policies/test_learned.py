"""What is served: the network where it was trained, the rule elsewhere, with a reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from policies import features
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import Learned
from policies.inventory.own_orders import EXTRA_PERIODS_MAX, own_orders
from policies.observation import Float32s, Observation, from_arrays

RULE = CappedBaseStock(0.5, 1.0)


class Saying:
    """A network that says the same of every item."""

    def __init__(self, word: float) -> None:
        self.word = word

    def run(self, _: Sequence[str], inputs: dict[str, Float32s]) -> list[Any]:
        """Answer as onnxruntime does."""
        (seen,) = inputs.values()
        return [np.full((len(seen), 1), self.word, dtype=np.float32)]


def seen(lead_time_periods: Sequence[int]) -> Observation:
    """Return items of the same demand, 10 a period, and the given lead times; the target is 60, 20 are there."""
    n = len(lead_time_periods)
    return from_arrays(
        resource_ids=tuple("abcdef"[:n]),
        on_hand_units=[11] * n,
        pipeline_units=[[4, 5]] * n,
        demand_mean_units=[[10, 10, 10, 10]] * n,
        demand_quantile_units=np.ones((n, 4, 9)),
        lead_demand_quantile_units=[[5, 10, 20, 30, 50, 60, 70, 80, 90]] * n,
        lead_time_periods=lead_time_periods,
        lost_sale_cost=[9] * n,
        holding_cost=[1] * n,
        unit_cost=[1] * n,
        capacity_units=1e9,
        budget=1e9,
    )


def trained_on(observation: Observation) -> tuple[tuple[float, float], ...]:
    """Return the ranges of what is seen there."""
    columns = features.compute(observation)
    return tuple(zip(columns.min(axis=0).tolist(), columns.max(axis=0).tolist(), strict=True))


def test_the_network_says_how_far_from_the_target_in_mean_periods():
    """40 are missing: 0 orders them, -1.5 orders 15 less, -9 nothing; and no word orders without end."""
    observation = seen([2])

    assert own_orders(observation, np.zeros(1, np.float32)).tolist() == [40.0]
    assert Learned(Saying(-1.5), RULE, "v", head="orders").decide(observation).tolist() == [25.0]
    assert Learned(Saying(-9.0), RULE, "v", head="orders").decide(observation).tolist() == [0.0]
    assert Learned(Saying(1e9), RULE, "v", head="orders").decide(observation).tolist() == [40 + 10 * EXTRA_PERIODS_MAX]


def test_out_of_range_the_rule_decides_and_the_reason_names_it():
    """Trained on lead times of 2 to 5, asked for 3, 9 and 5: the rule orders 10 for the second, the network 0."""
    policy = Learned(Saying(-9.0), RULE, "v", head="orders", ranges=trained_on(seen([2, 5])))
    asked = seen([3, 9, 5])

    assert policy.decide(asked).tolist() == [0.0, 10.0, 0.0]
    assert policy.unsure(asked) == ("", "lead time 9 periods is outside 2 .. 5 that were trained", "")


def test_what_follows_from_a_long_lead_time_is_not_the_reason():
    """Stock far above anything seen is named when nothing more telling is outside."""
    policy = Learned(Saying(0.0), RULE, "v", head="orders", ranges=trained_on(seen([2])))
    flooded = seen([2])
    flooded.on_hand_units[0] = 500

    assert policy.unsure(flooded) == ("on hand 30 is outside 1.1 .. 1.1 that were trained",)


def test_without_ranges_nothing_is_outside():
    """Networks of before ranges were kept decide everything, as they did."""
    policy = Learned(Saying(0.0), RULE, "v")

    assert policy.unsure(seen([60])) == ("",)
    assert (policy.decide(seen([60])) == RULE.decide(seen([60]))).all()
