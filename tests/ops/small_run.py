"""A shop of two items that a rule has run for a month, as the live path lives it: for tests of reports."""

import numpy as np

from ops.counterfactual import learn, live
from ops.journal import Lived
from ops.twin_actor import actor
from policies.inventory.base_stock import BaseStock
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.events import Transaction

DAY_S = 86_400.0
START_S = 1_270_166_400.0  # 2010-04-02 00:00 UTC
CONTROL_DAYS = 60  # of history before control
END_DAYS = 90


def small_catalog() -> Catalog:
    """Return one pool of two items."""
    resources = tuple(
        ResourceSpec(
            id=name,
            lead_time_periods=lead,
            lost_sale_cost=4.0,
            holding_cost=0.1,
            initial_on_hand_units=40.0,
            order_units_max=500,
        )
        for name, lead in (("mug", 2), ("bag", 3))
    )
    pool = PoolSpec(
        pool_id="gifts", controlled=True, forecast="smoothing", feeds=(FeedSpec(id="till"),), resources=resources
    )
    return Catalog(version=1, note="invented for the test", pools=(pool,))


def recorded() -> list[Transaction]:
    """Return three months of sales that rise and fall by the week."""
    rng = np.random.default_rng(7)
    return [
        Transaction(
            event_id=f"{day}/{name}",
            pool_id="gifts",
            resource_id=name,
            feed_id="till",
            kind="sale",
            quantity_units=float(1 + rng.poisson(8 + 4 * (day % 7 < 2))),
            occurred_at_s=START_S + day * DAY_S + 36_000.0 + place,
            unit_price=10.0,
        )
        for day in range(END_DAYS)
        for place, name in enumerate(("mug", "bag"))
    ]


def rows_of(factor: float) -> list[Lived]:
    """Return what base-stock with `factor` lives through."""
    pool = actor(small_catalog().pools[0], recorded(), control_from_s=START_S + CONTROL_DAYS * DAY_S)
    return live(pool, learn(pool).at_start, BaseStock(factor))
