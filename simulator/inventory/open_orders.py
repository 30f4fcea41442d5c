"""Orders as the buyer sees them: placed and received in, a pipeline by promised date out.

The buyer knows what was promised, not what will come: an order that is overdue is expected with the next receipts,
as live, until its patience ends and it is written off. Truth is in `Stock.pipeline`.
"""

import numpy as np

from simulator.inventory.types import Float64s, Int64s


class OpenOrders:
    """Orders of all worlds by age; one instance is one run."""

    def __init__(self, start: Float64s, promised: Int64s, patience_periods: int) -> None:
        """Take what is on its way at the start (worlds, n, columns), which comes as promised, and the promises."""
        self._start = start
        self._promised = promised
        self._patience = patience_periods
        ages = int(promised.max(initial=0)) + patience_periods
        self._units = np.zeros((ages, *promised.shape))  # [k] placed k + 1 periods ago
        self._lead = np.zeros((ages, *promised.shape))  # periods they really take; inf of a lost one

    def step(self, ordered: Float64s, lead_time_periods: Int64s, arrived_ratio: Float64s) -> None:
        """Take the orders placed in a period, (worlds, n) each, and let the period end."""
        lead = np.where(arrived_ratio > 0, lead_time_periods, np.inf)
        self._units = np.concatenate([ordered[np.newaxis], self._units[:-1]])
        self._lead = np.concatenate([lead[np.newaxis], self._lead[:-1]])
        later = np.zeros_like(self._start)
        later[..., :-1] = self._start[..., 1:]
        self._start = later

    def pipeline(self) -> Float64s:
        """Return (worlds, n, columns) units by when they are expected: column k at the start of period k + 1."""
        seen = self._start.copy()
        for index, (units, lead) in enumerate(zip(self._units, self._lead, strict=True)):
            age = index + 1
            waits = (lead > age) & (age <= self._promised + self._patience) & (units > 0)
            due = np.maximum(self._promised - age, 1)
            world, item = np.nonzero(waits)
            np.add.at(seen, (world, item, due[world, item] - 1), units[world, item])
        return seen
