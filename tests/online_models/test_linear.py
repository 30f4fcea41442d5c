"""The bounded linear regression is River's, and its state comes back bit for bit."""

import math
from array import array
from typing import Any

import numpy as np
import pytest
from river import linear_model, optim, preprocessing

from online_models import linear
from online_models.linear import Linear, added
from online_models.river_linear_loops import summed

NAMES = ("base", "miss_1", "x:rain")


def _examples(count: int, spread: float = 1.0) -> list[tuple[dict[str, float], float]]:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(count):
        features = {name: float(value) for name, value in zip(NAMES, rng.normal(0, spread, 3), strict=True)}
        found.append((features, 0.8 * features["miss_1"] / spread + float(rng.normal(0, 0.1))))
    return found


def test_within_the_bounds_it_is_rivers_pipeline() -> None:
    """On calm features it predicts what `StandardScaler | LinearRegression` does, taught with the same weights."""
    model = Linear()
    pipeline: Any = preprocessing.StandardScaler() | linear_model.LinearRegression(
        optimizer=optim.SGD(linear.LEARNING_RATE), intercept_lr=linear.LEARNING_RATE, l2=linear.SHRINKAGE
    )
    for features, target in _examples(400):
        model.learn(features, target)
        pipeline["StandardScaler"].learn_one(features)
        scaled = pipeline["StandardScaler"].transform_one(features)
        energy = sum(value * value for value in scaled.values())
        pipeline["LinearRegression"].learn_one(scaled, target, w=1.0 / max(1.0, energy / len(scaled)))

        assert model.predict(features) == pipeline.predict_one(features)


def test_terms_add_up_to_the_prediction() -> None:
    """What each feature adds sums to River's predict_one to 1e-12, with features missing and beyond the bounds too."""
    model = Linear()
    for features, target in _examples(400):
        model.learn(features, target)
    for features in ({"base": 0.3, "miss_1": -40.0, "x:rain": 1e9}, {"miss_1": 0.2}, {}):
        places = array("q", [model.names.index(name) for name in features])
        total = model.intercept + summed(model.learnt, places, array("d", features.values()))

        assert total == pytest.approx(model.predict(features), rel=1e-12, abs=1e-12)


def test_a_constant_feature_adds_nothing() -> None:
    """Where River would scale to 0, the term is 0."""
    assert added((3.0, 1.0, 0.0), 5.0) == 0.0


def test_it_learns() -> None:
    """After 4,000 examples nine tenths of the explained error are gone."""
    model = Linear()
    examples = _examples(4000)
    for features, target in examples:
        model.learn(features, target)
    left = np.mean([(target - model.predict(features)) ** 2 for features, target in examples[-500:]])
    before = np.mean([target**2 for _, target in examples[-500:]])

    assert left < 0.1 * before


def test_wild_features_do_not_make_it_diverge() -> None:
    """A feature that was constant and then jumps by twelve orders of magnitude leaves small, finite weights."""
    model = Linear()
    for place in range(2000):
        wild = 1e12 if place % 97 == 50 else 1.0 + 1e-9 * (place % 2)
        model.learn({"base": wild, "miss_1": -wild}, 1e6 if place % 89 == 3 else 0.5)

    assert math.isfinite(model.predict({"base": 1e12, "miss_1": 1e12}))
    assert abs(model.predict({"base": 1.0, "miss_1": 1.0})) < 100.0


def test_weights_that_are_not_finite_start_again() -> None:
    """A target that is no number costs the weights, never the series."""
    model = Linear()
    for features, target in _examples(50):
        model.learn(features, target)
    model.learn({"base": 1.0, "miss_1": 1.0, "x:rain": 1.0}, math.nan)

    assert model.predict({"base": 1.0}) == 0.0


def test_restored_it_learns_and_predicts_alike() -> None:
    """State, restore, and 500 more examples: every prediction is the same to the last bit."""
    model, copy = Linear(), Linear()
    examples = _examples(800)
    for features, target in examples[:300]:
        model.learn(features, target)
    copy.restore(model.state())
    for features, target in examples[300:]:
        model.learn(features, target)
        copy.learn(features, target)

        assert copy.predict(features) == model.predict(features)
    assert copy.state() == model.state()
