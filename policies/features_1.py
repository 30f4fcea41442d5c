"""An observation in, what networks of features version 1 see of it out: (n, FEATURES) float32 without units.

Kept so that what was trained on it stays served; nothing new is trained on it. See `policies.features` for today's.
"""

import numpy as np

from online_models.base import QUANTILE_LEVELS
from policies.inventory.base_stock import (
    UNITS_MIN,
    Float64s,
    critical_ratio,
    mean_period_units,
    position_units,
    target_units,
)
from policies.observation import Float32s, Observation

VERSION = 1

PERIODS = 8  # of the pipeline and the forecast that the network sees
RATIO_MAX = 30.0  # a ratio above it says no more than "very many"

NAMES: tuple[str, ...] = (
    "on_hand",
    *(f"arrives_in_{k + 1}" for k in range(PERIODS)),
    *(f"mean_in_{k}" for k in range(PERIODS)),
    *(f"lead_quantile_{level:g}" for level in QUANTILE_LEVELS),
    "next_median",
    "next_quantile_0.95",
    "target",
    "missing",
    "logit_critical_ratio",
    "lead_time",
    "log_scale",
)


def compute(observation: Observation) -> Float32s:
    """Return (n, len(NAMES)) features; finite for any observation."""
    scale = mean_period_units(observation)[:, np.newaxis]
    lead = observation.lead_time_periods.astype(np.float64)[:, np.newaxis]
    target, position = target_units(observation), position_units(observation)
    ratio = critical_ratio(observation.lost_sale_cost.astype(np.float64), observation.holding_cost.astype(np.float64))
    odds = np.clip(ratio, 0.01, 0.999)
    next_quantiles = observation.demand_quantile_units[:, 0, :].astype(np.float64)
    columns = (
        _squashed(observation.on_hand_units.astype(np.float64)[:, np.newaxis] / scale),
        _squashed(_pipeline_columns(observation.pipeline_units.astype(np.float64)) / scale),
        _squashed(_mean_columns(observation.demand_mean_units.astype(np.float64)) / scale),
        _squashed(observation.lead_demand_quantile_units.astype(np.float64) / (scale * (lead + 1))),
        _squashed(next_quantiles[:, [QUANTILE_LEVELS.index(0.5), QUANTILE_LEVELS.index(0.95)]] / scale),
        _squashed(target[:, np.newaxis] / (scale * (lead + 1))),
        np.clip((target - position)[:, np.newaxis] / np.maximum(target, UNITS_MIN)[:, np.newaxis], -3.0, 1.0),
        np.log(odds / (1.0 - odds))[:, np.newaxis] / 4.0,
        lead / PERIODS,
        np.clip(np.log10(scale), -3.0, 5.0),
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def _squashed(ratio: Float64s) -> Float64s:
    """Return the logarithm of 1 + |ratio| with its sign: small ratios stay apart, huge ones stay bounded."""
    return np.asarray(np.sign(ratio) * np.log1p(np.minimum(np.abs(ratio), RATIO_MAX)), dtype=np.float64)


def _pipeline_columns(pipeline: Float64s) -> Float64s:
    """Return (n, PERIODS): zeros where the pipeline is shorter, everything later in the last column."""
    result = np.zeros((pipeline.shape[0], PERIODS))
    kept = min(pipeline.shape[1], PERIODS)
    result[:, :kept] = pipeline[:, :kept]
    result[:, -1] += pipeline[:, PERIODS:].sum(axis=1)
    return result


def _mean_columns(mean: Float64s) -> Float64s:
    """Return (n, PERIODS): the average of the horizon where it is shorter, the first periods where it is longer."""
    result = np.repeat(mean.mean(axis=1, keepdims=True), PERIODS, axis=1)
    kept = min(mean.shape[1], PERIODS)
    result[:, :kept] = mean[:, :kept]
    return result
