"""The stock of a serial chain in, what each stage misses to its echelon's level out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.inventory.chain_stock import ChainStock, echelon_position_units, shippable_units

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class EchelonBaseStock:
    """Each stage orders up to its echelon's level, but asks for no more than its supplier can ship.

    >>> rule = EchelonBaseStock(levels_units=np.array([9.0, 9.0]), capacity_units=np.array([5.0, 5.0]))
    >>> rule.decide(ChainStock(np.array([1.0, 4.0]), np.zeros((2, 1)), np.zeros(3)))
    array([4., 4.])
    """

    levels_units: Float64s  # (m,)
    capacity_units: Float64s  # (m,) of each stage's supplier, a period
    name: str = "echelon-base-stock"

    @property
    def version(self) -> str:
        """Return the levels, which are all that distinguishes two of them."""
        return ",".join(f"{level:g}" for level in self.levels_units)

    def decide(self, stock: ChainStock) -> Float64s:
        """Return (..., m) units to order, >= 0."""
        missing = self.levels_units - echelon_position_units(stock)
        possible = shippable_units(stock, self.capacity_units)
        return np.asarray(np.clip(np.minimum(missing, possible), 0.0, None), dtype=np.float64)
