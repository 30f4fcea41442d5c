"""The decoded state of a forecaster of an older version in, that of today's out; nothing learnt is lost.

One step a version, so that any older state comes up in the end. Fields keep their meaning, only their layout changes.
"""

from array import array
from collections.abc import Callable
from typing import Any

from online_models.plan import RING
from online_models.quantiles import UNFILLED
from online_models.season import SEEN_MAX

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


_STEPS: dict[int, Callable[[State], State]] = {2: _arrays_for_names, 3: _as_it_was}
