"""Any observation that live or simulated code may build, for Hypothesis."""

import numpy as np
from hypothesis import strategies as st

from online_models.base import QUANTILE_LEVELS
from policies.observation import Observation, from_arrays


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Return pools of 1 to 6 items with zeros, huge numbers, short and long pipelines and horizons."""
    n, columns, horizon = draw(st.integers(1, 6)), draw(st.integers(1, 12)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    magnitude = draw(st.sampled_from([0.0, 1e-6, 1.0, 300.0, 1e12]))

    def some(*shape: int) -> np.ndarray:
        return rng.exponential(size=shape) * magnitude * (rng.random(shape) < 0.8)

    levels = len(QUANTILE_LEVELS)
    return from_arrays(
        resource_ids=tuple(f"item-{row}" for row in range(n)),
        on_hand_units=some(n) * rng.choice([1.0, -1.0], size=n, p=[0.8, 0.2]),
        pipeline_units=some(n, columns),
        demand_mean_units=some(n, horizon),
        demand_quantile_units=np.sort(some(n, horizon, levels), axis=-1),
        lead_demand_quantile_units=np.sort(some(n, levels), axis=-1),
        lead_time_periods=rng.integers(0, 61, size=n),
        lost_sale_cost=some(n),
        holding_cost=some(n),
        unit_cost=some(n) + 0.01,
        capacity_units=float(draw(st.sampled_from([0.0, 100.0, float("inf")]))),
        budget=float(draw(st.sampled_from([0.0, 100.0, float("inf")]))),
    )
