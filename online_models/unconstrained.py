"""What was sold until stock ran out, and what demand was expected, in; what demand may have been out.

Demand that met an empty shelf was at least what was sold. It is drawn from the distribution around the forecast, cut
off below at what was sold: the imputation step of stochastic expectation maximisation (Celeux and Diebolt 1985, "The
SEM algorithm"; censored demand: Nahmias 1994, "Demand estimation in lost sales inventory systems", Naval Research
Logistics 41). The mean of the cut distribution alone would hide how far demand spreads, and with it the safety stock.
The draws walk through the distribution by the golden ratio: evenly, and without chance. Few pieces are negative
binomial, or Poisson where they spread no more; the rest is normal.
"""

from math import exp, log1p, sqrt
from statistics import NormalDist

GOLDEN = (sqrt(5.0) - 1.0) / 2.0
MISS_TO_DEVIATION = 1.2533  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)
FEW = 30.0  # units that are expected: fewer are counted, not measured
CERTAIN = 1e-4  # less is left of the distribution above what was sold: it says nothing more than that
COUNTED_MAX = 1000  # pieces: beyond any of so few
_NORMAL = NormalDist()


def unconstrained(sold: float, expected: float, error: float, place: int) -> float:
    """Return a draw of demand that was at least `sold`, units.

    expected: the forecast of it, units; error: the mean absolute error of forecasts, units
    place: of the draw in the series of draws, counted on by the caller

    >>> draws = [unconstrained(50.0, 100.0, 10.0, place) for place in range(100)]
    >>> round(sum(draws) / 100)  # sold out long before: the forecast stands
    100
    >>> draws = [unconstrained(100.0, 100.0, 10.0, place) for place in range(1000)]
    >>> round(sum(draws) / 1000), round(100.0 + MISS_TO_DEVIATION * 10.0 * sqrt(2.0 / 3.14159))
    (110, 110)
    """
    spread = max(MISS_TO_DEVIATION * error, sqrt(max(expected, 0.0)), 1e-9)
    share = (0.5 + place * GOLDEN) % 1.0
    if 0.0 < expected < FEW and sold <= COUNTED_MAX and sold.is_integer():
        return _counted(int(sold), expected, spread, share)
    below = _NORMAL.cdf((sold - expected) / spread)
    if below > 1.0 - CERTAIN:
        return sold
    level = below + min(max(share, CERTAIN), 1.0 - CERTAIN) * (1.0 - below)
    return max(expected + spread * _NORMAL.inv_cdf(min(max(level, CERTAIN), 1.0 - CERTAIN)), sold)


def _counted(sold: int, mean: float, spread: float, share: float) -> float:
    """Return the number of pieces at `share` of the distribution from `sold` on."""
    excess = spread * spread - mean
    size = mean * mean / excess if excess > 0.01 * mean else 1e6  # of the negative binomial; a large one is Poisson's
    chance, growth = exp(-size * log1p(mean / size)), mean / (size + mean)
    number, below = 0, 0.0
    while number < sold:
        below += chance
        chance *= (number + size) / (number + 1.0) * growth
        number += 1
    if below > 1.0 - CERTAIN:
        return float(sold)
    level = below + min(share, 1.0 - CERTAIN) * (1.0 - below)
    while below + chance < level and number < COUNTED_MAX:
        below += chance
        chance *= (number + size) / (number + 1.0) * growth
        number += 1
    return float(number)
