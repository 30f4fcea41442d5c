"""One step of River's StandardScaler | LinearRegression, number for number; see `online_models.compiled_linear`."""

from array import array

from online_models.linear import GRADIENT_MAX, LEARNING_RATE, SCALED_MAX, SHRINKAGE


def learn(
    learnt: "array[float]",
    places: "array[int]",
    values: "array[float]",
    target: float,
    start: float,
) -> float:
    """Learn one example, moving `learnt` on, and return the new intercept; `start` is the one before.

    learnt: examples, means, variances and weights, a row each; places: of each feature in a row
    values: of the features
    """
    size, count = len(learnt) // 4, len(places)
    scaled, energy = array("d", bytes(8 * count)), 0.0
    for one in range(count):
        scaled[one] = _scaled(learnt, size, places[one], values[one])
        energy += scaled[one] * scaled[one]
    predicted = 0.0
    for one in range(count):
        predicted += learnt[3 * size + places[one]] * scaled[one]
    gradient = 2.0 * (predicted + start - target) * (1.0 / max(1.0, energy / max(count, 1)))
    gradient = min(max(gradient, -GRADIENT_MAX), GRADIENT_MAX)
    total = intercept = start - LEARNING_RATE * gradient
    for one in range(count):
        place = 3 * size + places[one]
        learnt[place] -= LEARNING_RATE * (scaled[one] * gradient + SHRINKAGE * learnt[place])
    for place in range(3 * size, 4 * size):
        total += learnt[place]
    if total - total == 0.0:  # finite
        return intercept
    for place in range(3 * size, 4 * size):
        learnt[place] = 0.0
    return 0.0


def _scaled(learnt: "array[float]", size: int, place: int, value: float) -> float:
    """Let the scaler learn a feature's value and return it in standard deviations from its mean, bounded."""
    learnt[place] += 1.0
    before = learnt[size + place]
    learnt[size + place] += (value - before) / learnt[place]
    spread = (value - before) * (value - learnt[size + place])
    learnt[2 * size + place] += (spread - learnt[2 * size + place]) / learnt[place]
    if learnt[2 * size + place] == 0.0:
        return 0.0
    scaled: float = (value - learnt[size + place]) / learnt[2 * size + place] ** 0.5
    return min(max(scaled, -SCALED_MAX), SCALED_MAX)
