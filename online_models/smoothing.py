"""A series in, its smoothed level times its weekly profile out: simple exponential smoothing that knows weekdays."""

from collections.abc import Sequence
from typing import Any

from online_models.base import Covariates
from online_models.season import Season
from online_models.surprise import Surprise


class Smoothing:
    """The mean is what the slot's profile says, times how demand of late ran against the profile."""

    __slots__ = ("_season", "_surprise")

    def __init__(self, slots_per_week: int) -> None:
        self._season = Season(slots_per_week)
        self._surprise = Surprise()

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Learn the next period and return what of it was believed; a missing one changes nothing."""
        del said, covariates
        if value is None:
            return 0.0
        base = self._season.at(slot_of_week) * self._season.ratio
        believed = base + self._surprise.believed(value - base)
        self._season.learn(slot_of_week, believed)
        return believed

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return level times profile, or None in the first days."""
        if not self._season.ready:
            return None
        ratio = self._season.ratio
        return [ratio * value for value in self._season.profile(slots_of_week)]

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return self._season.state(), self._surprise.state()

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        season, surprise = state
        self._season.restore(season)
        self._surprise.restore(surprise)
