"""A small pool and allocations of it that the tests of the gateway share."""

from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.events import ActionLine, Allocation, Cut

SPEC = PoolSpec(
    pool_id="shop", feeds=(FeedSpec(id="till"),), capacity_units=150.0, budget=500.0,
    resources=(ResourceSpec(id="a", order_units_max=100), ResourceSpec(id="b", order_units_max=100, unit_cost=4.0)),
)  # fmt: skip


def allocation(**units: float) -> Allocation:
    """Return an allocation that is valid until 1000."""
    lines = tuple(
        ActionLine(
            action_id=f"shop/{name}/1",
            resource_id=name,
            order_units=ordered,
            proposed_units=0.0,
            reason_code="policy",
            explanation="",
            arrives_at_s=0.0,
        )
        for name, ordered in units.items()
    )
    return Allocation(
        tick_id="shop/1", pool_id="shop", period_start_s=0.0, decided_at_s=0.0, valid_until_s=1000.0, policy="p",
        policy_version="1", forecast_model="m", forecast_as_of_s=None, decided_by="policy",
        cut=Cut(topic="transactions", partition=0, epoch=0, next_offset=1), lines=lines,
    )  # fmt: skip
