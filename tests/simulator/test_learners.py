"""Every algorithm learns, can be stopped and gone on with, and ends when it learns no more."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra `train`")

import torch
from stable_baselines3.common.logger import Logger, configure

from policies.errors import PolicyFileError
from policies.inventory.capped_base_stock import CappedBaseStock
from simulator.inventory.known import Known
from simulator.inventory.patterns import Pattern
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting
from simulator.training.algorithms import ALGORITHMS, Trainee
from simulator.training.checkpoints import Checkpoint, load, save
from simulator.training.course import Course, Pace
from simulator.training.held_out import HeldOut
from simulator.training.kept_state import module_arrays
from simulator.training.start import Start
from simulator.training.watch import Progress, Standing, Watch

# A rule that orders far too little: what to learn is plain, and seconds are enough.
POOR = CappedBaseStock(0.3, 0.8)
TINY = Setting(worlds=16, items=1, periods=48, history_periods=35)
SEASON = 16 * 48
LUMPY = Setting(
    items=1,
    periods=48,
    history_periods=35,
    demand=Pattern("poisson", 5.0),
    trade=Terms(1, order_cost=3.0),
    forecasts=Known(),
)
STEPS = {"improvement": 2_000_000, "pathwise": 120 * SEASON, "ppo": 24 * SEASON, "sac": 8 * SEASON}
SHORT = dict.fromkeys(STEPS, 4 * SEASON) | {"improvement": 800_000, "pathwise": 16 * SEASON}
KEY = b"k" * 32
Judge = Callable[[torch.nn.Module], float]


def watched(
    course: Course, judge: Judge, kept: list[Checkpoint] | None = None, logger: Logger | None = None
) -> tuple[Trainee, Watch, list[Progress]]:
    """Return a learner, who watches it, and what was told."""
    told: list[Progress] = []
    keep = (lambda _: None) if kept is None else kept.append
    silent = logger or Logger(folder=None, output_formats=[])
    watch = Watch(course, Pace(course, lambda: 0.0), judge, tell=told.append, keep=keep, logger=silent)
    torch.set_num_threads(1)
    start = Start(course, watch.pace, (kind_of(course.algorithm),), POOR, POOR)
    return ALGORITHMS[course.algorithm].begin(start), watch, told


def kind_of(algorithm: str) -> Setting:
    """Return worlds that the algorithm is for."""
    return LUMPY if algorithm == "improvement" else TINY


def weight_sum(actor: torch.nn.Module) -> float:
    """Return a number that tells two networks apart; a cheap stand-in for a judge."""
    return float(sum(np.abs(values).sum() for values in module_arrays(actor).values()))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithm_learns_something(algorithm: str):
    """From a poor rule every algorithm finds a far better policy within seconds."""
    course = Course(algorithm, steps=STEPS[algorithm], seed=2, rows=16, evaluations=4, patience=0)
    judge = HeldOut(replace(kind_of(algorithm), worlds=16, items=4), 60_002, POOR, POOR, ALGORITHMS[algorithm].head)
    learner, watch, told = watched(course, judge.cost_ratio)
    before = judge.cost_ratio(learner.actor())
    learner.learn(course, watch)
    watch.end(learner)

    assert before == pytest.approx(1.0, abs=0.05)
    assert watch.standing.best_cost_ratio < 0.93
    assert judge.cost_ratio(learner.actor()) == pytest.approx(watch.standing.best_cost_ratio, rel=1e-6)
    assert len(told) == 4
    assert told[-1].done_ratio == 1.0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_resumed_is_as_good_as_never_interrupted(algorithm: str, tmp_path: Path):
    """Stopped after a checkpoint and gone on with from the file: the same weights, bit for bit."""
    course = Course(algorithm, steps=SHORT[algorithm], seed=5, rows=16, evaluations=4, patience=0)
    kept: list[Checkpoint] = []
    whole, watch, _ = watched(course, weight_sum, kept)
    whole.learn(course, watch)
    save(tmp_path / "two", kept[-2], KEY)
    again, second, told = watched(course, weight_sum)
    found = load(tmp_path / "two", KEY)
    second.resume(found)
    again.restore(found)
    again.learn(course, second)

    assert again.steps == whole.steps
    assert len(told) == 1  # from the last checkpoint but one to the last; the final evaluation is for the end
    assert second.standing == watch.standing
    for name, values in module_arrays(whole.actor()).items():
        np.testing.assert_array_equal(values, module_arrays(again.actor())[name])


def test_learning_stops_when_nothing_better_comes():
    """Two evaluations without a better one are the end; the best network is what remains."""
    course = Course("ppo", steps=40 * SEASON, seed=2, rows=16, evaluations=40, patience=2)
    costs = iter([0.95, 0.9, 0.91, 0.92, 0.5])
    seen: list[dict[str, np.ndarray]] = []

    def judge(actor: torch.nn.Module) -> float:
        seen.append(module_arrays(actor))
        return next(costs)

    learner, watch, told = watched(course, judge)
    learner.learn(course, watch)
    watch.end(learner)

    assert watch.tired
    assert [progress.cost_ratio for progress in told] == [0.95, 0.9, 0.91, 0.92]
    assert watch.standing == Standing(4, 0.9, told[1].steps, 2, 0.92)
    for name, values in module_arrays(learner.actor()).items():
        np.testing.assert_array_equal(values, seen[1][name])


def test_a_budget_ends_learning():
    """CPU seconds, as the clock tells them, end a course of any number of steps."""
    course = Course("ppo", steps=10**9, budget_s=6.0, seed=2, rows=16, evaluations=6, patience=0)
    learner, watch, told = watched(course, weight_sum)
    ticking = iter(range(10_000))
    watch.pace = Pace(course, lambda: float(next(ticking)))
    learner.learn(course, watch)

    assert 1 <= len(told) <= 6
    assert learner.steps < 20 * SEASON


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_figures_for_tensorboard_are_written(algorithm: str, tmp_path: Path):
    """An event file appears, and the evaluations are in it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    course = Course(algorithm, steps=SHORT[algorithm] // 2, seed=2, rows=16, evaluations=2, patience=0)
    logger = configure(str(tmp_path), ["tensorboard"])
    learner, watch, told = watched(course, weight_sum, logger=logger)
    learner.learn(course, watch)
    logger.close()
    figures = EventAccumulator(str(tmp_path))
    figures.Reload()

    values = [event.value for event in figures.Scalars("held_out/cost_ratio")]
    assert values == pytest.approx([progress.cost_ratio for progress in told])


def test_a_checkpoint_of_another_course_is_refused():
    """Going on with other options would be neither training."""
    from simulator.training.inventory import _require_same  # noqa: PLC0415

    with pytest.raises(PolicyFileError, match="another course"):
        _require_same({"course": "seed=2"}, Checkpoint({"course": "seed=1"}, {}))
