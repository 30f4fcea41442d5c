"""Features are finite, bounded, and blind to the size of an item."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings

from policies import features, features_1
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


@pytest.mark.parametrize("module", [features, features_1])
@settings(max_examples=200, deadline=None)
@given(observation=observations())
def test_features_are_finite_and_within_the_space(observation: Observation, module: ModuleType):
    """Whatever is seen, the network gets numbers it can have met; also what was trained on the features of before."""
    seen = module.compute(observation)

    assert seen.shape == (len(observation.resource_ids), len(module.NAMES))
    assert seen.dtype == np.float32
    assert (np.abs(seen) <= FEATURE_MAX).all()


@settings(max_examples=100, deadline=None)
@given(observation=observations())
def test_ten_times_the_units_change_only_the_scale(observation: Observation):
    """An item that sells ten times as much looks the same but for `log_scale` and what one unit is worth."""
    if observation.demand_mean_units.min() < 1.0:
        return
    tenfold = replace(observation, **{name: getattr(observation, name) * 10 for name in UNITS})
    before, after = features.compute(observation), features.compute(tenfold)
    same = [column for column, name in enumerate(features.NAMES) if name not in ("log_scale", "unit")]

    np.testing.assert_allclose(after[:, same], before[:, same], rtol=1e-4, atol=1e-5)


@settings(max_examples=100, deadline=None)
@given(observation=observations())
def test_the_stock_is_seen_alike_on_numpy_and_torch(observation: Observation):
    """Training and live compute the same: the part that gradients flow through agrees within 1e-6 of its size."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    ahead = features.prospect(observation)
    stock = (observation.on_hand_units, observation.pipeline_units)
    live = features.stock_columns(*stock, ahead)
    on_torch = features.Prospect(*(torch.as_tensor(x) for x in (ahead.columns, ahead.scale_units, ahead.target_units)))
    trained = features.stock_columns(*(torch.as_tensor(one) for one in stock), on_torch, torch)

    size = 1.0 + (np.abs(stock[0]) + stock[1].sum(axis=1) + ahead.target_units) / ahead.scale_units
    assert (np.abs(trained.numpy() - live) <= 1e-6 * size[:, np.newaxis]).all()


def test_every_feature_has_its_own_name():
    """Ranges are kept by place and told by name."""
    assert len(set(features.NAMES)) == len(features.NAMES)
