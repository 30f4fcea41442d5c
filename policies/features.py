"""An observation in, what a network sees of it out: (n, FEATURES) float32 without units, equal in training and live.

Everything in units is divided by the forecast mean of a period over the protection interval, so that one network
serves items that sell one a day and items that sell two hundred. What depends on the stock comes first; gradients
flow through it on torch. The rest, the prospect, depends on forecasts and costs alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from online_models.base import QUANTILE_LEVELS
from policies.inventory.base_stock import Float64s, critical_ratio, mean_period_units, target_units
from policies.observation import Float32s, Observation

Array = Any  # a numpy array or a torch tensor

VERSION = 2  # raised whenever a feature changes its meaning; a network is bound to it

PIPELINE_PERIODS = 12  # of the pipeline that the network sees apart; what arrives later is in the last one
MEAN_PERIODS = 8  # of the forecast that the network sees apart
RATIO_MAX = 30.0  # a ratio above it says no more than "very many"
LOGIT_SCALE = 4.0  # brings the logarithm of the cost ratio to about 1
NEXT_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.975)  # quantiles of the coming period that the network sees

STOCK_NAMES: tuple[str, ...] = (
    "on_hand",
    *(f"arrives_in_{k + 1}" for k in range(PIPELINE_PERIODS)),
    "missing",
)
PROSPECT_NAMES: tuple[str, ...] = (
    *(f"mean_in_{k}" for k in range(MEAN_PERIODS)),
    *(f"lead_quantile_{level:g}" for level in QUANTILE_LEVELS),
    *(f"next_quantile_{level:g}" for level in NEXT_LEVELS),
    "spread",
    "lead_spread",
    "target",
    "safety",
    "logit_critical_ratio",
    "lead_time",
    *(f"lead_time_above_{k}" for k in range(PIPELINE_PERIODS)),
    "log_scale",
    "unit",
)
NAMES = STOCK_NAMES + PROSPECT_NAMES

_NEXT = [QUANTILE_LEVELS.index(level) for level in NEXT_LEVELS]
_LOW, _HIGH = QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9)
_NORMAL_WIDTH = 2.563103  # between these quantiles of a normal law of spread 1


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to come for each item, whatever its stock is; numpy arrays or torch tensors."""

    columns: Array  # (n, len(PROSPECT_NAMES)) the features that do not depend on the stock
    scale_units: Array  # (n,) forecast mean of a period over the protection interval, above 0
    target_units: Array  # (n,) quantile of demand over that interval at the critical ratio


def compute(observation: Observation) -> Float32s:
    """Return (n, len(NAMES)) features; finite for any observation."""
    seen = np.empty((len(observation.on_hand_units), len(NAMES)), dtype=np.float32)
    ahead = _prospect_into(observation, seen[:, len(STOCK_NAMES) :])
    seen[:, : len(STOCK_NAMES)] = stock_columns(observation.on_hand_units, observation.pipeline_units, ahead)
    return seen


def stock_columns(on_hand_units: Array, pipeline_units: Array, ahead: Prospect, xp: Any = np) -> Array:
    """Return (n, len(STOCK_NAMES)): on hand (n,), the pipeline (n, columns), and what is missing to the target.

    `xp` is numpy or torch: the same lines serve both.
    """
    on_order = pipeline_units @ xp.ones(pipeline_units.shape[-1], dtype=pipeline_units.dtype)  # quicker than `sum`
    missing = ahead.target_units - on_hand_units - on_order
    together = xp.concatenate([on_hand_units[:, None], _seen_apart(pipeline_units, xp), missing[:, None]], -1)
    return xp.clip(together / ahead.scale_units[:, None], -RATIO_MAX, RATIO_MAX)


def _seen_apart(pipeline: Array, xp: Any) -> Array:
    """Return (n, PIPELINE_PERIODS): zeros where the pipeline is shorter, everything later in the last column."""
    absent = PIPELINE_PERIODS - pipeline.shape[-1]
    if absent > 0:
        return xp.concatenate([pipeline, xp.zeros((pipeline.shape[0], absent), dtype=pipeline.dtype)], -1)
    if absent == 0:
        return pipeline
    later = pipeline[:, PIPELINE_PERIODS - 1 :].sum(-1)
    return xp.concatenate([pipeline[:, : PIPELINE_PERIODS - 1], later[:, None]], -1)


def prospect(observation: Observation) -> Prospect:
    """Return what is to come, float32; its columns are finite for any observation."""
    columns = np.empty((len(observation.on_hand_units), len(PROSPECT_NAMES)), dtype=np.float32)
    return _prospect_into(observation, columns)


def _prospect_into(observation: Observation, columns: Float32s) -> Prospect:
    """Write the features that do not depend on the stock into `columns` (n, len(PROSPECT_NAMES))."""
    scale, target = mean_period_units(observation), target_units(observation)
    lead = observation.lead_time_periods.astype(np.float64)
    interval, root = scale * (lead + 1.0), scale * np.sqrt(lead + 1.0)
    nearest, total = observation.demand_quantile_units[:, 0, :], observation.lead_demand_quantile_units
    one = np.ones(1)
    parts = (
        (_mean_columns(observation.demand_mean_units), scale),
        (total, interval),
        (nearest[:, _NEXT], scale),
        (_spread(nearest), scale),
        (_spread(total), root),
        (target, interval),
        (target - interval, root),
        (_logit(observation), one),
        (lead / PIPELINE_PERIODS, one),
        (lead[:, None] > np.arange(PIPELINE_PERIODS), one),
        (np.clip(np.log10(scale), -3.0, 5.0), one),
        (1.0 / scale, one),
    )
    first = 0
    for part, by in parts:  # written where it belongs: for many items copies take longer than the arithmetic
        values = part.reshape(len(scale), -1)
        space = columns[:, first : first + values.shape[1]]
        np.multiply(values, (1.0 / by).reshape(-1, 1).astype(np.float32), out=space, casting="same_kind")
        first += values.shape[1]
    np.clip(columns, -RATIO_MAX, RATIO_MAX, out=columns)
    return Prospect(columns, scale.astype(np.float32), target.astype(np.float32))


def _mean_columns(mean: Float32s) -> Float32s:
    """Return (n, MEAN_PERIODS): the first periods, and the average of the horizon where it is shorter."""
    absent = MEAN_PERIODS - mean.shape[1]
    if absent <= 0:
        return mean[:, :MEAN_PERIODS]
    return np.concatenate([mean, np.repeat(mean.mean(axis=1, keepdims=True), absent, axis=1)], axis=1)


def _spread(quantiles: Float32s) -> Float32s:
    """Return (n,) the standard deviation of the normal law that is as wide between the quantiles 0.1 and 0.9."""
    return np.asarray((quantiles[:, _HIGH] - quantiles[:, _LOW]) / _NORMAL_WIDTH, dtype=np.float32)


def _logit(observation: Observation) -> Float64s:
    """Return (n,) log(p / h), scaled; for p / (p + h) from 0.01 to 0.999."""
    ratio = critical_ratio(observation.lost_sale_cost.astype(np.float64), observation.holding_cost.astype(np.float64))
    odds = np.clip(ratio, 0.01, 0.999)
    return np.asarray(np.log(odds / (1.0 - odds)) / LOGIT_SCALE, dtype=np.float64)
