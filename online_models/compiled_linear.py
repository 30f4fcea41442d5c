"""Features and a target in, a weighted sum out: `online_models.linear.Linear` without River's objects, bit for bit.

Of the 50 us that River's learn_one costs a series nearly all are dictionaries and calls. The default learns with
this one; `river-linear` learns with River's own, and a test holds the two together, number for number.
"""

import functools
from array import array

from online_models.linear import Features, Linear
from online_models.linear_loops import learn


class CompiledLinear(Linear):
    """What `Linear` is; a state of either is the other's too.

    >>> model = CompiledLinear()
    >>> for _ in range(2000):
    ...     model.learn({"x": 1.0}, 3.0)
    ...     model.learn({"x": -1.0}, -3.0)
    >>> round(model.predict({"x": 1.0}), 1)
    3.0
    """

    __slots__ = ()

    def learn(self, features: Features, target: float) -> None:
        """Learn one example; the target is in units of its own running scale, so about 1 in size."""
        names = tuple(features)
        if names != self._names:
            self._grow(features)
        places = _places(names, self._names)
        self._intercept = learn(self._learnt, places, array("d", features.values()), target, self._intercept)


@functools.lru_cache(maxsize=1024)
def _places(wanted: tuple[str, ...], names: tuple[str, ...]) -> "array[int]":
    """Return where each of `wanted` stands among `names`."""
    return array("q", [names.index(name) for name in wanted])
