"""Nothing in; the 32 published instances of the lost-sales bed and their published optima out.

Source: Zipkin 2008, "Old and new methods for lost-sales inventory systems", Operations Research 56(5), tables of
optimal average costs: h = 1, mean demand 5.
"""

from dataclasses import dataclass

from simulator.inventory.lost_sales import LostSales, geometric, poisson

MEAN_UNITS = 5.0
LOST_SALE_COSTS = (4.0, 9.0, 19.0, 39.0)
FAMILIES = {"poisson": poisson(MEAN_UNITS), "geometric": geometric(MEAN_UNITS)}

PUBLISHED: dict[tuple[str, int], tuple[float, float, float, float]] = {  # by family and lead time, as LOST_SALE_COSTS
    ("poisson", 1): (4.04071, 5.43822, 6.67574, 7.83595),
    ("poisson", 2): (4.39530, 6.09364, 7.66442, 9.10638),
    ("poisson", 3): (4.59872, 6.53137, 8.36251, 10.03848),
    ("poisson", 4): (4.72853, 6.83594, 8.88718, 10.79441),
    ("geometric", 1): (9.81749, 14.50817, 19.21791, 23.86569),
    ("geometric", 2): (10.24021, 15.50290, 20.89056, 26.21377),
    ("geometric", 3): (10.46671, 16.13674, 22.06454, 27.96354),
    ("geometric", 4): (10.60650, 16.57737, 22.95300, 29.35593),
}


@dataclass(frozen=True, slots=True, eq=False)
class BedInstance:
    """One instance of the bed and what its best policy costs."""

    family: str  # poisson or geometric
    world: LostSales
    published_cost: float  # currency per period

    @property
    def name(self) -> str:
        """Return a short name, such as `poisson L=2 p=9`."""
        return f"{self.family} L={self.world.lead_time_periods} p={self.world.lost_sale_cost:g}"


def zipkin_bed() -> list[BedInstance]:
    """Return the 32 instances.

    >>> len(zipkin_bed()), zipkin_bed()[1].name, zipkin_bed()[1].published_cost
    (32, 'poisson L=1 p=9', 5.43822)
    """
    return [
        BedInstance(family, LostSales(FAMILIES[family], lead, lost_sale_cost), cost)
        for (family, lead), costs in PUBLISHED.items()
        for lost_sale_cost, cost in zip(LOST_SALE_COSTS, costs, strict=True)
    ]
