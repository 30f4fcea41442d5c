"""A set with weather in, what the default and LightGBM would do if they knew that of the target hour out.

Nobody does: it is shown apart and decides nothing. It says how much a perfect weather forecast would be worth.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.figures import Figure
from benchmarks.forecast import losses
from benchmarks.forecast.datasets import DataSet
from benchmarks.forecast.peers import Asking, lightgbm_told, quiet
from online_models.registry import DEFAULT
from ops.backtest import protocol


def with_weather_of_target(one: DataSet, ahead: int) -> DataSet:
    """Return `one` with the covariates of the period `ahead` after each in the place of its own."""
    covariates = one.table.covariates
    moved = (*covariates[ahead:], *[()] * ahead)
    return DataSet(one.name, replace(one.table, covariates=moved), one.configuration)


def peers_told(one: DataSet, asking: Asking) -> None:
    """Ask LightGBM, so that it is kept."""
    for ahead in one.configuration.horizons:
        lightgbm_told(one, with_weather_of_target(one, ahead), ahead, asking)


def figures(one: DataSet, asking: Asking) -> Iterator[Figure]:
    """Yield the errors of both, without limits."""
    for ahead in one.configuration.horizons:
        told = with_weather_of_target(one, ahead)
        ours = protocol.ask(DEFAULT, told.table, told.configuration, quiet)
        peer = lightgbm_told(one, told, ahead, asking)
        mine = losses.absolute(told, ours, ahead, by_median=True)
        theirs = losses.absolute(told, peer, ahead, by_median=True)
        for who, own in (("ours", mine), ("LightGBM", theirs)):
            name = f"{one.name}: apart, with perfect weather: MAE +{ahead}: {who}"
            yield Figure(name, float(np.nanmean(own)), "units")
