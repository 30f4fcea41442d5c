"""A pool's table in, the stretches of origins between two fits out; where what a peer says is put."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from online_models.base import QUANTILE_LEVELS
from ops.backtest.configuration import Configuration
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable, reported
from streams.periods import SLOTS_PER_WEEK

SCORED_LEVELS = (0.1, 0.5, 0.9, 0.95)
PLACES = [QUANTILE_LEVELS.index(level) for level in SCORED_LEVELS]


class Share:
    """Tells a progress bar, which counts periods, of parts of the work that take about as long each."""

    def __init__(self, done: Callable[[int], None], periods: int, parts: int) -> None:
        self._done, self._periods, self._parts = done, periods, parts
        self._ended, self._within, self._told = 0, 0.0, 0

    def some(self, share: float) -> None:
        """Tell of a share of the part that is being done."""
        self._within = min(self._within + share, 1.0)
        self._tell()

    def end(self) -> None:
        """Tell that the part is done."""
        self._ended, self._within = self._ended + 1, 0.0
        self._tell()

    def _tell(self) -> None:
        whole = int(self._periods * (self._ended + self._within) / self._parts)
        self._done(whole - self._told)
        self._told = whole


def stretches(table: PoolTable, configuration: Configuration, reach: int, days: int = 1) -> Iterator[range]:
    """Yield ranges of origins, `days` of them each: all whose period `reach` ahead may be of the reported span.

    An origin is the last period that is known. A peer is fitted before the first of a range, on labels known then.
    """
    span = reported(table, configuration)
    first, step = max(span.start - reach, 0), periods_per_day(configuration) * days
    for start in range(first, span.stop, step):
        yield range(start, min(start + step, span.stop))


def periods_per_day(configuration: Configuration) -> int:
    """Return how many periods a day has."""
    return max(SLOTS_PER_WEEK[configuration.period] // 7, 1)


def put(said: Said, ahead: int, origins: Sequence[int], mean: np.ndarray, quantiles: np.ndarray) -> None:
    """Keep the mean (origins, series) and scored quantiles (origins, series, levels) of `ahead` periods ahead."""
    for row, origin in enumerate(origins):
        target = origin + ahead
        if target < len(said.mean[ahead]):
            said.mean[ahead][target] = mean[row]
            said.quantiles[ahead][target][:, PLACES] = np.sort(quantiles[row], axis=-1)


def put_sum(said: Said, origins: Sequence[int], quantiles: np.ndarray) -> None:
    """Keep the scored quantiles (origins, series, levels) of the sum over the lead time."""
    for row, origin in enumerate(origins):
        if origin + 1 < len(said.lead_quantiles):
            said.lead_quantiles[origin + 1][:, PLACES] = np.sort(quantiles[row], axis=-1)


def per_period(cost_s: float, table: PoolTable, configuration: Configuration) -> float:
    """Return what a cost within the reported span would have been over the whole table."""
    span = reported(table, configuration)
    return cost_s * float(len(table.starts_s) / max(span.stop - span.start, 1))
