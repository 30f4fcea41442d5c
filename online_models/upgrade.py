"""The decoded state of a forecaster of an older version in, that of today's out; nothing learnt is lost.

One step a version, so that any older state comes up in the end. Fields keep their meaning, only their layout changes.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from online_models.mixture import KNOTS_MAX
from online_models.plan import RING, knots_of
from online_models.quantiles import UNFILLED
from online_models.season import SEEN_MAX
from online_models.snarimax import Snarimax

State = dict[str, Any]


def upgraded(kept: State, version: int) -> State:
    """Return `kept` as `version` has it; raise ValueError when no step leads there."""
    while kept["version"] != version:
        step = _STEPS.get(kept["version"])
        if step is None:
            raise ValueError(f"nothing leads from version {kept['version']} of a forecaster's state to {version}")
        kept = step(kept)
    return kept


def _arrays_for_names(kept: State) -> State:
    """Return version 3 of a state of version 2, which named every field and kept a list a feature."""
    families = {"river-linear": _river_linear, "seasonal-naive": _seasonal_naive, "smoothing": _smoothing}
    slots = kept["slots"]
    return {
        "family": kept["family"],
        "version": 3,
        "shape": kept["shape"],
        "mean": families[kept["family"]](kept["mean"]),
        "residuals": _residuals(kept["residuals"]),
        "course": (
            *(kept[name] for name in ("largest", "error", "errors", "count")),
            (slots[0] - 1) % kept["shape"][0] if slots else None,
        ),
        "calibration": kept["calibration"],
    }


def _river_linear(mean: State) -> tuple[Any, ...]:
    linear = mean["linear"]
    names = [name for name, _ in linear["counts"]]
    weights = dict(linear["weights"])
    learnt = [value for row in ("counts", "means", "vars") for _, value in linear[row]]
    learnt += [weights.get(name, 0.0) for name in names]
    return (
        _season(mean["season"]),
        (names, array("d", learnt).tobytes(), linear["intercept"]),
        _surprise(mean["surprise"]),
        mean["misses"],
        mean["periods"],
        dict(mean["covariates"]) or None,
    )


def _smoothing(mean: State) -> tuple[Any, ...]:
    return _season(mean["season"]), _surprise(mean["surprise"])


def _seasonal_naive(mean: State) -> tuple[Any, ...]:
    return (mean["last"],)


def _season(season: State) -> tuple[Any, ...]:
    seen = bytes(min(count, SEEN_MAX) for count in season["seen"])
    return season["profile"], seen, season["count"], season["demand"], season["expected"]


def _surprise(surprise: State) -> tuple[Any, ...]:
    return surprise["scale"], surprise["count"], surprise["run"]


def _residuals(residuals: State) -> tuple[Any, ...]:
    rings = array("f")
    for ring in residuals["rings"]:
        filled = array("f", ring)
        rings += filled + array("f", [UNFILLED]) * (RING - len(filled))
    return (
        b"".join(residuals["waiting"]),
        rings.tobytes(),
        residuals["counts"],
        residuals["actuals"],
        bytes(residuals["bounds_only"]),
        residuals["periods"],
    )


def _as_it_was(kept: State) -> State:
    """Return version 4 of a state of version 3: only forecasters of whole pools changed their layout."""
    return kept | {"version": 4}


def _snarimax_in_the_mixture(kept: State) -> State:
    """Return version 5 of a state of version 4: `snarimax` is a model of the mixture, and keeps half of each matrix."""
    change = {"mixture": _one_model_more, "snarimax": _lower_half}.get(kept["family"])
    return kept | {"version": 5} | ({"means": change(kept["shape"], kept["means"])} if change else {})


def _one_model_more(shape: Sequence[Any], means: Sequence[Any]) -> tuple[Any, ...]:
    """Return a mixture's means with a `snarimax` that begins anew: it is silent until it knows enough."""
    slots_per_week, horizon_periods, lead_periods = shape
    series, reach = len(lead_periods), max(horizon_periods, *lead_periods)
    experts, said, (regret, square, *rest), periods = means
    knots = len(knots_of(reach, KNOTS_MAX))
    before = np.frombuffer(said, np.float32).reshape(-1, len(experts) + 1, knots, series)
    room = np.full((len(before), 1, knots, series), np.nan, np.float32)
    told = np.concatenate([before[:, :-1], room, before[:, -1:]], axis=1)  # the mixture's own stands last
    nothing = np.zeros((knots, series)).tobytes()
    new = Snarimax(series, slots_per_week, reach).state()
    return [*experts, new], told.tobytes(), [regret + nothing, square + nothing, *rest], periods


def _lower_half(shape: Sequence[Any], means: Sequence[Any]) -> tuple[Any, ...]:
    """Return the means of a `snarimax` that had room for eight covariates and whole matrices."""
    series = len(shape[2])
    *kept, information, moments, weights, observed, known, periods, names = means
    rows = [np.frombuffer(one).reshape(series, -1) for one in (moments, weights)]
    size = rows[0].shape[1]
    used = size - len(np.frombuffer(known)) + names
    lower = np.frombuffer(information).reshape(series, size, size)[:, *np.tril_indices(used)]
    arrays = [lower, *(one[:, :used] for one in rows), np.frombuffer(known)[:names]]
    packed = [np.ascontiguousarray(one).tobytes() for one in arrays]
    return *kept, *packed[:3], observed, packed[3], periods


_STEPS: dict[int, Callable[[State], State]] = {2: _arrays_for_names, 3: _as_it_was, 4: _snarimax_in_the_mixture}
