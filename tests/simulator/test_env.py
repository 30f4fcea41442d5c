"""The environments keep Gymnasium's and Stable-Baselines3's contracts, repeat by seed, and mean the same world."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from simulator.inventory.chance import Each
from simulator.inventory.deliveries import Deliveries
from simulator.inventory.env import RULE, InventoryEnv
from simulator.inventory.known import Known
from simulator.inventory.online import Online
from simulator.inventory.patterns import Pattern
from simulator.inventory.replay import Replayed
from simulator.inventory.terms import Terms
from simulator.inventory.vector_env import InventoryVectorEnv
from simulator.inventory.world import Setting, Worlds, draw

SHORT = Setting(items=3, periods=12, history_periods=35)


WORLDS = {
    "lost sales": SHORT,
    "partial backlog": replace(SHORT, waiting_ratio=0.5),
    "backlog": replace(SHORT, waiting_ratio=1.0),
    "late and lost": replace(SHORT, deliveries=Deliveries(late_ratio=0.5, lost_ratio=0.2)),
    "regimes and terms": replace(
        SHORT,
        demand=Pattern("geometric", regime_factors=(0.5, 2.0)),
        trade=Terms((0, 3), order_cost=5.0, minimum_order_units=4.0, pack_units=3.0, capacity_units=20.0, budget=15.0),
    ),
    "known": replace(SHORT, demand=Pattern(mean_units=Each((1.0, 2.0, 30.0))), forecasts=Known()),
    "replayed, live models": replace(
        SHORT,
        demand=Replayed(np.random.default_rng(0).poisson(6, (3, 60)).astype(float)),
        forecasts=Online("seasonal-naive"),
    ),
}


@pytest.mark.filterwarnings("ignore:.*not having a spec.*")  # it is made directly, not through gymnasium.make
@pytest.mark.parametrize("name", WORLDS)
def test_gymnasium_finds_nothing_wrong(name: str):
    """Spaces, seeds, types and the shape of what step returns, in every kind of world."""
    check_env(InventoryEnv(WORLDS[name], render_mode="ansi"))


@pytest.mark.parametrize("name", WORLDS)
def test_stable_baselines_finds_nothing_wrong(name: str):
    """The same through the eyes of the library that trains on it."""
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="needs the extra `train`")
    checker.check_env(InventoryEnv(WORLDS[name], render_mode="ansi"), warn=True)


@pytest.mark.parametrize("name", WORLDS)
def test_the_vector_keeps_its_spaces_in_every_world(name: str):
    """Three worlds at once through two seasons: observations lie in the space, rewards are finite, ends are common."""
    many = InventoryVectorEnv(replace(WORLDS[name], worlds=3), relative=True)
    seen, _ = many.reset(seed=1)
    many.action_space.seed(1)
    for _ in range(2 * SHORT.periods):
        assert many.observation_space.contains(seen)
        seen, paid, ended, cut, _ = many.step(many.action_space.sample())
        assert np.isfinite(paid).all()
        assert not ended.any()
        assert cut.all() == cut.any()


def test_a_seed_repeats_a_season():
    """Observations and rewards are equal, bit for bit; another seed gives others."""

    def season(seed: int) -> np.ndarray:
        env = InventoryEnv(SHORT)
        seen, _ = env.reset(seed=seed)
        steps = [env.step(np.full(3, 0.1, np.float32)) for _ in range(12)]
        assert [step[3] for step in steps] == [False] * 11 + [True]
        return np.concatenate([seen, *(step[0] for step in steps), [step[1] for step in steps]])

    np.testing.assert_array_equal(season(4), season(4))
    assert (season(4) != season(5)).any()


def test_a_step_before_the_first_season_says_so():
    """The message names what to call."""
    with pytest.raises(ResetNeeded, match="call reset"):
        InventoryEnv(SHORT).step(np.zeros(3, np.float32))


def test_the_line_for_people_tells_stock_and_cost():
    """Rendering shows what happened."""
    env = InventoryEnv(SHORT, render_mode="ansi")
    env.reset(seed=1)
    assert "on hand" in (env.render() or "")
    env.step(np.zeros(3, np.float32))
    assert "cost" in (env.render() or "")


def test_many_worlds_step_as_one_world_does():
    """A vector of one world is the single environment: same seed, same numbers."""
    single, many = InventoryEnv(SHORT), InventoryVectorEnv(SHORT)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(single.reset(seed=3)[0], many.reset(seed=3)[0][0])
    for _ in range(11):
        action = rng.uniform(-1, 1, size=3).astype(np.float32)
        seen, paid, *_ = single.step(action)
        seen_many, paid_many, *_ = many.step(action[None])
        np.testing.assert_array_equal(seen, seen_many[0])
        assert paid == paid_many[0]


def test_ended_worlds_start_again_and_keep_their_last_look():
    """SAME_STEP autoreset: the returned observation is new, the last one of the old worlds is in the information."""
    many = InventoryVectorEnv(Setting(worlds=4, items=3, periods=5, history_periods=35))
    many.reset(seed=1)
    steps = [many.step(np.zeros((4, 3), np.float32)) for _ in range(6)]

    assert [bool(step[3].all()) for step in steps] == [False] * 4 + [True, False]
    assert [bool(step[2].any()) for step in steps] == [False] * 6
    assert steps[4][4]["final_obs"].shape == steps[4][0].shape
    assert (steps[4][4]["final_obs"] != steps[4][0]).any()


def test_the_rule_saves_nothing_against_itself():
    """The relative reward of doing what the rule does is zero, and of ordering nothing is a loss in the end."""
    many = InventoryVectorEnv(Setting(worlds=50, items=1, periods=30, history_periods=35), relative=True)
    many.reset(seed=2)
    assert all((many.step(np.zeros((50, 1), np.float32))[1] == 0).all() for _ in range(30))
    lazy = np.mean([many.step(np.full((50, 1), -1, np.float32))[1].mean() for _ in range(30)])

    assert lazy < -0.1


def test_pools_never_order_beyond_capacity_and_budget():
    """The truck and the purse are physics in this world, whatever a policy asks for."""
    scenario = draw(np.random.default_rng(8), Setting(worlds=6, items=5, periods=10, history_periods=35))
    worlds, items = Worlds(scenario), scenario.items
    for _ in range(10):
        ordered = worlds.step(np.full((6, 5), 1e6)).ordered_units
        assert (ordered.sum(axis=1) <= items.capacity_units).all()
        assert ((ordered * items.unit_cost).sum(axis=1) <= items.budget * (1 + 1e-9)).all()
    assert worlds.done


def test_the_rule_pays_less_than_extremes():
    """Costs can tell a sensible policy from none and from plenty; else nothing could be learnt."""
    scenario = draw(np.random.default_rng(9), Setting(worlds=30, items=5, periods=60))

    def paid(share: float) -> float:
        worlds = Worlds(scenario)
        orders = (RULE.decide(worlds.observation()) * share for _ in range(60))
        return sum(float(worlds.step(order.reshape(30, 5).astype(float)).cost.sum()) for order in orders)

    assert paid(1.0) < min(paid(0.0), paid(5.0))
