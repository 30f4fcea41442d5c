"""The kinds of worlds that one network learns from, in turn: each range wider than what it will be judged on.

A network is trusted within what it has seen (`Manifest.ranges`), so it should have seen much: items that sell one in
five days and two hundred a day, steady and lumpy, lead times of 1 to 8 periods, critical ratios of 0.5 to 0.99,
demand that drifts, has seasons and hidden regimes, forecasts from nearly right to badly biased that learn from sales
alone, suppliers that are late and orders that never come.
"""

from simulator.inventory.chance import Range
from simulator.inventory.deliveries import Deliveries
from simulator.inventory.demand import Taste
from simulator.inventory.forecasts import Errors
from simulator.inventory.items import Trade
from simulator.inventory.patterns import Pattern
from simulator.inventory.starved import LIVE_SALES, Starved
from simulator.inventory.world import Setting

PERIODS = 96  # twelve times the longest lead time: the end, after which nothing counts, is far from most orders

_TRADE = Trade(critical_ratio=(0.85, 0.99), lead_time_periods=(1, 8))
_WIDE_TRADE = Trade(critical_ratio=(0.5, 0.99), lead_time_periods=(1, 8))
_WIDE_TASTE = Taste(mean_units=(0.2, 200.0), profile_spread=0.5, drift=(0.0, 0.1), poisson_share=0.2, shape=(0.2, 6.0))
_WIDE_ERRORS = Starved(
    Errors(profile=0.25, level=(0.0, 0.5), memory=0.8, bias=(0.0, 0.15), width=1.4, dispersion=0.3),
    hidden_ratio=(0.0, 1.0),
    rate=(0.02, 0.3),
)
_SURE_ERRORS = Errors(profile=0.02, level=(0.0, 0.1), bias=(0.0, 0.03), width=1.0, dispersion=0.1)
_CARELESS = Deliveries(late_ratio=Range(0.0, 0.3), lost_ratio=Range(0.0, 0.1))

# Where orders have a cost, a minimum and packs; improvement by simulation learns here when no world is named.
LUMPY_SHOP = Setting(
    items=10,
    periods=112,
    trade=Trade(
        critical_ratio=(0.85, 0.99),
        lead_time_periods=(1, 8),
        order_cost_ratio=Range(0.5, 20.0),
        minimum_order_periods=Range(0.0, 2.0),
        pack_periods=Range(0.0, 1.0),
    ),
)

_RETAIL = Setting(periods=PERIODS, trade=_TRADE, forecasts=LIVE_SALES)

BROAD: tuple[Setting, ...] = (
    _RETAIL,
    Setting(periods=PERIODS, trade=_WIDE_TRADE, demand=_WIDE_TASTE, forecasts=_WIDE_ERRORS),
    Setting(
        periods=PERIODS,
        trade=_WIDE_TRADE,
        demand=Pattern(
            "negative-binomial",
            mean_units=Range(0.2, 200.0),
            shape=Range(0.3, 20.0),
            profile_spread=0.3,
            drift=Range(0.0, 0.05),
            regime_factors=(0.6, 1.6),
            stay_ratio=0.92,
        ),
        deliveries=_CARELESS,
        forecasts=LIVE_SALES,
    ),
    _RETAIL,
    Setting(periods=PERIODS, trade=_TRADE, demand=Taste(mean_units=(0.5, 200.0)), forecasts=_WIDE_ERRORS),
    Setting(
        periods=PERIODS,
        trade=_WIDE_TRADE,
        demand=Pattern("negative-binomial", mean_units=Range(0.2, 200.0), shape=Range(0.5, 100.0), drift=0.01),
        forecasts=_SURE_ERRORS,
    ),
    _RETAIL,
    Setting(periods=PERIODS, trade=_TRADE, demand=_WIDE_TASTE, deliveries=_CARELESS, forecasts=LIVE_SALES),
)
