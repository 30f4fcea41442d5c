"""Features are finite, bounded, and blind to the size of an item."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from policies import features
from policies.observation import Observation
from simulator.inventory.env import FEATURE_MAX
from tests.policies.observations import observations

UNITS = (
    "on_hand_units",
    "pipeline_units",
    "demand_mean_units",
    "demand_quantile_units",
    "lead_demand_quantile_units",
)


@settings(max_examples=200, deadline=None)
@given(observation=observations())
def test_features_are_finite_and_within_the_space(observation: Observation):
    """Whatever is seen, the network gets numbers it can have met."""
    seen = features.compute(observation)

    assert seen.shape == (len(observation.resource_ids), len(features.NAMES))
    assert seen.dtype == np.float32
    assert (np.abs(seen) <= FEATURE_MAX).all()


@settings(max_examples=100, deadline=None)
@given(observation=observations())
def test_ten_times_the_units_change_only_the_scale(observation: Observation):
    """An item that sells ten times as much looks the same but for `log_scale`."""
    if observation.demand_mean_units.min() < 1.0:
        return
    tenfold = replace(observation, **{name: getattr(observation, name) * 10 for name in UNITS})
    before, after = features.compute(observation), features.compute(tenfold)

    np.testing.assert_allclose(after[:, :-1], before[:, :-1], rtol=1e-4, atol=1e-5)
