"""What policies see is laid out as it is documented, and refuses what is not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from online_models.base import QUANTILE_LEVELS
from policies.observation import PIPELINE_PERIODS_MAX, Observation, build


@dataclass(frozen=True)
class Item:
    """A resource as the catalog has it."""

    id: str = "mug"
    lead_time_periods: int = 3
    lost_sale_cost: float = 4.0
    holding_cost: float = 0.1
    unit_cost: float = 6.0


def built(**changes: Any) -> Observation:
    """Return the observation of one item, with some fields changed."""
    fields: dict[str, Any] = {
        "on_hand_units": [7],
        "on_order": [[]],
        "demand_mean_units": np.ones((1, 4)),
        "demand_quantile_units": np.ones((1, 4, len(QUANTILE_LEVELS))),
        "lead_demand_quantile_units": np.ones((1, len(QUANTILE_LEVELS))),
        "capacity_units": 100.0,
        "budget": 1000.0,
    }
    return build([Item()], **(fields | changes))


def test_orders_stand_in_the_column_of_their_arrival():
    """An order due in one period is in column 0; two for the same period add up; the overdue come next."""
    observation = built(on_order=[[(5, 1), (2, 3), (1, 3), (4, 0), (8, -2)]])

    np.testing.assert_array_equal(observation.pipeline_units, [[17, 0, 3]])


def test_an_order_beyond_the_lead_time_widens_the_pipeline_up_to_its_limit():
    """A longer lead time in an older catalog loses no order."""
    assert built(on_order=[[(5, 9)]]).pipeline_units.shape == (1, 9)
    far = built(on_order=[[(5, 900)]]).pipeline_units
    assert far.shape == (1, PIPELINE_PERIODS_MAX)
    assert far.sum() == 5


def test_costs_and_lead_times_come_from_the_resources():
    """What the catalog says is what the policy sees, as float32."""
    observation = built()

    assert observation.resource_ids == ("mug",)
    assert observation.lost_sale_cost.tolist() == [4.0]
    assert observation.lead_time_periods.dtype == np.float32


def test_a_number_that_is_none_is_refused_by_name():
    """NaN would pass through every comparison of a policy unseen."""
    with pytest.raises(ValueError, match="on_hand_units of mug is not finite"):
        built(on_hand_units=[np.nan])


def test_a_wrong_shape_is_refused_by_name():
    """Shapes are checked once here, so that policies need not."""
    with pytest.raises(ValueError, match=r"lead_demand_quantile_units has shape \(1, 2\)"):
        built(lead_demand_quantile_units=[[1, 2]])
    with pytest.raises(ValueError, match="on_order has 2 rows, not 1"):
        built(on_order=[[], []])
