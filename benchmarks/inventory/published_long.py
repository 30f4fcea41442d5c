"""Nothing in; the 24 instances with long lead times and the best published costs out.

Source: Temizoz, Imdahl, Dijkman, Lamghari-Idrissi and van Jaarsveld 2025, "Deep controlled learning for inventory
control", European Journal of Operational Research: h = 1, mean demand 5.
"""

from simulator.inventory.lost_sales import LostSales
from simulator.inventory.zipkin_bed import FAMILIES, LOST_SALE_COSTS, BedInstance

LEAD_TIMES = (6, 8, 10)
PUBLISHED: dict[str, tuple[tuple[float, float, float], ...]] = {  # by family; a row a cost of LOST_SALE_COSTS
    "poisson": (
        (4.8803, 4.9615, 5.0185),
        (7.2325, 7.5226, 7.6915),
        (9.6556, 10.1956, 10.5743),
        (11.9582, 12.8338, 13.4869),
    ),
    "geometric": (
        (10.7513, 10.8554, 10.8706),
        (17.1349, 17.4837, 17.7148),
        (24.2056, 25.1068, 25.7126),
        (31.4663, 33.0961, 34.2917),
    ),
}


def long_lead_times() -> list[BedInstance]:
    """Return the 24 instances.

    >>> len(long_lead_times()), long_lead_times()[1].name, long_lead_times()[1].published_cost
    (24, 'poisson L=8 p=4', 4.9615)
    """
    return [
        BedInstance(family, LostSales(FAMILIES[family], lead, lost_sale_cost), cost)
        for family, rows in PUBLISHED.items()
        for lost_sale_cost, costs in zip(LOST_SALE_COSTS, rows, strict=True)
        for lead, cost in zip(LEAD_TIMES, costs, strict=True)
    ]
