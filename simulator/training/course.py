"""What is asked of a training in: kind, length and chance; what is left of it out, told by steps or CPU time."""

from collections.abc import Callable
from dataclasses import dataclass

STEPS_MAX = 10**12  # what a course of a budget may take: the budget ends it


@dataclass(frozen=True, slots=True)
class Course:
    """How, how long and from which chance to learn; the same course learns the same on the same machine."""

    algorithm: str
    steps: int  # item-periods
    budget_s: float | None = None  # CPU seconds, after which learning ends; None: steps alone
    seed: int = 1
    rows: int = 512  # items learnt from at once
    evaluations: int = 20  # on held-out worlds on the way, evenly spread
    patience: int = 8  # evaluations in a row without a better one after which learning stops; 0: never


class Pace:
    """How much of a course is left. With a budget it depends on the machine, without one on the steps alone."""

    def __init__(self, course: Course, cpu_s: Callable[[], float], spent_s: float = 0.0) -> None:
        """Start the clock `cpu_s`; `spent_s` was spent before an interruption."""
        self._course = course
        self._cpu_s = cpu_s
        self._start_s = cpu_s() - spent_s

    @property
    def spent_s(self) -> float:
        """Return the CPU seconds learnt so far, over all interruptions."""
        return self._cpu_s() - self._start_s

    def remaining_ratio(self, steps: int) -> float:
        """Return what is left after `steps`, from 1 down to 0.

        >>> Pace(Course("ppo", steps=100, budget_s=8.0), cpu_s=lambda: 6.0, spent_s=6.0).remaining_ratio(10)
        0.25
        """
        return self._left(1.0 - steps / self._course.steps)

    def rate(self, first: float, last: float) -> Callable[[float], float]:
        """Return a learning rate that falls from `first` to `last`, given what is left by steps alone."""
        return lambda by_steps: last + (first - last) * self._left(by_steps)

    def _left(self, by_steps: float) -> float:
        budget_s = self._course.budget_s
        by_time = 1.0 if budget_s is None else 1.0 - self.spent_s / budget_s
        return max(0.0, min(by_steps, by_time))  # the last rollout may go past the end
