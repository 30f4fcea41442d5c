"""A pool's period in, everything its season regression holds moved; later slots in, their means out: one call each.

See `online_models.season_regression`. The loops are those of its parts, in modules of their own.
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s, Places64
from online_models.regression_loops import Weights
from online_models.residual_loops import Residuals
from online_models.season_layout import BASE, SCALE, TOLD
from online_models.season_loops import Profiles

Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]

NAN = float("nan")


class Steps:
    """The arrays and parts of a pool's season regression, held as C sees them.

    firsts: place of each knot's ring in `made_from`; holidays: ring of the last day; ready: (series,) 1 or 0
    made_from, said: see `paths`; targets: (knots, periods, series) scales, of the periods not learnt yet
    """

    def __init__(
        self,
        profiles: Profiles,
        residuals: Residuals,
        weights: Weights,
        knots: Places64,
        firsts: Places64,
        holidays: Bytes,
        ready: Float64s,
        made_from: Float32s,
        said: Float32s,
        targets: Float64s,
    ) -> None:
        self.profiles, self.residuals, self.weights = profiles, residuals, weights
        self.knots, self.firsts, self.holidays, self.ready = knots, firsts, holidays, ready
        self.made_from, self.said, self.targets = made_from, said, targets
        self.met = np.zeros((targets.shape[0], targets.shape[2]))
        self.slots = np.zeros(1, np.intp)  # of the period that comes, and what was known of it
        self.told = np.zeros((1, targets.shape[2], TOLD))

    def learn(self, values: Float64s, slot: int, is_holiday: int, is_rest: int, periods: int) -> None:
        """Learn a period, (series,) units, NaN is missing; so many periods came before it."""
        self.weights.meet(values, self.said, periods, self.met)
        place = periods % self.targets.shape[1]
        for knot in range(self.met.shape[0]):
            for one in range(self.met.shape[1]):
                self.targets[knot, place, one] = self.met[knot, one]
        self.slots[0] = slot
        self.profiles.tell(self.slots, self.told)
        self.residuals.remember(values, self.told, self.ready, periods)
        self.profiles.learn(values, slot, is_rest)
        self.profiles.ready(self.ready)
        self.forget(periods % self.said.shape[0])
        self.holidays[periods % self.holidays.shape[0]] = is_holiday

    def forget(self, place: int) -> None:
        """Let nothing be said after the period whose place this is."""
        for knot in range(self.said.shape[1]):
            for one in range(self.said.shape[2]):
                for number in range(self.said.shape[3]):
                    self.said[place, knot, one, number] = NAN

    def describe(
        self,
        periods: int,
        slots: Places64,
        is_holiday: Places64,
        observed: Float64s,
        holidays: Places64,
        told: Float64s,
        inputs: Float64s,
    ) -> None:
        """Write what is known of later slots: `told` (slots, series, TOLD) and `inputs` (slots, series, inputs).

        is_holiday: (slots,) 1 or 0, of `slots`; observed: (covariates,) in standard deviations; holidays: (slots, 3)
        is written for the two
        """
        self.look_around(periods, is_holiday, holidays)
        self.profiles.tell(slots, told)
        self.residuals.describe(periods, slots, holidays, told, self.profiles.numbers, observed, inputs)

    def look_around(self, periods: int, is_holiday: Places64, holidays: Places64) -> None:
        """Write of each later slot whether it, the day before and the day after are holidays; beyond them, none is."""
        day, steps = self.holidays.shape[0], is_holiday.shape[0]
        for step in range(steps):
            holidays[step, 0] = is_holiday[step]
            holidays[step, 1] = is_holiday[step - day] if step >= day else self.holidays[(periods + step) % day]
            holidays[step, 2] = is_holiday[step + day] if step + day < steps else 0

    def paths(
        self,
        made: int,
        inputs: Float64s,
        told: Float64s,
        near: Places64,
        far: Places64,
        way: Float64s,
        added: Float64s,
        path: Float64s,
    ) -> None:
        """Write the means `path` (series, slots) units, NaN of a series that is not ready; `added` (slots, series).

        After `made` periods, or below 0: nothing is to be kept. near, far, way: see `regression_loops.say`
        """
        self.weights.say(inputs, near, far, way, added)
        _add(told, added, self.ready, path)
        if made >= 0:
            _keep(inputs, told, added, self.ready, self.knots, self.firsts, made, self.made_from, self.said)


def _keep(
    inputs: Float64s,
    told: Float64s,
    added: Float64s,
    ready: Float64s,
    knots: Places64,
    firsts: Places64,
    made: int,
    made_from: Float32s,
    said: Float32s,
) -> None:
    """Keep what was said after `made` periods of each knot, and from what, until its actual comes.

    inputs (steps, series, inputs), told (steps, series, TOLD) and added (steps, series) are kept in `made_from`
    (places, series, inputs), each knot's ring between its place in `firsts` and the next, and in `said`, see
    `regression_loops.meet`.
    """
    place = made % said.shape[0]
    for knot in range(knots.shape[0]):
        step = knots[knot] - 1
        if step >= inputs.shape[0]:
            continue
        row = firsts[knot] + made % (firsts[knot + 1] - firsts[knot])
        for one in range(inputs.shape[1]):
            for column in range(inputs.shape[2]):
                made_from[row, one, column] = inputs[step, one, column]
            said[place, knot, one, 0] = told[step, one, BASE]
            said[place, knot, one, 1] = told[step, one, SCALE]
            said[place, knot, one, 2] = added[step, one] if ready[one] > 0.0 else NAN


def _add(told: Float64s, added: Float64s, ready: Float64s, paths: Float64s) -> None:
    """Write profile and what is added to it, (series, steps) units; NaN of a series that is not ready."""
    for one in range(paths.shape[0]):
        for step in range(paths.shape[1]):
            mean = told[step, one, BASE] + told[step, one, SCALE] * added[step, one]
            paths[one, step] = mean if ready[one] > 0.0 else NAN
