"""What was typed after `headgate optimum` in, the worlds that it describes out, or which word is wrong."""

import argparse
from collections.abc import Callable

from simulator.inventory.hidden_regimes import HiddenRegimes
from simulator.inventory.lost_sales import LostSales, geometric, negative_binomial, poisson
from simulator.inventory.types import Float64s
from streams.errors import ConfigurationError

FAMILIES: dict[str, tuple[Callable[..., Float64s], int]] = {  # and how many numbers describe one
    "poisson": (poisson, 1),
    "geometric": (geometric, 1),
    "negative-binomial": (negative_binomial, 2),
}
MEAN_MAX = 50.0  # of whole units; where more are asked for, count in larger ones


def instance_of(options: argparse.Namespace) -> LostSales:
    """Return the world that was described; raise ConfigurationError naming the option that cannot be."""
    for name, least in (("lead_time", 1), ("minimum_order", 1), ("pack_size", 1), ("order_cost", 0)):
        if not least <= getattr(options, name) < float("inf"):
            raise ConfigurationError(f"--{name.replace('_', '-')} {getattr(options, name)}: has to be {least} or more")
    _require_positive(options)
    return LostSales(
        demand_probability=_demand(options.demand),
        lead_time_periods=options.lead_time,
        lost_sale_cost=options.lost_sale_cost,
        holding_cost=options.holding_cost,
        order_cost=options.order_cost,
        minimum_order_units=options.minimum_order,
        pack_size_units=options.pack_size,
    )


def hidden_of(options: argparse.Namespace) -> HiddenRegimes:
    """Return the world of --hidden; raise ConfigurationError when it cannot be."""
    _require_positive(options)
    try:
        quiet, busy, stay = (float(one) for one in options.hidden.split(","))
    except ValueError as error:
        raise ConfigurationError(f"--hidden {options.hidden}: has to be QUIET,BUSY,STAY, such as 3,8,0.9") from error
    if not (0.0 < quiet <= busy <= MEAN_MAX and 0.5 <= stay < 1.0):
        raise ConfigurationError(
            f"--hidden {options.hidden}: means above 0, the first not above the second, at most {MEAN_MAX:g}; a "
            "probability of staying from 0.5 to below 1"
        )
    return HiddenRegimes((quiet, busy), stay, options.lost_sale_cost, options.holding_cost)


def shops_of(options: argparse.Namespace) -> tuple[LostSales, LostSales]:
    """Return the two shops of --shop; raise ConfigurationError when they cannot be."""
    _require_positive(options)
    if len(options.shop) != 2 or options.capacity < 1:
        raise ConfigurationError("--shop is given twice, --capacity is 1 or more")
    shops = []
    for words in options.shop:
        law, _, cost = words.partition("@")
        try:
            lost_sale_cost = float(cost)
        except ValueError as error:
            raise ConfigurationError(f"--shop {words}: has to be LAW@COST, such as poisson:3@4") from error
        if not 0.0 < lost_sale_cost < float("inf"):
            raise ConfigurationError(f"--shop {words}: the cost has to be above 0")
        shops.append(LostSales(_demand(law), 1, lost_sale_cost, options.holding_cost))
    return shops[0], shops[1]


def _require_positive(options: argparse.Namespace) -> None:
    for name in ("lost_sale_cost", "holding_cost"):
        if not 0.0 < getattr(options, name) < float("inf"):
            raise ConfigurationError(f"--{name.replace('_', '-')} {getattr(options, name)}: has to be above 0")


def _demand(words: str) -> Float64s:
    family, _, numbers = words.partition(":")
    try:
        law, count = FAMILIES[family]
        values = [float(one) for one in numbers.split(",")]
    except (KeyError, ValueError) as error:
        raise ConfigurationError(
            f"--demand {words}: has to be poisson:MEAN, geometric:MEAN or negative-binomial:MEAN,SHAPE"
        ) from error
    if len(values) != count or not all(0.0 < one <= MEAN_MAX for one in values):
        raise ConfigurationError(f"--demand {words}: {family} takes {count} number(s) above 0, at most {MEAN_MAX:g}")
    return law(*values)
