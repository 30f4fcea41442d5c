"""A short real training of the streaming policy: it earns more, is the same again, and is served as torch answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from policies.inventory import streaming_files
from policies.inventory.streaming import AGES, Terms
from simulator.inventory.outstanding import LOST, arriving, nothing, profit, step
from simulator.training.streaming import Course, score, train
from simulator.training.streaming_network import HIDDEN, Member, Remember
from simulator.training.streaming_policy import train_streaming
from simulator.training.streaming_worlds import KNOWN_PERIODS, USUAL_LAWS, batch, draw

SHORT = Course(steps=25, items=96, members=1, seed=3)


@pytest.fixture(scope="module")
def trained() -> torch.nn.ModuleList:
    """Train for a moment."""
    return train(SHORT, lambda _: None)


def test_learning_earns_more_than_where_it_began(trained: torch.nn.ModuleList):
    """On worlds that neither has seen, a few steps are already worth something."""
    torch.manual_seed(3)
    worlds = draw(np.random.default_rng(99), 300, 40)
    with torch.no_grad():
        before, after = (score(one, worlds).clamp(min=0.0).mean().item() for one in (Member(), trained[0]))

    assert after > before + 0.01


def test_the_same_course_gives_the_same_network(trained: torch.nn.ModuleList):
    """Everything random comes from the seed."""
    for one, other in zip(trained.parameters(), train(SHORT, lambda _: None).parameters(), strict=True):
        assert torch.equal(one, other)


def test_one_step_at_a_time_remembers_what_the_whole_sequence_does(trained: torch.nn.ModuleList):
    """The served half takes periods one by one and ends where torch's own recurrent layer does."""
    worlds = draw(np.random.default_rng(5), 30, 20)
    held = torch.zeros(len(worlds.seen), HIDDEN)
    with torch.no_grad():
        expected, _ = trained[0].memory(worlds.seen)
        for period in range(worlds.seen.shape[1]):
            held = Remember(trained)(worlds.seen[:, period], held)

    torch.testing.assert_close(held, expected[:, -1], atol=1e-5, rtol=0)


def test_the_written_policy_earns_what_training_says(tmp_path: Path):
    """Trained, exported, loaded by digest and played period by period without torch: the same but for whole units."""
    said: list[str] = []
    digest = train_streaming(replace(SHORT, steps=2, members=2), tmp_path, said.append)
    policy = streaming_files.load(tmp_path, digest)
    rng = np.random.default_rng(8)
    demand, law = rng.poisson(800.0, (60, KNOWN_PERIODS + 30)).astype(float), np.tile(USUAL_LAWS[2], (60, 1))
    terms, lead_time = Terms(np.full(60, 4.0), np.ones(60), law), rng.choice([1, 2, 3, LOST], (60, 30))
    remembered, stock, earned = policy.begin(60), nothing(60, AGES), np.zeros(60)
    for known in demand[:, :KNOWN_PERIODS].T:
        remembered = policy.learn(remembered, known)
    for period, asked in enumerate(demand[:, KNOWN_PERIODS:].T):
        order = policy.decide(remembered, terms, stock.on_hand, stock.outstanding)
        stock, sold = step(stock, order, asked, arriving(lead_time, period, AGES + 1))
        earned += profit(stock, sold, terms.unit_profit, terms.holding_cost)
        remembered = policy.learn(remembered, asked)
    found = earned / (4.0 * demand[:, KNOWN_PERIODS:].sum(axis=1))

    members = train(replace(SHORT, steps=2, members=2), said.append)
    with torch.no_grad():
        order = _mean_of(members, batch(demand, terms, lead_time))
    np.testing.assert_allclose(found, order, atol=2e-3)
    assert any("sha256" in line for line in said)


def _mean_of(members: torch.nn.ModuleList, worlds: object) -> np.ndarray:
    """Return the scores of the members' mean order, by the lines that train."""

    class Mean(torch.nn.Module):
        def know(self, seen: torch.Tensor) -> torch.Tensor:
            return torch.cat([one.know(seen) for one in members], -1)

        def order(self, known: torch.Tensor, terms: torch.Tensor, stock: torch.Tensor) -> torch.Tensor:
            parts = known.chunk(len(members), -1)
            orders = [one.order(part, terms, stock) for one, part in zip(members, parts, strict=True)]
            return torch.stack(orders, -1).mean(-1)

    return score(Mean(), worlds).numpy()
